"""From what stands in Stripe and in The Things Stack to the objects that would stand for it.

Pure: what was read goes in, resources and a report come out. It serves two who move: one who leaves the Tenant Billing
Server (its tenants become observed objects, because their subscriptions were born in Stripe), and one who has lost the
cluster (what the operator made is known by its marks). Applying the result writes nothing outside.
"""

"""What is different where the subscription was born at the provider (product.md, "Two births": ``Observe``).

It is read and never written: the plan is the one whose price is in force, and what the spec could only bring about by
a write is refused.
"""

from collections.abc import Iterator
from dataclasses import replace

from tenant_billing.api.customers import CollectionMethod
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import PlanConflictPolicy, Renewal
from tenant_billing.domain import plan_change
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.observations import Subscription
from tenant_billing.domain.tenant_data import naming_subscription
from tenant_billing.domain.world import World


def as_sold(world: World) -> World:
    """The world with the plan in force as the offer, where the object names none."""
    subscription = naming_subscription(world)
    if not world.is_observed or subscription is None:
        return world
    return replace(world, offer=plan_change.in_force(world, subscription).offer)


def field_would_write(world: World) -> Finding | None:
    """A field asks for something that only a write to the subscription or its customer could bring about."""
    fields = ", ".join(_fields_that_write(world)) if world.is_observed else ""
    if not fields:
        return None
    return Finding(
        Reason.NOT_ALLOWED,
        f"{fields}: with managementPolicy: Observe nothing is written to the subscription or its customer; remove it.",
        Hold.PROVIDER,
    )


def _fields_that_write(world: World) -> Iterator[str]:
    spec = world.resource.spec
    if spec.customer is not None:
        yield "spec.customer"
    if spec.plan_conflict_policy is PlanConflictPolicy.ENFORCE_SPEC:
        yield "spec.planConflictPolicy: EnforceSpec"
    if spec.collection.method is CollectionMethod.INVOICE:
        yield "spec.collection.method: Invoice"
    if spec.discounts:
        yield "spec.discounts"
    if spec.renewal is not Renewal.FOLLOW_STRIPE:
        yield f"spec.renewal: {spec.renewal.value}"


def ended(world: World, subscription: Subscription) -> Finding | None:
    """The subscription has ended; whether there is another one is up to the customer."""
    tenant_id = world.key.tenant_id
    return Finding(
        Reason.SUBSCRIPTION_ENDED,
        f"Subscription {subscription.id} has ended. Once customer {subscription.customer_id} subscribes again in "
        f"Stripe with the metadata tenant-id: {tenant_id}, the tenant is approved again; else delete this object.",
        Hold.PROVIDER,
    )

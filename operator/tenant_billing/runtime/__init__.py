"""The loop's machinery: what is watched, what waits, who leads, and when to look again.

Owns: the store of watched objects, the work queue, deadlines in an account's time, the Lease, logs.
Does not own: what a pass does (``reconcilers``), what an event of Kubernetes is (``handlers``).
"""

"""What the payments say of one tenant: the rule of access, by the plan in force and what the object may ask for."""

from tenant_billing.api.billing_plan import CollectionPausedPolicy, PastDue
from tenant_billing.api.tenant_subscription import AccessPolicy
from tenant_billing.domain import access, counting
from tenant_billing.domain.access import Standing
from tenant_billing.domain.observations import Subscription
from tenant_billing.domain.permissions import is_trusted_by_cluster
from tenant_billing.domain.plan_change import InForce
from tenant_billing.domain.world import World


def standing_of(world: World, subscription: Subscription | None, current: InForce) -> Standing:
    """Judge by the plan in force, else by the one asked for; one that has ended means the same in every plan."""
    offer = current.offer or world.offer
    policy = world.resource.spec.access_policy
    if policy is AccessPolicy.KEEP_ACTIVE and not is_trusted_by_cluster(world):
        policy = AccessPolicy.FOLLOW_BILLING
    over = subscription is not None and counting.has_ended(subscription)
    if not over and (offer is None or (subscription is not None and current.finding is not None)):
        return access.under(policy, access.UNJUDGED)
    past_due = offer.plan.spec.past_due if offer else PastDue()
    paused = offer.plan.spec.collection_paused_policy if offer else CollectionPausedPolicy.KEEP_ACTIVE
    return access.judge(subscription, past_due, paused, policy, world.now)

"""Whether the plan that ``planRef`` names is still to be brought about (product.md, "Who wins on the plan").

The plan last applied stands in the subscription's metadata. While a dearer plan waits for its payment it stands there
under a key of its own, and stays when the payment is not made in time: it was asked for, and is not asked for again.
"""

from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.tenant_subscription import PlanConflictPolicy
from tenant_billing.domain.identity import claim_text_of, key_of
from tenant_billing.domain.observations import Subscription
from tenant_billing.domain.world import World


def last_applied(world: World, subscription: Subscription) -> str | None:
    """The plan last applied, or None: a successor that was born at the provider carries no mark of ours.

    What its customer chose there is a change outside, so the newest mark of the tenant's former subscriptions stands.
    """
    newest = sorted(world.subscriptions, key=lambda each: each.created, reverse=True)
    marks = (each.metadata.get(StripeMetadata.PLAN) for each in (subscription, *newest))
    return next((mark for mark in marks if mark is not None), None)


def is_new(world: World, subscription: Subscription) -> bool:
    """Whether ``planRef`` names a plan that was not applied yet."""
    wanted = world.offer
    return wanted is not None and last_applied(world, subscription) != wanted.name


def was_asked_for_payment(world: World, subscription: Subscription) -> bool:
    """Whether the plan that ``planRef`` names was asked for on condition of its payment."""
    return world.offer is not None and subscription.metadata.get(StripeMetadata.UPGRADE) == world.offer.name


def is_open(world: World, subscription: Subscription) -> bool:
    """Whether a difference in the plan is to be mended; a later change at the provider is followed."""
    if was_asked_for_payment(world, subscription):
        return False
    enforces = world.resource.spec.plan_conflict_policy is PlanConflictPolicy.ENFORCE_SPEC
    return enforces or is_new(world, subscription)


def identity_marks(world: World, subscription: Subscription) -> dict[str, str]:
    """What joins a write that is needed anyway, so that an adopted subscription is known again by its metadata.

    Another installation's marks stay. Who has taken a subscription over is written there likewise.
    """
    marked = key_of(subscription.metadata)
    if marked not in (None, world.key) or claim_text_of(subscription.metadata) == str(world.claim):
        return {}
    return world.marks()


def marks(world: World, subscription: Subscription, plan: str | None) -> dict[str, str]:
    """The marks of a write after which a plan is in force; without a plan those of identity alone."""
    identity = identity_marks(world, subscription)
    if plan is None:
        return identity
    upgrade = {StripeMetadata.UPGRADE: ""} if StripeMetadata.UPGRADE in subscription.metadata else {}
    return identity | {StripeMetadata.PLAN: plan} | upgrade


def waiting_marks(world: World, subscription: Subscription, plan: str) -> dict[str, str]:
    """The marks of a write after which a plan waits for its payment."""
    return identity_marks(world, subscription) | {StripeMetadata.UPGRADE: plan}

"""What is wrong with the prices that a plan adopts: they stand at the provider, and nothing of them is written."""

from collections.abc import Mapping, Sequence

from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.prices import ExistingPrice, LimitsFrom
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.observations import Price
from tenant_billing.domain.plan import UnreadableLimitError, limits_in, plan_of_price
from tenant_billing.domain.plan_meter import counts_nothing, problem_of_adopted
from tenant_billing.domain.plan_world import PlanWorld
from tenant_billing.domain.readiness import Finding


def archived(object_id: str) -> Finding:
    """A product or price that was taken out of sale outside: it is not activated again by us."""
    return Finding(
        Reason.PRICE_ARCHIVED,
        f"{object_id} was archived at the provider: subscribers go on, nobody new can subscribe. "
        "Activate it there, or change the amount to publish a new price",
    )


def problem_of(
    world: PlanWorld, existing: ExistingPrice, wanted: Sequence[str], prices: Mapping[str, Price]
) -> Finding | None:
    """The first thing that keeps adopted prices from being sold."""
    for price_id in wanted:
        price = prices.get(price_id)
        if price is None:
            return Finding(Reason.PRICE_NOT_FOUND, f"the account has no recurring price {price_id!r}")
        finding = _conflict(world, price) or _unusable(price, existing)
        if finding is not None:
            return finding
    current = prices[existing.price_id]
    if not current.active:
        return archived(current.id)
    return _uncounted(world, existing, [prices[each] for each in wanted])


def _uncounted(world: PlanWorld, existing: ExistingPrice, prices: Sequence[Price]) -> Finding | None:
    """What keeps the usage of adopted prices from being counted."""
    meters = {each.id: each for each in world.meters}
    judged = (problem_of_adopted(each, meters, is_current=each.id == existing.price_id) for each in prices)
    return next(filter(None, judged), None) or counts_nothing(existing, prices)


def _conflict(world: PlanWorld, price: Price) -> Finding | None:
    """A price has one plan: the older one, and never one of another installation."""
    holder = plan_of_price(world.plans, price.id)
    if holder is not None and holder.metadata.name != world.resource.metadata.name:
        return Finding(
            Reason.PRICE_CONFLICT,
            f"price {price.id} belongs to the older plan {holder.metadata.name!r} already",
        )
    owner = price.metadata.get(StripeMetadata.OWNER)
    if owner is not None and owner != world.owner:
        return Finding(Reason.PRICE_CONFLICT, f"price {price.id} belongs to the installation {owner!r}")
    return None


def _unusable(price: Price, existing: ExistingPrice) -> Finding | None:
    if price.interval is None:
        return Finding(
            Reason.INVALID_PRICE, f"price {price.id} is charged once; a plan needs a recurring price"
        )
    if existing.limits_from is LimitsFrom.PRICE_METADATA:
        try:
            limits_in(price.metadata)
        except UnreadableLimitError as error:
            return Finding(Reason.INVALID_METADATA, f"price {price.id}: {error}")
    return None

"""A plan as far as a subscription needs it."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.conditions import ConditionStatus, ConditionType, find_condition
from tenant_billing.api.prices import DeviceCounting
from tenant_billing.domain.observations import Meter, Price
from tenant_billing.domain.plan import limits_of, price_ids_of
from tenant_billing.domain.world import Offer

NO_METERS: Final[Mapping[str, Meter]] = MappingProxyType({})


def offer_of(
    plan: BillingPlan, prices: Mapping[str, Price], meters: Mapping[str, Meter] = NO_METERS
) -> Offer:
    """The offer that a plan makes.

    Args:
        plan: The resource; its status says which price new subscriptions get.
        prices: The account's prices as last seen, by id.
        meters: The account's meters as last seen, by id.
    """
    ready = find_condition(plan.status.conditions, ConditionType.READY)
    price_id = plan.status.price_id
    price = prices.get(price_id) if price_id is not None else None
    price_ids = price_ids_of(plan)
    return Offer(
        plan=plan,
        ready=ready is not None and ready.status is ConditionStatus.TRUE and price_id is not None,
        price_id=price_id,
        price_ids=price_ids,
        limits_by_price={each: limits_of(plan, prices.get(each)) for each in price_ids},
        amounts={each: amount for each in price_ids if (amount := _amount_of(prices.get(each))) is not None},
        currency=price.currency if price is not None else None,
        interval=(price.interval, price.interval_count) if price is not None and price.interval else None,
        metered=price.metered if price is not None else plan.spec.price.metered is not None,
        counting=counting_of(plan),
        meters={
            each: meter for each in price_ids if (meter := _meter_of(prices.get(each), meters)) is not None
        },
    )


def counting_of(plan: BillingPlan) -> DeviceCounting:
    """Which devices a plan reports; without effect on a plan that is not metered."""
    arm = plan.spec.price.metered or plan.spec.price.existing
    return arm.counting if arm is not None else DeviceCounting.ALL


def _amount_of(price: Price | None) -> Decimal | None:
    return price.exact_amount if price is not None else None


def _meter_of(price: Price | None, meters: Mapping[str, Meter]) -> Meter | None:
    return meters.get(price.meter_id) if price is not None and price.meter_id is not None else None

"""Which meter counts the usage of a plan, and what is wrong with it (product.md, "Metering").

A meter has no metadata: it is known by its event name, and nothing of it can be changed (stripe.md 1.2). It is never
deactivated by us, not even when its plan ends: subscriptions that were let go may still count on it.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from tenant_billing.api.prices import DeviceCounting, ExistingPrice, MeteredPrice
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.observations import Meter, Price
from tenant_billing.domain.plan import FIRST_OF_TIME, PlanIdentity
from tenant_billing.domain.readiness import Finding
from tenant_billing.domain.requests import NewMeter

LAST: Final = "last"
"""The only formula that bills what was reported: each report is the whole number of devices."""


def event_name_of(metered: MeteredPrice, identity: PlanIdentity) -> str:
    """The event name of a plan's meter: the one that the spec names, else the plan's own."""
    return metered.meter_event_name or identity.event_name


def new_meter(metered: MeteredPrice, display_name: str, identity: PlanIdentity) -> NewMeter:
    """The meter of a plan."""
    return NewMeter(event_name=event_name_of(metered, identity), display_name=display_name)


def meter_named(meters: Iterable[Meter], event_name: str) -> Meter | None:
    """The meter of an event name: the active one, of which there is one at most, else the newest."""
    named = [each for each in meters if each.event_name == event_name]
    return max(named, key=lambda each: (each.active, each.created or FIRST_OF_TIME, each.id), default=None)


def unusable(meter: Meter) -> Finding | None:
    """Why usage must not be reported to a meter."""
    if not meter.active:
        return Finding(
            Reason.METER_INACTIVE,
            f"meter {meter.id} ({meter.event_name}) was deactivated at the provider: no usage is counted, and nobody "
            "new can subscribe. Reactivate it there",
        )
    if meter.formula != LAST:
        return Finding(
            Reason.INVALID_PRICE,
            f"meter {meter.id} ({meter.event_name}) has the formula {meter.formula!r}, but each report is the whole "
            f"number of devices: a meter with the formula {LAST!r} is needed",
        )
    return None


def problem_of_adopted(price: Price, meters: Mapping[str, Meter], *, is_current: bool) -> Finding | None:
    """Why the usage of a metered price that stands at the provider cannot be counted.

    Args:
        price: The price.
        meters: The account's meters by id.
        is_current: Whether new subscriptions get it. An accepted one may be of the old kind, without a meter: its
            subscribers are moved off it at their period's end.
    """
    if not price.metered or (price.meter_id is None and not is_current):
        return None
    if price.meter_id is None:
        return Finding(
            Reason.METER_MISSING,
            f"price {price.id} is of the old kind, metered without a meter: no usage can be reported for it any more. "
            "Make a plan with price.metered and move the subscriptions there with tenant-billing migrate-meter; "
            "until then the Tenant Billing Server goes on metering",
        )
    meter = meters.get(price.meter_id)
    if meter is None:
        return Finding(
            Reason.METER_MISSING,
            f"price {price.id} counts by meter {price.meter_id}, which the account does not have; "
            "adopt a price whose meter stands",
        )
    return unusable(meter)


def counts_nothing(existing: ExistingPrice, prices: Iterable[Price]) -> Finding | None:
    """A way of counting devices for prices of which none is metered."""
    if existing.counting is DeviceCounting.ALL or any(each.metered for each in prices):
        return None
    return Finding(
        Reason.INVALID_PRICE,
        f"spec.price.existing.counting: price {existing.price_id} is not metered, so nothing is counted; leave it out",
    )

"""Metered tenants for tests: a month that began on November 1st, two euros' worth of devices, a meter of the plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from plan_builders import a_meter
from subscription_builders import a_cluster, a_plan, a_subscription, a_world, an_item, an_offer, with_offers
from tenant_billing.api.conditions import Condition, ConditionType
from tenant_billing.domain.metering import Count, CountedTotals, Metered, Reported
from tenant_billing.domain.observations import SubscriptionItem, Totals
from tenant_billing.domain.usage_facts import UsageFacts
from tenant_billing.domain.world import Offer, World

START: Final = datetime(2026, 11, 1, 9, 30, 17, tzinfo=UTC)
END: Final = datetime(2026, 12, 1, 9, 30, 17, tzinfo=UTC)
CLOSED: Final = datetime(2026, 12, 1, 9, 29, 59, tzinfo=UTC)
"""What closes that month says: the last second of its last whole minute."""
SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
METER: Final = a_meter()
PRICE: Final = "price_starter"


def metered_tenant(**changes: Any) -> Metered:
    """Tenant acme in its second month."""
    known = Metered("uid-of-acme", "cus_1", METER, START, END, START - 31 * DAY)
    return replace(known, **changes)


def said(quantity: int, time: datetime) -> Reported:
    """What was reported last."""
    return Reported(quantity, time)


def counted(quantity: int, at: datetime) -> Count:
    """A count."""
    return Count(quantity, at)


def a_metered_offer(name: str = "starter", **changes: Any) -> Offer:
    """A plan that charges what is reported, by a meter of its own."""
    price = f"price_{name}"
    known: dict[str, Any] = {"metered": True, "meters": {price: METER}}
    return an_offer(a_plan(name), **(known | changes))


def a_metered_item(**changes: Any) -> SubscriptionItem:
    """The item of a metered price."""
    item = an_item(PRICE, quantity=None, metered=True, current_period_start=START, current_period_end=END)
    return replace(item, **changes)


def totals(devices: int | None, at: datetime, activated: int | None = None) -> CountedTotals:
    """The registry's totals."""
    return CountedTotals(Totals(end_devices=devices, activated_end_devices=activated), at)


def a_metered_world(now: datetime, *, usage: UsageFacts | None = None, **changes: Any) -> World:
    """Tenant acme, approved and paid for, on a metered plan."""
    subscription = a_subscription(items=(a_metered_item(),), created=START - 31 * DAY)
    known: dict[str, Any] = {
        "now": now,
        "subscriptions": (subscription,),
        "cluster": a_cluster(),
        "usage": usage or UsageFacts(),
    }
    return with_offers(a_world(**(known | changes)), a_metered_offer())


def with_usage(world: World, quantity: int, time: datetime) -> World:
    """The world whose status says what was reported last."""
    status = world.resource.status.model_validate(
        world.resource.status.model_dump(by_alias=True)
        | {"usage": {"lastReported": quantity, "lastReportTime": time}}
    )
    return replace(world, resource=world.resource.model_copy(update={"status": status}))


def usage_condition_of(resource_conditions: tuple[Condition, ...]) -> Condition:
    """``UsageReported``."""
    return next(each for each in resource_conditions if each.type == ConditionType.USAGE_REPORTED)

"""Two metered tenants of one customer on one meter: each would be billed for both (stripe.md 4.4)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from subscription_builders import NOW, a_tenant_subscription, an_offer, told, with_offers
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.actions import ReportUsage
from tenant_billing.domain.decision import decide
from tenant_billing.domain.usage_facts import UsageFacts
from tenant_billing.domain.world import World
from usage_builders import DAY, METER, START, a_metered_offer, a_metered_world, totals

MIDDLE = START + 10 * DAY


def lab(
    *, age: int = 1, billed: str | None = "starter", status: str = "active", **spec: Any
) -> TenantSubscription:
    """Another tenant of the same customer."""
    known = {"subscriptionID": "sub_lab", "subscriptionStatus": status, "planRef": {"name": billed}}
    return a_tenant_subscription(
        "lab",
        tenant={"id": "lab"},
        metadata={"creationTimestamp": NOW - timedelta(days=age)},
        status=known if billed else {},
        **spec,
    )


def acme(*, billed: str | None = None, plan: str = "starter") -> TenantSubscription:
    known = {"subscriptionID": "sub_1", "subscriptionStatus": "active", "planRef": {"name": billed}}
    return a_tenant_subscription(
        plan=plan, metadata={"creationTimestamp": NOW - timedelta(days=10)}, status=known if billed else {}
    )


def world(resource: TenantSubscription, *sharing: TenantSubscription) -> World:
    facts = UsageFacts(counted=totals(5, MIDDLE))
    found = a_metered_world(MIDDLE, usage=facts, resource=resource, sharing=sharing)
    return with_offers(found, a_metered_offer(), an_offer_with_another_meter(), an_unmetered_offer())


def an_offer_with_another_meter() -> Any:
    return a_metered_offer("pro", meters={"price_pro": replace(METER, id="mtr_2")})


def an_unmetered_offer() -> Any:
    return replace(an_offer(), plan=a_metered_offer("flat").plan, price_ids=frozenset({"price_flat"}))


REFUSED = [
    pytest.param(acme(), lab(), id="the other is billed already"),
    pytest.param(acme(), lab(age=20, billed=None), id="the other is older"),
    pytest.param(acme(billed="starter"), lab(age=20), id="both are billed, the other is older"),
    pytest.param(acme(billed="flat"), lab(), id="this one is billed by another plan and asks for the meter"),
]


@pytest.mark.parametrize(("resource", "other"), REFUSED)
def test_the_second_tenant_on_a_meter_is_refused_with_the_remedy(
    resource: TenantSubscription, other: TenantSubscription
) -> None:
    found = world(resource, other)
    ready = told(found)
    assert ready.reason == Reason.METER_CONFLICT
    assert "a customer of its own, or a plan with another meter" in ready.message
    assert "tenants/lab" in ready.message
    assert not any(isinstance(each, ReportUsage) for each in decide(found).actions)
    assert told(found, ConditionType.USAGE_REPORTED).reason == Reason.REJECTED


ALLOWED = [
    pytest.param(acme(billed="starter"), lab(age=20, billed=None), id="this one is billed already"),
    pytest.param(acme(), lab(billed=None), id="this one is older"),
    pytest.param(acme(), lab(age=20, plan="pro", billed="pro"), id="on another meter"),
    pytest.param(acme(), lab(status="canceled"), id="the other has ended"),
    pytest.param(acme(plan="flat", billed="flat"), lab(), id="this one is not metered"),
]


@pytest.mark.parametrize(("resource", "other"), ALLOWED)
def test_the_first_is_not_and_other_meters_are_nobody_s_concern(
    resource: TenantSubscription, other: TenantSubscription
) -> None:
    assert told(world(resource, other)).reason != Reason.METER_CONFLICT

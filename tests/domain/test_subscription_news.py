"""What is worth a Kubernetes Event between two statuses."""

from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    DAY,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    an_unborn_world,
    overdue_for,
)
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain import news
from tenant_billing.domain.decision import decide
from tenant_billing.domain.observations import Totals
from tenant_billing.domain.report import status_of
from tenant_billing.domain.state_descriptions import Description
from tenant_billing.domain.world import World


def changed(world: World, **changes: Any) -> World:
    return replace(world, **changes)


def between(before: World, after: World) -> list[tuple[str, str]]:
    told = news.between(status_of(before, decide(before)), status_of(after, decide(after)))
    return [(each.type, each.reason) for each in told]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(a_world(), a_world(totals=Totals(users=3)), [], id="figures that moved are no news"),
        pytest.param(
            an_unborn_world(),
            a_world(tenant=None),
            [],
            id="the ordinary way of a new tenant is told by its conditions: subscribed and paid",
        ),
        pytest.param(a_world(tenant=None), a_world(), [], id="and its tenant made"),
        pytest.param(
            a_world(),
            a_world(subscriptions=(a_subscription(id="sub_2"),)),
            [("Normal", "Subscribed")],
            id="a successor pays",
        ),
        pytest.param(
            a_world(),
            a_world(
                subscriptions=(overdue_for(DAY),), tenant=a_tenant(TenantState.FLAGGED, Description.FLAGGED)
            ),
            [("Warning", "TenantFlagged"), ("Warning", "PastDue")],
            id="the payment failed",
        ),
        pytest.param(
            a_world(tenant=a_tenant(TenantState.SUSPENDED, Description.UNPAID)),
            a_world(),
            [("Normal", "TenantApproved")],
            id="approved again",
        ),
        pytest.param(
            a_world(),
            a_world(tenant=None, tenant_gone=True),
            [("Warning", "TenantAbsent"), ("Warning", "TenantGone")],
            id="the tenant was deleted",
        ),
        pytest.param(
            a_world(), a_world(rivals=("sub_8",)), [("Warning", "DuplicateSubscription")], id="a finding"
        ),
        pytest.param(a_world(rivals=("sub_8",)), a_world(rivals=("sub_8",)), [], id="a finding is told once"),
        pytest.param(
            a_world(),
            a_world(subscriptions=(a_subscription("incomplete"),)),
            [("Normal", "AwaitingPayment")],
            id="waits",
        ),
        pytest.param(
            a_world(),
            a_world(
                a_tenant_subscription(plan="pro"),
                subscriptions=(
                    a_subscription(
                        items=(replace(a_world().subscriptions[0].items[0], price_id="price_pro"),)
                    ),
                ),
            ),
            [("Normal", "PlanChanged")],
            id="the plan in force changed",
        ),
    ],
)
def test_what_is_worth_telling(before: World, after: World, told: list[tuple[str, str]]) -> None:
    assert between(before, after) == told


def test_a_first_status_tells_what_is_wrong_at_once() -> None:
    blank = a_tenant_subscription().status
    after = a_world(rivals=("sub_8",), tenant=None)
    told = news.between(blank, status_of(after, decide(after)))
    assert [each.reason for each in told] == ["DuplicateSubscription"]

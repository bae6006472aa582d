from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    DAY,
    NOW,
    TRUSTING,
    a_backend,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    all_limits,
    an_offer,
    overdue_for,
    told,
    with_offers,
    with_plan,
    with_status,
)
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.entities import EntityLimits, EntityUsage
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.actions import UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.limits import as_limits, difference, frozen_at, lowered, overridden
from tenant_billing.domain.observations import Limits, Totals
from tenant_billing.domain.state_descriptions import Description
from tenant_billing.domain.world import World


def trusted(overrides: Any, **changes: Any) -> World:
    return a_world(
        a_tenant_subscription(limitOverrides=overrides), backend=a_backend(trusts=TRUSTING), **changes
    )


def frozen_world(totals: Totals | None, status: Any = None, **changes: Any) -> World:
    """Overdue for two days under a plan that freezes after one."""
    world = a_world(
        a_tenant_subscription(status=status),
        subscriptions=(overdue_for(2 * DAY),),
        totals=totals,
        tenant=a_tenant(TenantState.FLAGGED, Description.FLAGGED),
        **changes,
    )
    return with_plan(world, pastDue={"flagAfter": "0s", "freezeAfter": "24h", "suspendAfter": "504h"})


def written(world: World) -> Limits:
    changes = [each.change.limits for each in decide(world).actions if isinstance(each, UpdateTenant)]
    return changes[0] if changes else {}


def test_absent_limits_are_unlimited_and_zero_is_none_at_all() -> None:
    assert as_limits(None) == all_limits()
    assert as_limits(EntityLimits(gateways=0))["gateways"] == 0


@pytest.mark.parametrize(
    ("wanted", "seen", "change"),
    [
        pytest.param({"gateways": 0}, {}, {"gateways": 0}, id="unlimited becomes none at all"),
        pytest.param({}, {"gateways": 0}, {"gateways": None}, id="none at all becomes unlimited"),
        pytest.param({"gateways": 1}, {"gateways": 1}, {}, id="what is right is not written"),
    ],
)
def test_only_differing_limits_are_written(wanted: Any, seen: Any, change: Any) -> None:
    assert difference(all_limits(**wanted), all_limits(**seen)) == change


@pytest.mark.parametrize(
    ("overrides", "limits"),
    [
        pytest.param({"limits": {"gateways": 20}}, {"end_devices": 500, "gateways": 20}, id="more"),
        pytest.param(
            {"limits": {"gateways": 0}}, {"end_devices": 500, "gateways": 0}, id="zero is an override"
        ),
        pytest.param({"unlimited": ["EndDevices"]}, {"gateways": 10}, id="unlimited"),
        pytest.param(
            {"limits": {"gateways": 3}, "unlimited": ["Gateways"]}, {"end_devices": 500}, id="unlimited wins"
        ),
        pytest.param(
            {"limits": {"gateways": 3}, "expirationTime": NOW + DAY},
            {"end_devices": 500, "gateways": 3},
            id="still",
        ),
        pytest.param(
            {"limits": {"gateways": 3}, "expirationTime": NOW},
            {"end_devices": 500, "gateways": 10},
            id="over now",
        ),
    ],
)
def test_overrides_change_the_plan_s_limits_until_they_expire(overrides: Any, limits: Any) -> None:
    assert decide(trusted(overrides)).limits == all_limits(**limits)


def test_the_object_is_looked_at_again_when_its_overrides_expire() -> None:
    assert decide(trusted({"expirationTime": NOW + DAY})).look_again_at == NOW + DAY
    assert decide(trusted({"expirationTime": NOW - DAY})).look_again_at is None
    assert decide(trusted({})).look_again_at is None
    soon_flagged = replace(overdue_for(0 * DAY), items=a_world().subscriptions[0].items)
    world = with_plan(
        trusted({"expirationTime": NOW + 2 * DAY}, subscriptions=(soon_flagged,)),
        pastDue={"flagAfter": "24h"},
    )
    assert decide(world).look_again_at == NOW + DAY


def test_limits_without_overrides_stay_as_they_are() -> None:
    assert overridden(all_limits(users=1), None, NOW) == all_limits(users=1)


@pytest.mark.parametrize(
    ("totals", "frozen"),
    [
        pytest.param(None, None, id="totals are not known: nothing is frozen"),
        pytest.param(Totals(), None, id="no total is known: nothing is frozen"),
        pytest.param(Totals(end_devices=345), EntityLimits(end_devices=345), id="below its limit"),
        pytest.param(
            Totals(end_devices=0), EntityLimits(end_devices=0), id="zero existed: nothing may be made"
        ),
        pytest.param(Totals(users=7), EntityLimits(users=7), id="an unlimited one is frozen too"),
        pytest.param(Totals(end_devices=500), EntityLimits(), id="at its limit already"),
        pytest.param(Totals(end_devices=900), EntityLimits(), id="above its limit: a freeze never raises"),
    ],
)
def test_what_existed_is_what_is_frozen(totals: Totals | None, frozen: EntityLimits | None) -> None:
    assert frozen_at(all_limits(end_devices=500), totals) == frozen


def test_a_freeze_lowers_limits_to_what_existed_and_remembers_it() -> None:
    world = frozen_world(Totals(end_devices=345, gateways=2))
    assert written(world) == {"end_devices": 345, "gateways": 2}
    assert with_status(world).resource.status.frozen_limits == EntityLimits(end_devices=345, gateways=2)


def test_what_is_remembered_counts_not_what_exists_later() -> None:
    world = frozen_world(Totals(end_devices=12), status={"frozenLimits": {"endDevices": 345}})
    assert written(world) == {"end_devices": 345}


def test_unknown_totals_freeze_nothing() -> None:
    world = frozen_world(None)
    assert written(world) == {}
    assert with_status(world).resource.status.frozen_limits is None


def test_paying_thaws() -> None:
    world = frozen_world(Totals(end_devices=12), status={"frozenLimits": {"endDevices": 345}})
    paid = replace(
        world,
        subscriptions=a_world().subscriptions,
        tenant=a_tenant(limits=all_limits(end_devices=345, gateways=10)),
    )
    assert written(paid) == {"end_devices": 500}
    assert with_status(paid).resource.status.frozen_limits is None


def test_a_status_that_nobody_knows_forgets_no_freeze_and_is_told_with_the_limits_of_the_tenant() -> None:
    """The tenant is kept as it is, so its limits are still the lowered ones."""
    world = replace(
        frozen_world(Totals(end_devices=12), status={"frozenLimits": {"endDevices": 345}}),
        subscriptions=(a_subscription("frozen_by_regulator"),),
        tenant=a_tenant(TenantState.FLAGGED, Description.FLAGGED, limits=all_limits(end_devices=345)),
    )
    assert written(world) == {}
    status = with_status(world).resource.status
    assert status.frozen_limits == EntityLimits(end_devices=345)
    assert status.entities is not None
    assert status.entities.end_devices == EntityUsage(total=12, limit=345)


def test_an_outage_forgets_no_freeze() -> None:
    world = frozen_world(None, status={"frozenLimits": {"endDevices": 345}})
    unreadable = with_offers(world, an_offer(limits_by_price={}))
    assert with_status(unreadable).resource.status.frozen_limits == EntityLimits(end_devices=345)


def test_lowering_keeps_what_is_lower_already() -> None:
    frozen = EntityLimits(end_devices=345, gateways=20, users=0)
    assert lowered(all_limits(end_devices=500, gateways=10), frozen) == all_limits(
        end_devices=345, gateways=10, users=0
    )
    assert lowered(all_limits(users=1), None) == all_limits(users=1)


@pytest.mark.parametrize(
    ("totals", "status", "reason", "message"),
    [
        pytest.param(None, "Unknown", "Unknown", "not known yet", id="not known"),
        pytest.param(Totals(end_devices=499), "True", "WithinLimits", "", id="within"),
        pytest.param(Totals(end_devices=500), "True", "LimitReached", "EndDevices", id="at the limit"),
        pytest.param(
            Totals(end_devices=501, gateways=10), "False", "OverLimit", "EndDevices", id="over one limit"
        ),
        pytest.param(Totals(users=10**6), "True", "WithinLimits", "", id="unlimited"),
        pytest.param(Totals(applications=0), "True", "WithinLimits", "", id="none, and none allowed"),
    ],
)
def test_use_is_told_against_limits(totals: Totals | None, status: str, reason: str, message: str) -> None:
    world = with_offers(
        a_world(
            totals=totals, tenant=a_tenant(limits=all_limits(end_devices=500, gateways=10, applications=0))
        ),
        an_offer(limits={"end_devices": 500, "gateways": 10, "applications": 0}),
    )
    condition = told(world, ConditionType.WITHIN_LIMITS)
    assert (condition.status, condition.reason) == (status, reason)
    assert message in condition.message
    entities = with_status(world).resource.status.entities
    assert (entities is None) is (totals is None)


def test_a_total_that_is_not_known_is_left_out_of_the_status() -> None:
    entities = with_status(a_world(totals=Totals(end_devices=345))).resource.status.entities
    assert entities is not None
    assert entities.end_devices is not None
    assert (entities.end_devices.total, entities.end_devices.limit) == (345, 500)
    assert entities.users is None

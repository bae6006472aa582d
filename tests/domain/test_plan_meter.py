"""The meter of a metered plan: known by its event name, made once, never changed, never deactivated by us."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plan_account import PlanAccount, a_settled_account
from plan_builders import (
    DELETED,
    EVENT_NAME,
    METERED,
    NOW,
    a_meter,
    a_plan,
    a_price,
    an_adopted_price,
    metered,
)
from tenant_billing.api.prices import DeviceCounting
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.observations import Meter, Price
from tenant_billing.domain.offers import offer_of
from tenant_billing.domain.plan_decision import decide


def test_metered_plan_gets_product_meter_and_price_each_after_its_intent_and_a_look() -> None:
    account = PlanAccount(a_plan(price=METERED))
    decision = account.settle()
    assert account.kinds() == [
        "StoreIntent", "LookAgain", "CreateProduct", "StoreIntent", "CreateMeter", "StoreIntent", "CreatePrice",
    ]  # fmt: skip
    (price,) = account.prices.values()
    assert (price.metered, price.meter_id, price.unit_amount) == (True, "mtr_1", 50)
    assert account.meters["mtr_1"].event_name == EVENT_NAME
    assert (decision.finding, decision.meter_id, account.plan.status.meter_id) == (None, "mtr_1", "mtr_1")
    assert account.plan.status.display_price == "EUR 0.50 / device / month"


@pytest.mark.parametrize("died_after", range(9))
def test_death_at_any_moment_doubles_no_meter(died_after: int) -> None:
    undisturbed, account = (PlanAccount(a_plan(price=METERED)) for _ in range(2))
    undisturbed.settle()
    account.settle(most=died_after)
    account.restart()
    assert account.settle().actions == ()
    assert (account.products, account.meters, account.prices) == (
        undisturbed.products,
        undisturbed.meters,
        undisturbed.prices,
    )
    assert account.plan.status == undisturbed.plan.status


TERMS = [
    pytest.param(
        metered(unitAmount=None, unitAmountDecimal="0.5"), "EUR 0.005 / device / month", id="sub-cent"
    ),
    pytest.param(
        metered(
            unitAmount=None, tiersMode="Graduated", tiers=[{"upTo": 9, "unitAmount": 50}, {"unitAmount": 40}]
        ),
        "EUR 0.50 up to 9, EUR 0.40 above (graduated) / device / month",
        id="tiers",
    ),
]


@pytest.mark.parametrize(("price", "shown"), TERMS)
def test_plan_with_any_kind_of_amount_is_settled_at_once(price: dict[str, Any], shown: str) -> None:
    account = a_settled_account(price=price)
    assert account.plan.status.display_price == shown
    account.settle()
    assert account.done == []


def test_changed_tiers_are_a_new_price_on_the_same_meter() -> None:
    steps = [{"upTo": 9, "unitAmount": 50}, {"unitAmount": 40}]
    account = a_settled_account(price=metered(unitAmount=None, tiersMode="Graduated", tiers=steps))
    account.edit(a_plan(price=metered(unitAmount=None, tiersMode="Volume", tiers=steps)))
    account.settle()
    assert [(each.tiers_mode, each.meter_id, each.active) for each in account.prices.values()] == [
        ("graduated", "mtr_1", False),
        ("volume", "mtr_1", True),
    ]


def test_meter_that_is_named_and_stands_is_adopted() -> None:
    account = PlanAccount(a_plan(price=metered(meterEventName="devices")))
    account.meters["mtr_X"] = a_meter("mtr_X", event_name="devices")
    account.settle()
    assert "CreateMeter" not in account.kinds()
    assert account.plan.status.meter_id == "mtr_X"


def test_meter_that_is_named_and_missing_is_made_under_its_name() -> None:
    account = PlanAccount(a_plan(price=metered(meterEventName="devices")))
    account.settle()
    assert [each.event_name for each in account.meters.values()] == ["devices"]


def test_lost_cluster_finds_its_meter_by_event_name() -> None:
    account = a_settled_account(price=METERED)
    account.plan = a_plan(price=METERED, metadata={"uid": "another"})
    account.settle()
    assert account.done == []
    assert account.plan.status.meter_id == "mtr_1"


def test_of_several_meters_of_one_name_the_active_one_counts() -> None:
    account = PlanAccount(a_plan(price=METERED))
    account.meters = {
        each.id: each
        for each in (
            a_meter("mtr_new", active=False, created=NOW),
            a_meter("mtr_old", created=NOW - timedelta(days=9)),
        )
    }
    account.settle()
    assert account.plan.status.meter_id == "mtr_old"


UNUSABLE = [
    pytest.param({"active": False}, Reason.METER_INACTIVE, "Reactivate it", id="it was deactivated"),
    pytest.param({"formula": "sum"}, Reason.INVALID_PRICE, "formula 'sum'", id="it adds up what is reported"),
]


@pytest.mark.parametrize(("changes", "reason", "said"), UNUSABLE)
def test_meter_that_cannot_count_is_said_and_none_is_made_instead(
    changes: dict[str, Any], reason: Reason, said: str
) -> None:
    account = a_settled_account(price=METERED)
    account.meters["mtr_1"] = replace(account.meters["mtr_1"], **changes)
    finding = account.settle().finding
    assert finding is not None
    assert (finding.reason, account.done) == (reason, [])
    assert "mtr_1" in finding.message
    assert said in finding.message


def test_end_of_a_plan_leaves_its_meter_to_those_who_still_count_on_it() -> None:
    account = a_settled_account(price=METERED)
    account.edit(a_plan(price=METERED, metadata=DELETED))
    assert account.settle().released
    assert account.kinds() == ["UpdateProduct", "ArchivePrice"]


def usage_price(identity: str = "price_A", **changes: Any) -> Price:
    return an_adopted_price(identity, **({"metered": True, "meter_id": "mtr_X"} | changes))


def adopting(prices: list[Price], meters: list[Meter], **arm: Any) -> PlanAccount:
    plan = a_plan(price={"existing": {"priceID": "price_A"} | arm})
    return PlanAccount(
        plan, prices={each.id: each for each in prices}, meters={each.id: each for each in meters}
    )


FOREIGN = a_meter("mtr_X", event_name="devices")
OLD_KIND = usage_price("price_B", meter_id=None)

ADOPTED: list[Any] = [
    pytest.param([usage_price()], [FOREIGN], {}, None, id="a price with its meter"),
    pytest.param([usage_price()], [FOREIGN], {"counting": "OnlyActivated"}, None, id="counting some"),
    pytest.param([usage_price(meter_id=None)], [], {}, Reason.METER_MISSING, id="a price of the old kind"),
    pytest.param([usage_price()], [], {}, Reason.METER_MISSING, id="a meter that is not there"),
    pytest.param([usage_price()], [replace(FOREIGN, active=False)], {}, Reason.METER_INACTIVE, id="inactive"),
    pytest.param(
        [usage_price()], [replace(FOREIGN, formula="count")], {}, Reason.INVALID_PRICE, id="counting calls"
    ),
    pytest.param(
        [usage_price(), OLD_KIND],
        [FOREIGN],
        {"acceptedPriceIDs": ["price_B"]},
        None,
        id="an accepted price may be of the old kind: its subscribers are moved off it",
    ),
    pytest.param(
        [an_adopted_price()],
        [],
        {"counting": "OnlyActivated"},
        Reason.INVALID_PRICE,
        id="counting of nothing",
    ),
]


@pytest.mark.parametrize(("prices", "meters", "arm", "reason"), ADOPTED)
def test_adopted_usage_is_judged_and_never_written(
    prices: list[Price], meters: list[Meter], arm: dict[str, Any], reason: Reason | None
) -> None:
    decision = decide(adopting(prices, meters, **arm).world())
    assert (decision.finding.reason if decision.finding else None) == reason
    assert decision.actions == ()
    assert decision.meter_id == prices[0].meter_id


def test_price_of_the_old_kind_says_its_remedy() -> None:
    finding = decide(adopting([usage_price(meter_id=None)], []).world()).finding
    assert finding is not None
    assert "tenant-billing migrate-meter" in finding.message


def test_offer_names_the_meter_of_each_price_and_what_it_counts() -> None:
    """What the reports of usage need, also for a price that is not the current one."""
    status = {"priceID": "price_2", "prices": [{"id": "price_1"}, {"id": "price_2"}]}
    plan = a_plan(price=metered(counting="OnlyActivated"), status=status)
    prices = {each: a_price(each, metered=True, meter_id="mtr_1") for each in ("price_1", "price_2")}
    offer = offer_of(plan, prices, {"mtr_1": a_meter()})
    assert (offer.metered, offer.counting) == (True, DeviceCounting.ONLY_ACTIVATED)
    for price_id in prices:
        meter = offer.meter_on(price_id)
        assert meter is not None
        assert (meter.id, meter.event_name) == ("mtr_1", EVENT_NAME)
    assert offer.meter_on("price_X") is None


def test_offer_of_what_was_not_seen_knows_the_kind_but_no_meter() -> None:
    offer = offer_of(a_plan(price=METERED, status={"priceID": "price_1"}), {})
    assert (offer.metered, offer.meter_on("price_1")) == (True, None)
    recurring = offer_of(a_plan(status={"priceID": "price_1"}), {"price_1": a_price()})
    assert (recurring.metered, recurring.counting) == (False, DeviceCounting.ALL)

"""What the phases of a schedule may be, and what changing them does (stripe.md 7, "At the period end")."""

from typing import Any

import pytest

from stripe_engine_world import (
    DAY,
    HOUR,
    START,
    a_customer,
    a_price,
    a_subscription,
    an_account,
    an_active_subscription,
    call,
    latest_invoice,
    pass_time,
    update,
)
from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.problems import Problem

MONTH = 31 * DAY


def scheduled(account: Account, subscription: Object) -> Object:
    return call(account, "POST", "/v1/subscription_schedules", from_subscription=subscription["id"])


def plan(account: Account, made: Object, *phases: Object, **params: Any) -> Object:
    return call(account, "POST", "/v1/subscription_schedules/{}", made["id"], phases=list(phases), **params)


def present(made: Object, **changes: Any) -> Object:
    """The running phase as parameters."""
    phase = made["phases"][0]
    items = [{"price": item["price"], "quantity": item["quantity"]} for item in phase["items"]]
    return {"start_date": phase["start_date"], "end_date": phase["end_date"], "items": items} | changes


def test_a_quantity_that_is_left_out_of_the_running_phase_becomes_1_at_once() -> None:
    account = an_account()
    price = a_price(account)
    subscription = an_active_subscription(account, price, items=[{"price": price, "quantity": 3}])
    made = scheduled(account, subscription)
    plan(account, made, present(made, items=[{"price": price}]))
    assert subscription["items"]["data"][0]["quantity"] == 1


def test_another_price_in_the_running_phase_is_prorated_at_once_as_the_call_says() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    made = scheduled(account, subscription)
    pass_time(account, seconds=MONTH // 2)
    other = [{"price": a_price(account, 9900)}]
    plan(account, made, present(made, items=other), proration_behavior="always_invoice")
    assert latest_invoice(account, subscription)["total"] == 2500


def test_a_trial_that_is_left_out_of_the_running_phase_ends_at_once() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account), trial_period_days=14)
    made = scheduled(account, subscription)
    kept = present(made, trial_end=made["phases"][0]["trial_end"])
    plan(account, made, kept)
    assert subscription["status"] == "trialing"
    plan(account, made, {name: kept[name] for name in kept if name != "trial_end"})
    assert subscription["status"] != "trialing"
    assert latest_invoice(account, subscription)["total"] == 4900


def test_discounts_that_are_left_out_of_the_running_phase_are_gone_at_once() -> None:
    account = an_account()
    call(account, "POST", "/v1/coupons", id="TEN", percent_off="10", duration="forever")
    subscription = an_active_subscription(account, discounts=[{"coupon": "TEN"}])
    made = scheduled(account, subscription)
    plan(account, made, present(made, discounts=[{"discount": subscription["discounts"][0]}]))
    assert len(subscription["discounts"]) == 1
    plan(account, made, present(made))
    assert subscription["discounts"] == []


def test_repeating_the_running_phase_changes_nothing_even_where_the_subscription_was_changed_since() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    made = scheduled(account, subscription)
    item = subscription["items"]["data"][0]["id"]
    update(account, subscription, items=[{"id": item, "quantity": 2}])
    plan(account, made, present(made))
    assert subscription["items"]["data"][0]["quantity"] == 2


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"end_date": START}, "must be after"),
        ({"duration": {"interval": "month"}}, "only specify one"),
        ({"trial": True}, "does not carry out `trial`"),
        ({"billing_cycle_anchor": "phase_start"}, "does not carry out `billing_cycle_anchor`"),
        ({"items": []}, "1 to 20 items"),
    ],
)
def test_a_phase_that_cannot_be_had_is_refused(changes: dict[str, Any], refusal: str) -> None:
    account = an_account()
    made = scheduled(account, an_active_subscription(account))
    with pytest.raises(Problem, match=refusal):
        plan(account, made, present(made, **changes))


def test_a_phase_sells_each_price_once_and_in_the_currency_of_the_subscription() -> None:
    account = an_account()
    made = scheduled(account, an_active_subscription(account))
    dollars, euros = a_price(account, currency="usd"), a_price(account)
    for items in (
        [{"price": dollars}],
        [{"price": euros}, {"price": euros}],
        [{"price": euros, "tax_rates": ["txr"]}],
    ):
        with pytest.raises(Problem):
            plan(account, made, present(made), {"items": items})


def test_a_phase_sets_how_the_subscription_is_paid_for() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    made = scheduled(account, subscription)
    then = {
        "items": present(made)["items"],
        "collection_method": "send_invoice",
        "invoice_settings": {"days_until_due": 14},
        "description": "By invoice",
    }
    plan(account, made, present(made), then)
    pass_time(account, seconds=MONTH)
    assert (subscription["collection_method"], subscription["days_until_due"]) == ("send_invoice", 14)
    assert subscription["description"] == "By invoice"


def test_a_planned_price_is_taken_although_it_was_archived_since() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    made = scheduled(account, subscription)
    later = a_price(account, 9900)
    soon = present(made, end_date=START + 10 * DAY)
    plan(account, made, soon, {"items": [{"price": later}]})
    account.table("price")[later]["active"] = False
    pass_time(account, days=10, seconds=HOUR)
    assert [item["price"]["id"] for item in subscription["items"]["data"]] == [later]

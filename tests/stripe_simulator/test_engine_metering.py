"""Usage: what is accepted, what is counted, what is told later (stripe.md 4)."""

from typing import Any

import pytest

from stripe_engine_world import (
    DAY,
    HOUR,
    START,
    a_customer,
    a_meter,
    a_metered_price,
    a_price,
    a_subscription,
    an_account,
    call,
    latest_invoice,
    pass_time,
    report,
    update,
)
from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.usage_records import set_usage
from tenant_billing_sandbox.stripe.problems import Problem


def summaries(account: Account, meter: Object, customer: str, **more: Any) -> list[float]:
    times = {"start_time": START - DAY - START % DAY, "end_time": START - START % DAY + 3 * DAY}
    found = call(
        account,
        "GET",
        "/v1/billing/meters/{}/event_summaries",
        meter["id"],
        customer=customer,
        **(times | more),
    )
    return [summary["aggregated_value"] for summary in found["data"]]


def reports(account: Account) -> list[tuple[str, str]]:
    events = call(account, "GET", "/v2/core/events")["data"]
    return [(event["type"], event["data"]["reason"]["error_types"][0]["code"]) for event in events]


@pytest.mark.parametrize(
    ("formula", "window", "total"),
    [("sum", None, 30), ("count", None, 3), ("last", None, 8), ("sum", "hour", 18), ("sum", "day", 8)],
)
def test_events_add_up_by_formula_and_only_the_last_of_a_window_counts_4_1(
    formula: str, window: str | None, total: int
) -> None:
    account = an_account()
    meter, customer = a_meter(account, formula, window), a_customer(account)
    report(account, customer, "12", timestamp=START - 2 * HOUR)
    report(account, customer, "8", timestamp=START)
    report(account, customer, "10", timestamp=START - 2 * HOUR + 60)
    assert summaries(account, meter, customer) == [total]


def test_last_is_the_newest_by_timestamp_not_by_arrival_4_1() -> None:
    account = an_account()
    meter, customer = a_meter(account, "last"), a_customer(account)
    report(account, customer, "5", timestamp=START)
    report(account, customer, "9", timestamp=START - 60)
    assert summaries(account, meter, customer) == [5]


def test_summaries_can_be_grouped_by_day_newest_first_4_2() -> None:
    account = an_account()
    meter, customer = a_meter(account), a_customer(account)
    report(account, customer, "5", timestamp=START)
    report(account, customer, "9", timestamp=START - DAY)
    assert summaries(account, meter, customer, value_grouping_window="day") == [5, 9]


def test_summaries_need_boundaries_of_their_window_4_2() -> None:
    account = an_account()
    meter, customer = a_meter(account), a_customer(account)
    with pytest.raises(Problem):
        summaries(account, meter, customer, start_time=START + 1, end_time=START + 61)


@pytest.mark.parametrize(
    ("offset", "accepted"), [(-35 * DAY, True), (-35 * DAY - 1, False), (300, True), (301, False)]
)
def test_a_timestamp_may_be_35_days_old_and_5_minutes_ahead_4_2(offset: int, accepted: bool) -> None:
    account = an_account()
    a_meter(account)
    customer = a_customer(account)
    if accepted:
        report(account, customer, "1", timestamp=START + offset)
    else:
        with pytest.raises(Problem) as refusal:
            report(account, customer, "1", timestamp=START + offset)
        assert refusal.value.param == "timestamp"


def test_an_identifier_is_unique_for_24_hours_and_no_longer_4_2() -> None:
    account = an_account()
    meter, customer = a_meter(account), a_customer(account)
    report(account, customer, "1", identifier="acme:1")
    pass_time(account, seconds=DAY - 1)
    with pytest.raises(Problem):
        report(account, customer, "1", identifier="acme:1")
    pass_time(account, seconds=1)
    report(account, customer, "1", identifier="acme:1")
    assert summaries(account, meter, customer) == [2]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"payload": {"stripe_customer_id": "cus_unknown", "value": "1"}}, "meter_event_customer_not_found"),
        ({"payload": {"value": "1"}}, "meter_event_no_customer_defined"),
        ({"value": "many"}, "meter_event_invalid_value"),
        ({"value": "NaN"}, "meter_event_invalid_value"),
        ({"value": "1234567890123456"}, "meter_event_value_too_many_digits"),
    ],
)
def test_most_mistakes_are_accepted_and_reported_by_a_thin_event_4_6(
    wrong: dict[str, Any], code: str
) -> None:
    account = an_account()
    meter, customer = a_meter(account), a_customer(account)
    report(account, customer, **({"value": "1"} | wrong))
    assert reports(account) == [("v1.billing.meter.error_report_triggered", code)]
    assert summaries(account, meter, customer) == []


def test_an_inactive_meter_counts_nothing_and_reports_it_4_2() -> None:
    account = an_account()
    a_meter(account, status="inactive")
    report(account, a_customer(account), "1")
    assert reports(account) == [("v1.billing.meter.error_report_triggered", "archived_meter")]


def test_an_event_without_meter_is_reported_without_related_object_4_6() -> None:
    account = an_account()
    report(account, a_customer(account), "1")
    assert reports(account) == [("v1.billing.meter.no_meter_found", "no_meter")]


def test_an_event_can_be_cancelled_within_24_hours_4_2() -> None:
    account = an_account()
    meter, customer = a_meter(account), a_customer(account)
    for identifier in ("a", "b"):
        report(account, customer, "4", identifier=identifier)
    wanted = {"event_name": "devices", "type": "cancel", "cancel": {"identifier": "a"}}
    call(account, "POST", "/v1/billing/meter_event_adjustments", **wanted)
    assert summaries(account, meter, customer) == [4]
    pass_time(account, days=1)
    with pytest.raises(Problem, match="24 hours"):
        call(
            account,
            "POST",
            "/v1/billing/meter_event_adjustments",
            **(wanted | {"cancel": {"identifier": "b"}}),
        )


def test_two_items_on_one_meter_both_bill_the_whole_usage_of_the_customer_4_4() -> None:
    account = an_account()
    price, customer = a_metered_price(account), a_customer(account)
    meter = account.table("price")[price]["recurring"]["meter"]
    other = a_price(account, 10, recurring={"usage_type": "metered", "meter": meter})
    subscription = a_subscription(account, customer, price, items=[{"price": price}, {"price": other}])
    report(account, customer, "7")
    pass_time(account, days=31, seconds=HOUR)
    assert [line["amount"] for line in latest_invoice(account, subscription)["lines"]["data"]] == [350, 70]


def test_usage_from_before_the_subscription_is_not_billed_4_3() -> None:
    account = an_account()
    price, customer = a_metered_price(account), a_customer(account)
    report(account, customer, "100", timestamp=START - HOUR)
    subscription = a_subscription(account, customer, price)
    pass_time(account, days=31, seconds=HOUR)
    assert latest_invoice(account, subscription)["total"] == 0


def test_usage_of_a_trial_is_not_billed_and_what_follows_it_is() -> None:
    account = an_account()
    price, customer = a_metered_price(account), a_customer(account)
    subscription = a_subscription(account, customer, price, trial_period_days=14)
    report(account, customer, "8")
    pass_time(account, days=14, seconds=2 * HOUR)
    assert latest_invoice(account, subscription)["total"] == 0
    report(account, customer, "9")
    pass_time(account, days=32)
    assert latest_invoice(account, subscription)["total"] == 450


@pytest.mark.parametrize(("invoice_now", "billed"), [(True, 350), (False, 0)])
def test_an_immediate_cancel_bills_open_usage_only_with_invoice_now_4_3(
    invoice_now: bool, billed: int
) -> None:
    account = an_account()
    price, customer = a_metered_price(account), a_customer(account)
    subscription = a_subscription(account, customer, price)
    report(account, customer, "7")
    call(account, "DELETE", "/v1/subscriptions/{}", subscription["id"], invoice_now=invoice_now)
    assert latest_invoice(account, subscription)["total"] == billed


def test_a_metered_item_has_no_quantity_and_takes_none_7() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_metered_price(account))
    (item,) = subscription["items"]["data"]
    assert "quantity" not in item
    with pytest.raises(Problem, match="metered"):
        update(account, subscription, items=[{"id": item["id"], "quantity": 2}])


def test_graduated_tiers_bill_each_unit_at_its_own_tier_1_2() -> None:
    account = an_account()
    tiers = [{"up_to": 5, "unit_amount": 50, "flat_amount": 100}, {"up_to": None, "unit_amount": 40}]
    price = a_metered_price(account, billing_scheme="tiered", tiers_mode="graduated", tiers=tiers)
    customer = a_customer(account)
    subscription = a_subscription(account, customer, price)
    report(account, customer, "7")
    pass_time(account, days=31, seconds=HOUR)
    assert latest_invoice(account, subscription)["total"] == 5 * 50 + 100 + 2 * 40


def test_a_phase_s_first_invoice_bills_the_leaving_item_by_its_own_price_and_the_new_one_not_yet_4_3() -> (
    None
):
    account = an_account()
    old_meter, new_meter = a_meter(account), a_meter(account, event_name="activated")
    old = a_price(account, 50, recurring={"usage_type": "metered", "meter": old_meter["id"]})
    new = a_price(account, 70, recurring={"usage_type": "metered", "meter": new_meter["id"]})
    subscription = a_subscription(account, a_customer(account), old)
    made = call(account, "POST", "/v1/subscription_schedules", from_subscription=subscription["id"])
    first = made["phases"][0]
    phases = [
        {"start_date": first["start_date"], "end_date": first["end_date"], "items": [{"price": old}]},
        {"items": [{"price": new}]},
    ]
    call(account, "POST", "/v1/subscription_schedules/{}", made["id"], phases=phases)
    customer = subscription["customer"]
    report(account, customer, "7")
    report(account, customer, "9", event_name="activated")
    pass_time(account, days=31, seconds=60)
    report(account, customer, "1", timestamp=first["end_date"] - 1)
    pass_time(account, seconds=HOUR)
    lines = latest_invoice(account, subscription)["lines"]["data"]
    assert [(line["pricing"]["price_details"]["price"], line["amount"]) for line in lines] == [(old, 8 * 50)]
    report(account, customer, "2", event_name="activated")
    pass_time(account, days=28)
    lines = latest_invoice(account, subscription)["lines"]["data"]
    assert [(line["pricing"]["price_details"]["price"], line["amount"]) for line in lines] == [(new, 2 * 70)]


def an_old_item(account: Account) -> tuple[Object, Object]:
    """A subscription, and its item of a metered price without a meter, which nobody can make any more."""
    price, customer = a_metered_price(account), a_customer(account)
    subscription = a_subscription(account, customer, price)
    (item,) = subscription["items"]["data"]
    for each in (account.table("price")[price], item["price"]):
        each["recurring"] |= {"meter": None}
    return subscription, item


def test_the_last_usage_record_of_a_period_is_billed_where_a_price_has_no_meter_4_7() -> None:
    account = an_account()
    subscription, item = an_old_item(account)
    set_usage(account, item["id"], 9)
    pass_time(account, days=1)
    set_usage(account, item["id"], 7)
    set_usage(account, item["id"], 8, START + HOUR)
    pass_time(account, days=30, seconds=HOUR)
    assert latest_invoice(account, subscription)["total"] == 350
    pass_time(account, days=31)
    assert latest_invoice(account, subscription)["total"] == 0, "it is of that period alone"


def test_usage_records_are_refused_outside_of_the_period_and_beside_a_meter_4_7() -> None:
    account = an_account()
    _, item = an_old_item(account)
    for timestamp in (START - 1, START + HOUR):
        with pytest.raises(Problem, match="current period"):
            set_usage(account, item["id"], 1, timestamp)
    (other,) = a_subscription(account, a_customer(account), a_metered_price(account))["items"]["data"]
    with pytest.raises(Problem, match="without a meter"):
        set_usage(account, other["id"], 1)
    with pytest.raises(Problem, match="No such"):
        set_usage(account, "si_0", 1)

"""What is known of the payment accounts, as gauges."""

from dataclasses import replace
from datetime import timedelta

from metrics_builders import OVERDUE, PAID, a_payer, a_snapshot, shown
from plan_builders import a_price
from subscription_builders import NOW, PRICES, a_subscription, an_invoice
from tenant_billing.ports import AccountSeen


def test_amount_at_risk_is_what_overdue_customers_of_ours_still_owe() -> None:
    """Whole minor units; what is open of a subscription that is in time, or not ours, is at no risk."""
    owed = replace(an_invoice(), amount_remaining=4900, currency="EUR")
    yen = replace(an_invoice(), amount_remaining=700, currency="JPY")
    account = AccountSeen(
        "main",
        NOW,
        open_invoices={"sub_a": (owed, owed), "sub_b": (yen,), "sub_c": (owed,), "sub_x": (owed,)},
    )
    late = {"subscriptionStatus": "past_due"}
    seen = shown(
        a_snapshot(
            a_payer("a", OVERDUE, **late),
            a_payer("b", OVERDUE, subscriptionStatus="unpaid"),
            a_payer("c", PAID, subscriptionStatus="active"),
            accounts=(account,),
        )
    )
    assert seen.of("amount_at_risk_minor_units", backend="main", currency="EUR") == 9800
    assert seen.of("amount_at_risk_minor_units", backend="main", currency="JPY") == 700


def test_an_event_list_tells_its_age_and_how_far_it_is_handled_in_the_accounts_time() -> None:
    handled = NOW + timedelta(days=9) - timedelta(seconds=42)
    account = AccountSeen("main", NOW + timedelta(days=9), 30.0, handled)
    seen = shown(a_snapshot(accounts=(account, AccountSeen("new", NOW))))
    assert seen.of("event_list_age_seconds", backend="main") == 30
    assert seen.of("event_cursor_lag_seconds", backend="main") == 42
    assert seen.of("event_list_age_seconds", backend="new") is None, "nothing is known yet"


def test_the_allowance_of_reads_grows_with_the_payments_that_can_be_counted_on() -> None:
    paying = tuple(replace(a_subscription(), id=f"sub_{number}") for number in range(30))
    prices = {PRICES["starter"]: a_price(PRICES["starter"])}
    rich, poor = AccountSeen("rich", NOW, subscriptions=paying, prices=prices), AccountSeen("poor", NOW)
    seen = shown(a_snapshot(accounts=(rich, poor)))
    assert seen.of("account_read_allowance", backend="rich") == 15_000
    assert seen.of("account_read_allowance", backend="poor") == 10_000

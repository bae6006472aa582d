"""The life of one subscription, from the first payment to its end (stripe.md 2.1)."""

from stripe_engine_world import (
    HOUR,
    a_customer,
    a_price,
    a_subscription,
    an_account,
    cancel,
    event_types,
    latest_invoice,
    pass_time,
)
from tenant_billing_sandbox.stripe.engine.cards import Behavior
from tenant_billing_sandbox.stripe.engine.customer_actions import pay, set_card


def test_a_subscription_is_born_incomplete_paid_renewed_unpaid_paid_again_and_cancelled() -> None:
    account = an_account()
    customer, price = a_customer(account), a_price(account, 4900)

    subscription = a_subscription(account, customer, price)
    first = latest_invoice(account, subscription)
    assert (subscription["status"], first["status"], first["amount_due"]) == ("incomplete", "open", 4900)
    assert first["hosted_invoice_url"].startswith("https://invoice.stripe.com/")

    assert event_types(account, "customer.subscription") == ["customer.subscription.created"]

    pay(account, customer)
    assert (subscription["status"], first["status"], first["amount_remaining"]) == ("active", "paid", 0)
    assert subscription["default_payment_method"] is not None

    pass_time(account, days=31)
    renewal = latest_invoice(account, subscription)
    assert (renewal["billing_reason"], renewal["status"]) == ("subscription_cycle", "draft")
    pass_time(account, seconds=HOUR)
    assert (subscription["status"], renewal["status"]) == ("active", "paid")

    set_card(account, customer, Behavior.DECLINES)
    pass_time(account, days=28, seconds=HOUR)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("past_due", "open")

    pay(account, customer)
    assert (subscription["status"], latest_invoice(account, subscription)["status"]) == ("active", "paid")

    cancel(account, subscription)
    assert subscription["status"] == "canceled"
    assert subscription["ended_at"] == account.now
    assert event_types(account, "customer.subscription")[-1] == "customer.subscription.deleted"
    assert "invoice.payment_failed" in event_types(account)

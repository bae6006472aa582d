"""What lists leave out (API reference, "List all …")."""

from stripe_engine_world import (
    DAY,
    START,
    a_customer,
    a_price,
    a_subscription,
    an_account,
    an_active_subscription,
    call,
    pass_time,
)
from tenant_billing_sandbox.stripe.account import Account


def found(account: Account, path: str, **filters: object) -> int:
    return len(call(account, "GET", path, **filters)["data"])


def test_schedules_by_customer_and_by_when_they_were_made_and_released() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    made = call(account, "POST", "/v1/subscription_schedules", from_subscription=subscription["id"])
    path = "/v1/subscription_schedules"
    assert [found(account, path, customer=who) for who in (subscription["customer"], "cus_other")] == [1, 0]
    assert [found(account, path, created={"gt": at}) for at in (START - 1, START)] == [1, 0]
    assert found(account, path, scheduled=True) == 0
    pass_time(account, days=1)
    call(account, "POST", f"{path}/{{}}/release", made["id"])
    assert [found(account, path, released_at={"gte": START + at}) for at in (DAY, DAY + 1)] == [1, 0]
    assert found(account, path, canceled_at={"gte": START}) == 0


def test_payments_by_invoice_status_and_payment_intent() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    path, (payment,) = "/v1/invoice_payments", account.table("invoice_payment").values()
    intent = payment["payment"]["payment_intent"]
    assert found(account, path, invoice=subscription["latest_invoice"], status="paid") == 1
    assert found(account, path, status="open") == 0
    of_type = {"type": "payment_intent"}
    assert found(account, path, payment=of_type | {"payment_intent": intent}) == 1
    assert found(account, path, payment=of_type | {"payment_intent": "pi_other"}) == 0


def test_setup_intents_by_customer_and_payment_method() -> None:
    account = an_account()
    customer = a_customer(account)
    a_subscription(account, customer, a_price(account), trial_period_days=3)
    path = "/v1/setup_intents"
    assert [found(account, path, customer=who) for who in (customer, "cus_other")] == [1, 0]
    assert found(account, path, payment_method="pm_other") == 0

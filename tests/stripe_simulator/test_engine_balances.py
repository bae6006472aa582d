"""The customer's balance: credit that pays, and amounts too small to be charged (docs ``billing/customer/balance``)."""

from stripe_engine_world import (
    HOUR,
    a_customer,
    a_price,
    a_subscription,
    an_account,
    an_active_subscription,
    call,
    latest_invoice,
    pass_time,
)


def test_an_amount_below_the_smallest_charge_is_paid_at_once_and_waits_for_the_next_invoice() -> None:
    account = an_account()
    customer = a_customer(account)
    subscription = a_subscription(account, customer, a_price(account, 49))
    first = latest_invoice(account, subscription)
    assert (subscription["status"], first["status"], first["amount_due"]) == ("active", "paid", 0)
    assert account.table("customer")[customer]["balance"] == first["ending_balance"] == 49
    pass_time(account, days=31, seconds=HOUR)
    second = latest_invoice(account, subscription)
    assert (second["total"], second["starting_balance"], second["amount_due"]) == (49, 49, 98)
    assert account.table("customer")[customer]["balance"] == 0


def test_the_smallest_charge_itself_is_charged() -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account, 50))
    assert (subscription["status"], latest_invoice(account, subscription)["amount_due"]) == ("incomplete", 50)


def test_a_void_invoice_gives_back_the_credit_that_it_took() -> None:
    account = an_account()
    customer = a_customer(account, balance=-1000)
    subscription = a_subscription(account, customer, a_price(account, 4900))
    invoice = latest_invoice(account, subscription)
    assert (invoice["amount_due"], account.table("customer")[customer]["balance"]) == (3900, 0)
    call(account, "POST", "/v1/invoices/{}/void", invoice["id"])
    assert account.table("customer")[customer]["balance"] == -1000


def test_a_void_invoice_gives_back_a_debt_that_it_collected() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    customer = account.table("customer")[subscription["customer"]]
    customer["balance"] = 300
    pass_time(account, days=31)
    invoice = call(
        account, "POST", "/v1/invoices/{}/finalize", subscription["latest_invoice"], auto_advance=False
    )
    assert (invoice["amount_due"], customer["balance"]) == (5200, 0)
    call(account, "POST", "/v1/invoices/{}/void", invoice["id"])
    assert customer["balance"] == 300

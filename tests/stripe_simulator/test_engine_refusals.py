"""A refusal comes before anything is changed, and a mistake of the caller is never an error of the server."""

import copy
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
)
from tenant_billing_sandbox.stripe import resources as resources
from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.operations import Call
from tenant_billing_sandbox.stripe.problems import Problem
from tenant_billing_sandbox.stripe.published import tables
from tenant_billing_sandbox.stripe.rendering import check_expansions
from tenant_billing_sandbox.stripe.validation import validated


def refused(account: Account, method: str, template: str, *path: str, **params: Any) -> Problem:
    """The refusal of a call, after which everything is as it was and no event tells of anything."""
    before = copy.deepcopy(account.objects)
    with pytest.raises(Problem) as caught:
        call(account, method, template, *path, **params)
    assert {kind: objects for kind, objects in account.objects.items() if objects} == {
        kind: objects for kind, objects in before.items() if objects
    }
    return caught.value


def typed(operation: str, **raw: Any) -> Object:
    return validated(tables.parameters()[operation], raw)


@pytest.mark.parametrize(
    ("operation", "raw", "param"),
    [
        ("POST /v1/prices", {"currency": "eur", "transfer_lookup_key": ["x"]}, "transfer_lookup_key"),
        ("POST /v1/prices", {"currency": "eur", "active": {"a": "b"}}, "active"),
        ("POST /v1/coupons", {"percent_off": "NaN"}, "percent_off"),
        ("POST /v1/coupons", {"percent_off": "Infinity"}, "percent_off"),
        ("POST /v1/subscriptions/{}", {"items": [{"quantity": "-1"}]}, "items[0][quantity]"),
        ("POST /v1/subscriptions", {"customer": "c", "trial_period_days": "-3"}, "trial_period_days"),
    ],
)
def test_what_is_of_the_wrong_kind_is_refused_by_name(
    operation: str, raw: dict[str, Any], param: str
) -> None:
    with pytest.raises(Problem) as caught:
        typed(operation, **raw)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_a_customer_may_be_in_credit() -> None:
    assert typed("POST /v1/customers", balance="-500") == {"balance": -500}


def test_a_product_is_not_made_where_its_first_price_is_refused() -> None:
    account = an_account()
    data = {"currency": "zzz", "unit_amount": 1}
    refusal = refused(account, "POST", "/v1/products", name="Starter", default_price_data=data)
    assert refusal.param == "currency"


def test_a_product_and_its_first_price_are_told_in_this_order() -> None:
    account = an_account()
    data = {"currency": "eur", "unit_amount": 1}
    made = call(account, "POST", "/v1/products", name="Starter", default_price_data=data)
    assert account.table("price")[made["default_price"]]["product"] == made["id"]
    told = [event["type"] for event in account.table("event").values()]
    assert told == ["product.created", "price.created", "product.updated"]


def test_too_many_keys_in_all_are_refused_before_anything_else_is_changed() -> None:
    account = an_account()
    full = {f"key{number}": "x" for number in range(50)}
    customer = call(account, "POST", "/v1/customers", metadata=full)["id"]
    method = call(account, "POST", "/v1/payment_methods/{}/attach", "pm_card_visa", customer=customer)["id"]
    settings = {"default_payment_method": method}
    more = {"metadata": {"one_more": "x"}}
    refusal = refused(
        account, "POST", "/v1/customers/{}", customer, invoice_settings=settings, name="New", **more
    )
    assert refusal.param == "metadata"
    endpoint = call(
        account,
        "POST",
        "/v1/webhook_endpoints",
        url="https://a.example",
        enabled_events=["*"],
        metadata=full,
    )
    refused(account, "POST", "/v1/webhook_endpoints/{}", endpoint["id"], url="https://b.example", **more)


def test_an_account_has_16_webhook_endpoints_at_most() -> None:
    account = an_account()
    params = {"url": "https://a.example", "enabled_events": ["*"]}
    for _ in range(16):
        call(account, "POST", "/v1/webhook_endpoints", **params)
    assert "maximum of 16" in refused(account, "POST", "/v1/webhook_endpoints", **params).message


def test_a_payment_method_is_attached_to_a_customer_only() -> None:
    account = an_account()
    refusal = refused(account, "POST", "/v1/payment_methods/{}/attach", "pm_card_visa")
    assert (refusal.code, refusal.param) == ("parameter_missing", "customer")


def test_a_payment_method_of_a_deleted_customer_can_still_be_detached() -> None:
    account = an_account()
    customer = a_customer(account)
    method = call(account, "POST", "/v1/payment_methods/{}/attach", "pm_card_visa", customer=customer)["id"]
    call(account, "DELETE", "/v1/customers/{}", customer)
    assert call(account, "POST", "/v1/payment_methods/{}/detach", method)["customer"] is None


@pytest.mark.parametrize("asked", [{"card": {"number": "4000000000000002"}}, {"type": "sepa_debit"}])
def test_no_card_that_was_not_asked_for_is_made(asked: dict[str, Any]) -> None:
    account = an_account()
    refused(account, "POST", "/v1/payment_methods", **({"type": "card"} | asked))


def subscribing(account: Account, **params: Any) -> Problem:
    """The refusal of a new subscription."""
    return refused(account, "POST", "/v1/subscriptions", **params)


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({"trial_end": START}, "trial_end"),
        ({"trial_end": START + 732 * DAY}, "trial_end"),
        ({"trial_end": START + DAY, "trial_period_days": 3}, "trial_end"),
        ({"trial_period_days": 731}, "trial_period_days"),
        ({"trial_period_days": 0}, "trial_period_days"),
        ({"billing_cycle_anchor": START - DAY}, "billing_cycle_anchor"),
        ({"billing_cycle_anchor": START + 32 * DAY}, "billing_cycle_anchor"),
        ({"cancel_at": START}, "cancel_at"),
        ({"cancel_at": START + DAY, "cancel_at_period_end": True}, None),
    ],
)
def test_a_subscription_is_not_made_for_times_that_cannot_be_had(
    wish: dict[str, Any], param: str | None
) -> None:
    account = an_account()
    wanted = {"customer": a_customer(account), "items": [{"price": a_price(account)}]}
    assert subscribing(account, **wanted, **wish).param == param


@pytest.mark.parametrize("end", ["min_period_end", "max_period_end"])
def test_a_subscription_can_end_with_its_first_period(end: str) -> None:
    account = an_account()
    subscription = a_subscription(account, a_customer(account), a_price(account), cancel_at=end)
    assert subscription["cancel_at"] == subscription["items"]["data"][0]["current_period_end"]


def test_an_update_asks_for_no_trial_in_the_past() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    refusal = refused(account, "POST", "/v1/subscriptions/{}", subscription["id"], trial_end=START - 1)
    assert refusal.param == "trial_end"


def test_a_customer_has_one_currency_at_a_time() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    other = a_price(account, currency="usd")
    wanted = {
        "customer": subscription["customer"],
        "items": [{"price": other}],
        "payment_behavior": "default_incomplete",
    }
    assert "currency eur" in subscribing(account, **wanted).message
    call(account, "DELETE", "/v1/subscriptions/{}", subscription["id"])
    assert call(account, "POST", "/v1/subscriptions", **wanted)["currency"] == "usd"


def test_a_price_of_an_archived_product_is_not_sold_and_goes_on_where_it_was() -> None:
    account = an_account()
    product = call(account, "POST", "/v1/products", name="Starter")["id"]
    price = a_price(account, product=product)
    subscription = an_active_subscription(account, price)
    call(account, "POST", "/v1/products/{}", product, active=False)
    wanted = {"customer": a_customer(account), "items": [{"price": price}]}
    assert "marked as inactive" in subscribing(account, **wanted).message
    pass_time(account, days=31, seconds=HOUR)
    assert latest_invoice(account, subscription)["status"] == "paid"


def test_classic_billing_does_not_mix_intervals_and_flexible_billing_does() -> None:
    account = an_account()
    items = [{"price": a_price(account)}, {"price": a_price(account, 100, "year")}]
    wanted = {"customer": a_customer(account), "items": items, "payment_behavior": "default_incomplete"}
    assert "interval" in subscribing(account, **wanted, billing_mode={"type": "classic"}).message
    assert len(call(account, "POST", "/v1/subscriptions", **wanted)["items"]["data"]) == 2


def test_the_time_before_the_anchor_is_free_without_proration() -> None:
    account = an_account()
    subscription = a_subscription(
        account,
        a_customer(account),
        a_price(account),
        billing_cycle_anchor=START + 10 * DAY,
        proration_behavior="none",
    )
    assert (subscription["status"], latest_invoice(account, subscription)["total"]) == ("active", 0)


@pytest.mark.parametrize(
    ("address", "enough"),
    [
        (None, False),
        ({"city": "Gent"}, False),
        ({"country": "BE"}, True),
        ({"country": "US"}, False),
        ({"country": "US", "postal_code": "94107"}, True),
        ({"country": "CA"}, False),
        ({"country": "CA", "state": "QC"}, True),
    ],
)
def test_automatic_tax_needs_the_location_of_the_customer(
    address: dict[str, str] | None, enough: bool
) -> None:
    account = an_account()
    customer = a_customer(account, address=address)
    wanted = {
        "customer": customer,
        "items": [{"price": a_price(account)}],
        "automatic_tax": {"enabled": True},
    }
    wanted["payment_behavior"] = "default_incomplete"
    if enough:
        assert call(account, "POST", "/v1/subscriptions", **wanted)["automatic_tax"]["enabled"] is True
    else:
        assert subscribing(account, **wanted).code == "customer_tax_location_invalid"


def test_automatic_tax_cannot_be_switched_on_later_without_a_location_either() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    wish = {"automatic_tax": {"enabled": True}, "description": "Taxed"}
    refusal = refused(account, "POST", "/v1/subscriptions/{}", subscription["id"], **wish)
    assert refusal.code == "customer_tax_location_invalid"


def test_invoices_are_sent_to_customers_with_an_address_only() -> None:
    account = an_account()
    by_invoice = {"collection_method": "send_invoice", "days_until_due": 14}
    wanted = {"customer": a_customer(account, email=None), "items": [{"price": a_price(account)}]}
    assert "Missing email" in subscribing(account, **wanted, **by_invoice).message
    subscription = an_active_subscription(account)
    account.table("customer")[subscription["customer"]]["email"] = None
    refusal = refused(account, "POST", "/v1/subscriptions/{}", subscription["id"], **by_invoice)
    assert "Missing email" in refusal.message


def test_why_it_ends_is_said_of_a_subscription_that_ends_only() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    why = {"cancellation_details": {"feedback": "unused"}}
    assert (
        "set to cancel" in refused(account, "POST", "/v1/subscriptions/{}", subscription["id"], **why).message
    )
    call(account, "POST", "/v1/subscriptions/{}", subscription["id"], cancel_at_period_end=True, **why)
    assert subscription["cancellation_details"]["feedback"] == "unused"


def test_what_only_stripe_carries_out_for_an_item_is_refused_wherever_it_is_asked_for() -> None:
    account = an_account()
    subscription = an_active_subscription(account)
    (item,) = subscription["items"]["data"]
    wish = {"tax_rates": ["txr_1"]}
    price = a_price(account)
    refusals = [
        subscribing(account, customer=a_customer(account), items=[{"price": price, **wish}]),
        refused(
            account, "POST", "/v1/subscriptions/{}", subscription["id"], items=[{"id": item["id"], **wish}]
        ),
        refused(account, "POST", "/v1/subscription_items/{}", item["id"], **wish),
        refused(
            account, "POST", "/v1/subscription_items", subscription=subscription["id"], price=price, **wish
        ),
    ]
    assert {refusal.code for refusal in refusals} == {"not_simulated"}


@pytest.mark.parametrize(
    ("template", "path", "refusal"),
    [
        ("/v1/subscriptions/{}", "latest_invoice.colour", "latest_invoice.colour"),
        ("/v1/subscriptions/{}", "latest_invoice.subscription.schedule", "latest_invoice.subscription"),
        ("/v1/invoices", "data.customer.default_price", "data.customer.default_price"),
    ],
)
def test_what_no_answer_could_expand_is_refused_before_anything_is_done(
    template: str, path: str, refusal: str
) -> None:
    method = "GET" if path.startswith("data.") else "DELETE"
    with pytest.raises(Problem) as caught:
        check_expansions(Call(method, template, ("sub_1",), {"expand": [path]}))
    assert f"({refusal})" in caught.value.message


@pytest.mark.parametrize(
    "path", ["latest_invoice.payments", "customer.test_clock", "schedule.customer.subscriptions"]
)
def test_what_an_answer_could_expand_is_not(path: str) -> None:
    check_expansions(Call("DELETE", "/v1/subscriptions/{}", ("sub_1",), {"expand": [path]}))

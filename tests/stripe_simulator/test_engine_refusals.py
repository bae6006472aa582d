"""A refusal comes before anything is changed, and a mistake of the caller is never an error of the server."""

import copy
from typing import Any

import pytest

from stripe_engine_world import a_customer, an_account, call
from tenant_billing_sandbox.stripe import resources as resources
from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.problems import Problem
from tenant_billing_sandbox.stripe.published import tables
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
def test_what_is_of_the_wrong_kind_is_refused_by_name(operation, raw, param):
    with pytest.raises(Problem) as caught:
        typed(operation, **raw)
    assert (caught.value.status, caught.value.param) == (400, param)


def test_a_customer_may_be_in_credit():
    assert typed("POST /v1/customers", balance="-500") == {"balance": -500}


def test_a_product_is_not_made_where_its_first_price_is_refused():
    account = an_account()
    data = {"currency": "zzz", "unit_amount": 1}
    refusal = refused(account, "POST", "/v1/products", name="Starter", default_price_data=data)
    assert refusal.param == "currency"


def test_a_product_and_its_first_price_are_told_in_this_order():
    account = an_account()
    data = {"currency": "eur", "unit_amount": 1}
    made = call(account, "POST", "/v1/products", name="Starter", default_price_data=data)
    assert account.table("price")[made["default_price"]]["product"] == made["id"]
    told = [event["type"] for event in account.table("event").values()]
    assert told == ["product.created", "price.created", "product.updated"]


def test_too_many_keys_in_all_are_refused_before_anything_else_is_changed():
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


def test_an_account_has_16_webhook_endpoints_at_most():
    account = an_account()
    params = {"url": "https://a.example", "enabled_events": ["*"]}
    for _ in range(16):
        call(account, "POST", "/v1/webhook_endpoints", **params)
    assert "maximum of 16" in refused(account, "POST", "/v1/webhook_endpoints", **params).message


def test_a_payment_method_is_attached_to_a_customer_only():
    account = an_account()
    refusal = refused(account, "POST", "/v1/payment_methods/{}/attach", "pm_card_visa")
    assert (refusal.code, refusal.param) == ("parameter_missing", "customer")


def test_a_payment_method_of_a_deleted_customer_can_still_be_detached():
    account = an_account()
    customer = a_customer(account)
    method = call(account, "POST", "/v1/payment_methods/{}/attach", "pm_card_visa", customer=customer)["id"]
    call(account, "DELETE", "/v1/customers/{}", customer)
    assert call(account, "POST", "/v1/payment_methods/{}/detach", method)["customer"] is None


@pytest.mark.parametrize("asked", [{"card": {"number": "4000000000000002"}}, {"type": "sepa_debit"}])
def test_no_card_that_was_not_asked_for_is_made(asked):
    account = an_account()
    refused(account, "POST", "/v1/payment_methods", **({"type": "card"} | asked))

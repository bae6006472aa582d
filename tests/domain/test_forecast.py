"""Calls as values: what is shown of a request, what never is, and why it would be made."""

from decimal import Decimal

import pytest

from loop_fakes import NOW
from tenant_billing.domain import forecast_reasons, predictions, requests
from tenant_billing.domain.forecast import Call, Forecast, Outlook, System, before_of, parameters_of
from tenant_billing.domain.observations import (
    BillingReference,
    Customer,
    Price,
    Subscription,
    SubscriptionItem,
    Tenant,
    TenantState,
)

CALL = Call(System.STRIPE, "ArchivePrice", "BillingPlan starter", "price_1", {}, {}, "why")
A_PRICE = Price("price_1", "prod_1", active=True, currency="EUR", unit_amount=4900, interval="month")


def a_subscription() -> Subscription:
    item = SubscriptionItem("si_1", "price_0", 3, NOW, None)
    return Subscription("sub_1", "cus_1", "active", NOW, (item,), {"a": "1"})


def test_what_is_left_out_is_not_shown_and_zero_is() -> None:
    change = requests.TenantChange(limits={"end_devices": 0, "users": None}, name="")
    assert parameters_of(change) == {"limits": {"end_devices": 0, "users": None}}


def test_a_decimal_is_a_string_and_keeps_every_digit() -> None:
    request = requests.NewPrice(
        "prod_1", "EUR", 0, "month", 1, "exclusive", "key", {}, unit_amount_decimal=Decimal("0.50")
    )
    assert parameters_of(request)["unit_amount_decimal"] == "0.50"


def test_a_password_is_shown_nowhere() -> None:
    user = requests.InitialUser("acme", "a@acme.example", password="hunter2")
    request = requests.NewTenant("acme", "Acme", "", TenantState.APPROVED, {}, {}, None, user)
    call = Call(System.THINGS_STACK, "CreateTenant", "", "", parameters_of(request), {}, "")
    assert "hunter2" not in repr(call)


def test_a_list_stays_a_list() -> None:
    request = requests.NewSubscription("cus_1", "price_1", {}, coupon_ids=("A", "B"))
    assert parameters_of(request)["coupon_ids"] == ["A", "B"]


def test_before_is_narrowed_to_what_is_written() -> None:
    seen = Tenant("acme", TenantState.APPROVED, limits={"users": 1, "gateways": 2})
    parameters = {"limits": {"users": 5}, "state": "Suspended", "unknown": 1}
    assert before_of(seen, parameters) == {"limits": {"users": 1}, "state": "Approved"}


def test_a_forecast_as_json_has_calls_and_objects() -> None:
    outlook = Outlook("BillingPlan starter", is_new=True, ready="True", reason="Available", message="")
    told = Forecast((CALL,), (outlook,)).to_json()
    assert told["calls"][0]["system"] == "Stripe"
    assert told["objects"] == [
        {
            "subject": "BillingPlan starter",
            "new": True,
            "ready": "True",
            "reason": "Available",
            "message": "",
        }
    ]


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("CreateCustomer", {}, "the tenant has no customer yet"),
        ("UpdateTenant", {"limits": {"users": 1}}, "the limits differ from the plan's"),
        (
            "UpdateTenant",
            {"state": "x", "name": "y"},
            "access follows the payments; the object gives another name",
        ),
        ("SomethingNew", {"a": 1}, ""),
    ],
)
def test_every_call_says_why(operation: str, parameters: dict[str, object], expected: str) -> None:
    assert forecast_reasons.reason_of(operation, parameters) == expected  # type: ignore[arg-type]  # plain values


@pytest.mark.parametrize(
    ("request_", "price", "status"),
    [
        (requests.NewSubscription("cus_1", "price_1", {}), A_PRICE, "incomplete"),
        (requests.NewSubscription("cus_1", "price_1", {}), None, "incomplete"),
        (requests.NewSubscription("cus_1", "price_1", {}, trial_days=14), A_PRICE, "trialing"),
        (requests.NewSubscription("cus_1", "price_1", {}, metered=True), A_PRICE, "active"),
        (requests.NewSubscription("cus_1", "price_1", {}, days_until_due=14), A_PRICE, "active"),
    ],
)
def test_a_first_invoice_waits_for_a_person(
    request_: requests.NewSubscription, price: Price | None, status: str
) -> None:
    assert predictions.subscription_made(request_, price, "subscription-1", NOW).status == status


def test_a_changed_item_keeps_the_others_and_takes_the_terms_of_its_price() -> None:
    other = SubscriptionItem("si_2", "price_9", 1, NOW, None)
    before = a_subscription()
    before = Subscription("sub_1", "cus_1", "active", NOW, (*before.items, other), {"a": "1"})
    change = requests.ItemChange(
        "sub_1", "si_1", "price_1", 3, "none", only_when_paid=False, metadata={"b": "2"}
    )
    after = predictions.item_changed(before, change, A_PRICE)
    assert [(each.price_id, each.quantity, each.interval) for each in after.items] == [
        ("price_1", 3, "month"),
        ("price_9", 1, None),
    ]
    assert after.metadata == {"a": "1", "b": "2"}


def test_a_renewal_that_is_not_named_stays() -> None:
    before = a_subscription()
    assert not predictions.subscription_changed(before, requests.SubscriptionChange()).cancel_at_period_end
    change = requests.SubscriptionChange(cancel_at_period_end=True)
    assert predictions.subscription_changed(before, change).cancel_at_period_end


def test_a_canceled_subscription_has_ended_now() -> None:
    ended = predictions.subscription_canceled(a_subscription(), NOW)
    assert (ended.status, ended.ended_at) == ("canceled", NOW)


def test_metadata_is_merged_into_a_customer() -> None:
    assert predictions.customer_marked(Customer("cus_1", metadata={"a": "1"}), {"b": "2"}).metadata == {
        "a": "1",
        "b": "2",
    }


def test_a_tenant_keeps_what_a_change_does_not_name() -> None:
    before = Tenant(
        "acme",
        TenantState.FLAGGED,
        "words",
        "Acme",
        "text",
        {"a": "1"},
        {"users": 1},
        counts_only_activated=True,
    )
    assert predictions.tenant_changed(before, requests.TenantChange()) == before
    reference = BillingReference("cus_1", "price_1", "sub_1", "si_1")
    change = requests.TenantChange(
        state=TenantState.APPROVED,
        name="B",
        description="D",
        attributes={},
        limits={"users": None},
        billing=reference,
        counts_only_activated=False,
    )
    assert predictions.tenant_changed(before, change) == Tenant(
        "acme", TenantState.APPROVED, "", "B", "D", {}, {"users": None}, reference
    )

"""Calls as values: what is shown of a request, what never is, and why it would be made."""

from dataclasses import replace
from decimal import Decimal

import pytest

from hand_clock import NOW
from tenant_billing.domain import forecast_reasons, predictions, requests, subscription_predictions
from tenant_billing.domain.forecast import Call, Forecast, Outlook, System, Value, before_of, parameters_of
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


def test_what_an_address_leaves_out_is_not_shown() -> None:
    address = requests.Address(line1="Main St 1", country="BE")
    request = requests.NewCustomer("a@acme.example", None, None, address, (), {})
    assert parameters_of(request)["address"] == {"line1": "Main St 1", "country": "BE"}


def test_a_list_stays_a_list() -> None:
    request = requests.NewSubscription("cus_1", "price_1", {}, coupon_ids=("A", "B"))
    assert parameters_of(request)["coupon_ids"] == ["A", "B"]


def test_before_is_narrowed_to_what_is_written() -> None:
    seen = Tenant("acme", TenantState.APPROVED, limits={"users": 1, "gateways": 2})
    parameters: dict[str, Value] = {"limits": {"users": 5}, "state": "Suspended", "unknown": 1}
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
    assert subscription_predictions.subscription_made(request_, price, "subscription-1", NOW).status == status


def test_a_changed_item_keeps_the_others_and_takes_the_terms_of_its_price() -> None:
    other = SubscriptionItem("si_2", "price_9", 1, NOW, None)
    before = a_subscription()
    before = Subscription("sub_1", "cus_1", "active", NOW, (*before.items, other), {"a": "1"})
    change = requests.ItemChange(
        "sub_1", "si_1", "price_1", 3, "none", only_when_paid=False, metadata={"b": "2"}
    )
    after = subscription_predictions.item_changed(before, change, A_PRICE)
    assert [(each.price_id, each.quantity, each.interval) for each in after.items] == [
        ("price_1", 3, "month"),
        ("price_9", 1, None),
    ]
    assert after.metadata == {"a": "1", "b": "2"}


def test_a_renewal_that_is_not_named_stays() -> None:
    before = a_subscription()
    assert not subscription_predictions.subscription_changed(
        before, requests.SubscriptionChange()
    ).cancel_at_period_end
    change = requests.SubscriptionChange(cancel_at_period_end=True)
    assert subscription_predictions.subscription_changed(before, change).cancel_at_period_end
    ending = replace(before, cancel_at=NOW)
    for taken_back in (
        requests.SubscriptionChange(clears_cancel_at=True),
        requests.SubscriptionChange(cancel_at_period_end=False),
    ):
        assert subscription_predictions.subscription_changed(ending, taken_back).cancel_at is None


def test_a_canceled_subscription_has_ended_now() -> None:
    ended = subscription_predictions.subscription_canceled(a_subscription(), NOW)
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


def test_a_changed_subscription_has_another_collection_and_other_discounts() -> None:
    request = requests.NewSubscription("cus_1", "price_1", {}, days_until_due=14, coupon_ids=("A", "B"))
    made = subscription_predictions.subscription_made(request, A_PRICE, "subscription-1", NOW)
    assert (made.collection_method, made.days_until_due) == ("send_invoice", 14)
    change = requests.SubscriptionChange(
        collection=requests.CollectionChange(None),
        discounts=requests.DiscountsChange(kept_ids=(made.discounts[1].id,), coupon_ids=("C",)),
    )
    after = subscription_predictions.subscription_changed(made, change)
    assert (after.collection_method, after.days_until_due) == ("charge_automatically", None)
    assert [each.coupon_id for each in after.discounts] == ["B", "C"]
    again = requests.SubscriptionChange(collection=requests.CollectionChange(30), metadata={"a": ""})
    assert subscription_predictions.subscription_changed(after, again).days_until_due == 30


def test_an_empty_value_takes_its_key_away() -> None:
    change = requests.SubscriptionChange(metadata={"a": "", "b": "2"})
    assert subscription_predictions.subscription_changed(a_subscription(), change).metadata == {"b": "2"}


def test_a_schedule_is_attached_planned_and_released() -> None:
    attached = subscription_predictions.schedule_attached(a_subscription(), "schedule-1")
    assert attached.schedule_id == "schedule-1"
    move = requests.PeriodEndMove(
        "sub_1", "schedule-1", "price_0", "price_1", 1, ("month", 1), {"plan": "b"}, {"owner": "default"}
    )
    planned = subscription_predictions.move_planned(attached, move)
    assert planned.schedule is not None
    assert [each.price_ids for each in planned.schedule.phases] == [("price_0",), ("price_1",)]
    assert planned.schedule.metadata == {"owner": "default"}
    assert subscription_predictions.schedule_released(planned) == a_subscription()


def test_everything_that_is_made_is_as_it_was_asked_for() -> None:
    customer = requests.NewCustomer("a@b.example", "Acme", "text", None, (), {"a": "1"})
    assert predictions.customer_made(customer, "customer-1", NOW).email == "a@b.example"
    product = requests.NewProduct("Starter", "text", "txcd_1", {"a": "1"})
    made = predictions.product_made(product, "product-1")
    assert (made.name, made.active, made.tax_code) == ("Starter", True, "txcd_1")
    changed = predictions.product_changed(made, requests.ProductChange(active=False))
    assert (changed.active, changed.name) == (False, "Starter")
    price = requests.NewPrice("product-1", "EUR", 4900, "month", 1, "exclusive", "key", {})
    assert predictions.price_made(price, "price-1", NOW).unit_amount == 4900
    user = requests.InitialUser("acme", "a@acme.example")
    tenant = requests.NewTenant("acme", "Acme", "", TenantState.APPROVED, {}, {"users": 1}, None, user)
    assert predictions.tenant_made(tenant).limits == {"users": 1}
    meter = requests.NewMeter("devices", "Devices")
    assert predictions.meter_made(meter, "meter-1", NOW).event_name == "devices"

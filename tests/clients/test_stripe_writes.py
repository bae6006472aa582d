"""What each write sends to Stripe, byte for byte (stripe.md 5 and 7)."""

from decimal import Decimal

import pytest
from structlog.testing import capture_logs

from outside_stubs import CUT, STRIPE_KEY, SUBJECT, Answer, Stub, a_page, a_subscription, stripe_error
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.domain import requests
from tenant_billing.domain.errors import NotFound, Refused

CUSTOMER = Answer({"id": "cus_1", "object": "customer"}, headers={"Request-Id": "req_1"})
PRICE = Answer({"id": "price_1", "object": "price", "product": "prod_1", "active": True, "currency": "eur"})
PRODUCT = Answer({"id": "prod_1", "object": "product", "name": "Starter", "active": True})
SUBSCRIPTION = Answer(a_subscription())
EXPANDED = {"expand[0]": "latest_invoice", "expand[1]": "schedule", "expand[2]": "discounts"}


async def test_every_request_names_the_pinned_version_and_us_and_no_machine(
    provider: StripeProvider, stub: Stub
) -> None:
    stub.will(PRODUCT)
    await provider.product("prod_1")
    headers = stub.last.headers
    assert headers["Stripe-Version"] == "2026-10-28.endive"
    assert headers["Authorization"] == f"Bearer {STRIPE_KEY}"
    assert "tenant-billing-operator/" in headers["User-Agent"]
    assert "telemetry_id" not in headers["X-Stripe-Client-User-Agent"]
    assert "X-Stripe-Client-Telemetry" not in headers


async def test_create_customer(provider: StripeProvider, stub: Stub) -> None:
    stub.will(CUSTOMER)
    request = requests.NewCustomer(
        email="billing@acme.example",
        name="Acme Ltd",
        description=None,
        address=requests.Address(line1="Main St 1", city="Ghent", country="BE"),
        tax_ids=(("eu_vat", "BE0123456789"),),
        metadata={"tenantbilling.dev/owner": "default"},
    )
    with capture_logs() as lines:
        customer = await provider.create_customer(request, "key-1", SUBJECT)
    assert customer.id == "cus_1"
    assert (stub.last.method, stub.last.path) == ("POST", "/v1/customers")
    assert stub.last.headers["Idempotency-Key"] == "key-1"
    assert stub.last.form == {
        "email": "billing@acme.example",
        "name": "Acme Ltd",
        "address[line1]": "Main St 1",
        "address[city]": "Ghent",
        "address[country]": "BE",
        "tax_id_data[0][type]": "eu_vat",
        "tax_id_data[0][value]": "BE0123456789",
        "metadata[tenantbilling.dev/owner]": "default",
    }
    assert [(line["idempotency_key"], line["request_id"], line["result"]) for line in lines] == [
        ("key-1", "req_1", "Ok")
    ]


async def test_mark_customer_sends_the_marks_only(provider: StripeProvider, stub: Stub) -> None:
    stub.will(CUSTOMER)
    await provider.mark_customer("cus_1", {"a": "b", "gone": ""}, SUBJECT)
    assert (stub.last.method, stub.last.path) == ("POST", "/v1/customers/cus_1")
    assert stub.last.form == {"metadata[a]": "b", "metadata[gone]": ""}


async def test_create_subscription_is_incomplete_until_paid_and_keeps_the_payment_method(
    provider: StripeProvider, stub: Stub
) -> None:
    stub.will(SUBSCRIPTION)
    request = requests.NewSubscription(customer_id="cus_1", price_id="price_1", metadata={"a": "b"})
    await provider.create_subscription(request, "key-1", SUBJECT)
    assert (stub.last.method, stub.last.path) == ("POST", "/v1/subscriptions")
    assert stub.last.headers["Idempotency-Key"] == "key-1"
    assert stub.last.form == {
        "customer": "cus_1",
        "items[0][price]": "price_1",
        "items[0][quantity]": "1",
        "billing_mode[type]": "flexible",
        "payment_behavior": "default_incomplete",
        "payment_settings[save_default_payment_method]": "on_subscription",
        "metadata[a]": "b",
        **EXPANDED,
    }


async def test_create_subscription_with_everything(provider: StripeProvider, stub: Stub) -> None:
    stub.will(SUBSCRIPTION)
    request = requests.NewSubscription(
        customer_id="cus_1",
        price_id="price_1",
        metadata={},
        metered=True,
        days_until_due=14,
        trial_days=30,
        trial_without_payment_method="pause",
        coupon_ids=("PILOT20", "EXTRA"),
        automatic_tax=True,
    )
    await provider.create_subscription(request, "key-1", SUBJECT)
    form = stub.last.form
    assert form.items() >= {
        ("items[0][price]", "price_1"),
        ("collection_method", "send_invoice"),
        ("days_until_due", "14"),
        ("trial_period_days", "30"),
        ("trial_settings[end_behavior][missing_payment_method]", "pause"),
        ("discounts[0][coupon]", "PILOT20"),
        ("discounts[1][coupon]", "EXTRA"),
        ("automatic_tax[enabled]", "true"),
    }
    assert "items[0][quantity]" not in form


def _change(**changes: object) -> requests.ItemChange:
    values: dict[str, object] = {
        "subscription_id": "sub_1",
        "item_id": "si_1",
        "price_id": "price_2",
        "quantity": 3,
        "proration": "create_prorations",
        "only_when_paid": False,
        "metadata": {"plan": "pro"},
        **changes,
    }
    return requests.ItemChange(**values)  # type: ignore[arg-type]  # one builder for all fields


async def test_change_item_sends_the_item_and_its_quantity_as_read(
    provider: StripeProvider, stub: Stub
) -> None:
    stub.will(SUBSCRIPTION)
    await provider.change_item(_change(), "key-1", SUBJECT)
    assert (stub.last.method, stub.last.path) == ("POST", "/v1/subscriptions/sub_1")
    assert stub.last.headers["Idempotency-Key"] == "key-1"
    assert stub.last.form == {
        "items[0][id]": "si_1",
        "items[0][price]": "price_2",
        "items[0][quantity]": "3",
        "proration_behavior": "create_prorations",
        "metadata[plan]": "pro",
        **EXPANDED,
    }


async def test_a_metered_item_is_changed_without_a_quantity(provider: StripeProvider, stub: Stub) -> None:
    stub.will(SUBSCRIPTION)
    await provider.change_item(_change(quantity=None), "key-1", SUBJECT)
    assert "items[0][quantity]" not in stub.last.form


@pytest.mark.parametrize(
    ("pending", "mark"),
    [
        pytest.param(None, "metadata[plan]", id="paid at once: it has taken place"),
        pytest.param({"expires_at": 1}, "metadata[upgrade]", id="it waits"),
    ],
)
async def test_a_change_that_may_wait_for_its_payment_carries_no_marks_and_they_follow_it(
    provider: StripeProvider, stub: Stub, pending: object, mark: str
) -> None:
    stub.will(Answer(a_subscription(pending_update=pending)))
    change = _change(
        only_when_paid=True, proration="always_invoice", metadata_while_waiting={"upgrade": "pro"}
    )
    await provider.change_item(change, "key-1", SUBJECT)
    first, second = stub.received
    assert first.form["payment_behavior"] == "pending_if_incomplete"
    assert first.form["proration_behavior"] == "always_invoice"
    assert "metadata[plan]" not in first.form
    assert first.headers["Idempotency-Key"] == "key-1"
    assert second.path == "/v1/subscriptions/sub_1"
    assert second.form == {mark: "pro", **EXPANDED}
    assert second.headers["Idempotency-Key"] != "key-1"


async def test_a_change_that_failed_leaves_no_marks(provider: StripeProvider, stub: Stub) -> None:
    stub.will(stripe_error(400, "parameter_invalid"))
    with pytest.raises(Refused):
        await provider.change_item(_change(only_when_paid=True), "key-1", SUBJECT)
    assert len(stub.received) == 1


async def test_change_subscription_sends_what_changes_only(provider: StripeProvider, stub: Stub) -> None:
    stub.will(SUBSCRIPTION)
    await provider.change_subscription(
        "sub_1", requests.SubscriptionChange(cancel_at_period_end=False), SUBJECT
    )
    assert stub.last.form == {"cancel_at_period_end": "false", **EXPANDED}
    stub.will(SUBSCRIPTION)
    await provider.change_subscription("sub_1", requests.SubscriptionChange(clears_cancel_at=True), SUBJECT)
    assert stub.last.form == {"cancel_at": "", **EXPANDED}


async def test_cancel_makes_a_final_invoice_and_no_refund(provider: StripeProvider, stub: Stub) -> None:
    stub.will(Answer(a_subscription(status="canceled")))
    ended = await provider.cancel_subscription("sub_1", SUBJECT)
    assert ended.status == "canceled"
    assert (stub.last.method, stub.last.path) == ("DELETE", "/v1/subscriptions/sub_1")
    assert dict(stub.last.query) == {"invoice_now": "true", "prorate": "false", **EXPANDED}


async def test_cancelling_what_has_ended_already_is_success(provider: StripeProvider, stub: Stub) -> None:
    stub.will(stripe_error(404, "resource_missing"), Answer(a_subscription(status="canceled")))
    assert (await provider.cancel_subscription("sub_1", SUBJECT)).status == "canceled"


@pytest.mark.parametrize("found", [stripe_error(404, "resource_missing"), SUBSCRIPTION])
async def test_cancelling_what_is_not_found_and_has_not_ended_is_no_success(
    provider: StripeProvider, stub: Stub, found: Answer
) -> None:
    stub.will(stripe_error(404, "resource_missing"), found)
    with pytest.raises(NotFound):
        await provider.cancel_subscription("sub_1", SUBJECT)


async def test_create_product_and_price(provider: StripeProvider, stub: Stub) -> None:
    stub.will(PRODUCT)
    await provider.create_product(
        requests.NewProduct("Starter", "Up to 500", "txcd_1", {"a": "b"}), "key-1", SUBJECT
    )
    assert stub.last.form == {
        "name": "Starter",
        "description": "Up to 500",
        "tax_code": "txcd_1",
        "metadata[a]": "b",
    }
    stub.will(PRICE)
    price = requests.NewPrice("prod_1", "EUR", 4900, "month", 3, "exclusive", "starter", {"a": "b"})
    await provider.create_price(price, "key-2", SUBJECT)
    assert stub.last.headers["Idempotency-Key"] == "key-2"
    assert stub.last.form == {
        "product": "prod_1",
        "currency": "eur",
        "unit_amount": "4900",
        "recurring[interval]": "month",
        "recurring[interval_count]": "3",
        "recurring[usage_type]": "licensed",
        "tax_behavior": "exclusive",
        "lookup_key": "starter",
        "transfer_lookup_key": "true",
        "metadata[a]": "b",
        "expand[0]": "tiers",
    }


async def test_an_amount_below_a_minor_unit_is_sent_exactly(provider: StripeProvider, stub: Stub) -> None:
    stub.will(PRICE)
    price = requests.NewPrice(
        "prod_1", "EUR", 0, "month", 1, "unspecified", "k", {}, unit_amount_decimal=Decimal("0.000000000001")
    )
    await provider.create_price(price, "key-1", SUBJECT)
    assert Decimal(stub.last.form["unit_amount_decimal"]) == Decimal("0.000000000001")
    assert "unit_amount" not in stub.last.form


async def test_update_product_and_archive_price(provider: StripeProvider, stub: Stub) -> None:
    stub.will(PRODUCT)
    change = requests.ProductChange(description="", default_price_id="price_2", active=False)
    await provider.update_product("prod_1", change, SUBJECT)
    assert stub.last.path == "/v1/products/prod_1"
    assert stub.last.form == {"description": "", "default_price": "price_2", "active": "false"}
    stub.will(PRICE)
    await provider.archive_price("price_1", SUBJECT)
    assert (stub.last.path, stub.last.form) == (
        "/v1/prices/price_1",
        {"active": "false", "expand[0]": "tiers"},
    )


async def test_an_empty_id_or_one_that_would_change_the_path_is_never_sent(
    provider: StripeProvider, stub: Stub
) -> None:
    stub.will(CUT)
    for identifier in ("", "cus_1/../..", "cus 1", "cus_1?x=y", "customér"):
        with pytest.raises(Refused):
            await provider.mark_customer(identifier, {}, SUBJECT)
        with pytest.raises(Refused):
            await provider.cancel_subscription(identifier, SUBJECT)
        with pytest.raises(Refused):
            await provider.subscription(identifier)
    assert stub.received == []


@pytest.mark.parametrize(
    "metadata",
    [
        {f"key-{number}": "x" for number in range(51)},
        {"k" * 41: "x"},
        {"key": "x" * 501},
        {"": "x"},
        {"a[b]": "x"},
    ],
)
async def test_metadata_beyond_stripes_bounds_is_never_sent(
    provider: StripeProvider, stub: Stub, metadata: dict[str, str]
) -> None:
    stub.will(CUT)
    with pytest.raises(Refused) as refused:
        await provider.mark_customer("cus_1", metadata, SUBJECT)
    assert refused.value.field == "metadata"
    assert stub.received == []


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_a_key_that_would_not_protect_is_never_sent(
    provider: StripeProvider, stub: Stub, key: str
) -> None:
    stub.will(a_page())
    with pytest.raises(Refused):
        await provider.create_product(requests.NewProduct("Starter", None, None, {}), key, SUBJECT)
    assert stub.received == []

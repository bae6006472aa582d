"""What the operator understands of Stripe's answers, and which requests it reads them with (stripe.md 1 and 6)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from outside_stubs import (
    NOON,
    Answer,
    ManualClock,
    Stub,
    a_page,
    a_subscription,
    an_invoice,
    an_item,
    stripe_at,
    stripe_error,
)
from tenant_billing.clients.stripe_events import EVENT_TYPES
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.observations import (
    Customer,
    Discount,
    Invoice,
    Price,
    Product,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
)

CREATED = datetime.fromtimestamp(1_790_000_000, UTC)
PRICE = {
    "id": "price_1",
    "object": "price",
    "product": {"id": "prod_1", "object": "product"},
    "active": False,
    "currency": "eur",
    "unit_amount": None,
    "unit_amount_decimal": "0.5",
    "billing_scheme": "per_unit",
    "recurring": {"interval": "month", "interval_count": 3, "usage_type": "metered", "meter": "mtr_1"},
    "tax_behavior": "exclusive",
    "lookup_key": "starter",
    "created": 1_790_000_000,
    "metadata": {"max-gateways": "3"},
}


async def test_a_price(provider: StripeProvider, stub: Stub) -> None:
    stub.will(Answer(PRICE))
    assert await provider.price("price_1") == Price(
        id="price_1",
        product_id="prod_1",
        active=False,
        currency="EUR",
        unit_amount=None,
        unit_amount_decimal=Decimal("0.5"),
        interval="month",
        interval_count=3,
        metered=True,
        meter_id="mtr_1",
        tax_behavior="exclusive",
        lookup_key="starter",
        created=CREATED,
        metadata={"max-gateways": "3"},
    )


async def test_a_product(provider: StripeProvider, stub: Stub) -> None:
    stub.will(
        Answer({"id": "prod_1", "object": "product", "name": "Starter", "active": True, "tax_code": None})
    )
    assert await provider.product("prod_1") == Product(id="prod_1", name="Starter", active=True)


async def test_a_customer_and_a_deleted_one(provider: StripeProvider, stub: Stub) -> None:
    stub.will(Answer({"id": "cus_1", "object": "customer", "email": "a@b.example", "test_clock": "clock_1"}))
    assert await provider.customer("cus_1") == Customer("cus_1", email="a@b.example", test_clock_id="clock_1")
    stub.will(Answer({"id": "cus_1", "object": "customer", "deleted": True}))
    assert await provider.customer("cus_1") == Customer("cus_1", deleted=True)


A_SCHEDULE = {
    "id": "sub_sched_1",
    "object": "subscription_schedule",
    "end_behavior": "cancel",
    "metadata": {"owner": "default"},
    "phases": [
        {"items": [{"price": "price_1"}], "metadata": {}},
        {"items": [{"price": {"id": "price_2"}}, {"price": "price_3"}], "metadata": {"plan": "pro"}},
    ],
}


async def test_a_subscription_with_its_newest_invoice(provider: StripeProvider, stub: Stub) -> None:
    stub.will(
        Answer(
            a_subscription(
                status="paused",
                status_details={"paused": {"subscription": {"type": "final_payment_failure"}}},
                pause_collection={"behavior": "void"},
                pending_update={"expires_at": 1},
                schedule=A_SCHEDULE,
                days_until_due=14,
                discounts=[{"id": "di_1", "source": {"type": "coupon", "coupon": "PILOT20"}}, "di_2"],
                cancel_at=1_790_000_000,
                latest_invoice=an_invoice(status="paid"),
            )
        )
    )
    subscription = await provider.subscription("sub_1")
    assert subscription == Subscription(
        id="sub_1",
        customer_id="cus_1",
        status="paused",
        created=CREATED,
        items=(
            SubscriptionItem(
                id="si_1",
                price_id="price_1",
                quantity=1,
                current_period_start=CREATED,
                current_period_end=CREATED + timedelta(days=30),
                currency="EUR",
                interval="month",
            ),
        ),
        metadata={"tenant-id": "acme-iot"},
        collection_paused=True,
        cancel_at=CREATED,
        days_until_due=14,
        discounts=(Discount("di_1", "PILOT20"), Discount("di_2")),
        schedule_id="sub_sched_1",
        schedule=Schedule(
            id="sub_sched_1",
            phases=(SchedulePhase(("price_1",)), SchedulePhase(("price_2", "price_3"), {"plan": "pro"})),
            metadata={"owner": "default"},
            releases=False,
        ),
        pending_change=True,
        pause_reason="final_payment_failure",
        latest_invoice=Invoice(
            id="in_1",
            subscription_id="sub_1",
            status="paid",
            created=CREATED,
            finalized_at=CREATED + timedelta(hours=1),
            hosted_url="https://invoice.stripe.com/i/x",
        ),
        open_invoices=(),
    )
    assert [value for _, value in stub.last.query] == ["latest_invoice", "schedule", "discounts"]


async def test_a_status_that_is_new_is_kept_as_it_is(provider: StripeProvider, stub: Stub) -> None:
    stub.will(Answer(a_subscription(status="hibernating")))
    subscription = await provider.subscription("sub_1")
    assert subscription is not None
    assert subscription.status == "hibernating"


async def test_a_password_in_metadata_is_told_apart_and_never_shown(
    provider: StripeProvider, stub: Stub
) -> None:
    metadata = {"tenant-id": "acme-iot", "admin-password": "Correct-Horse-1"}
    stub.will(Answer(a_subscription(metadata=metadata)))
    seen = await provider.subscription("sub_1")
    assert seen is not None
    assert (dict(seen.metadata), seen.admin_password) == ({"tenant-id": "acme-iot"}, "Correct-Horse-1")
    assert "Correct-Horse-1" not in repr(seen)


async def test_open_invoices_are_read_for_what_waits_for_payment(
    provider: StripeProvider, stub: Stub
) -> None:
    for status in ("past_due", "incomplete"):
        stub.received.clear()
        stub.will(Answer(a_subscription(status=status)), a_page(an_invoice(due_date=1_790_000_000)))
        subscription = await provider.subscription("sub_1")
        assert subscription is not None
        assert [invoice.due_date for invoice in subscription.open_invoices or ()] == [CREATED]
        assert (stub.last.path, dict(stub.last.query)) == (
            "/v1/invoices",
            {"subscription": "sub_1", "status": "open", "limit": "100"},
        )


async def test_no_invoices_are_read_for_what_is_paid(provider: StripeProvider, stub: Stub) -> None:
    stub.will(Answer(a_subscription(status="active")))
    subscription = await provider.subscription("sub_1")
    assert subscription is not None
    assert subscription.open_invoices == ()
    assert len(stub.received) == 1


async def test_items_beyond_the_inlined_ones_are_read_too(provider: StripeProvider, stub: Stub) -> None:
    few = {"object": "list", "data": [an_item()], "has_more": True, "url": "/v1/subscription_items"}
    stub.will(Answer(a_subscription(items=few)), a_page(an_item(), an_item(id="si_2")))
    subscription = await provider.subscription("sub_1")
    assert subscription is not None
    assert [item.id for item in subscription.items] == ["si_1", "si_2"]


async def test_the_subscriptions_of_a_customer_are_all_of_them(provider: StripeProvider, stub: Stub) -> None:
    stub.will(a_page(a_subscription(status="canceled"), a_subscription(id="sub_2")))
    found = await provider.subscriptions_of("cus_1")
    assert [each.id for each in found] == ["sub_1", "sub_2"]
    assert dict(stub.last.query) == {
        "customer": "cus_1",
        "status": "all",
        "expand[0]": "data.latest_invoice",
        "expand[1]": "data.schedule",
        "expand[2]": "data.discounts",
        "limit": "100",
    }


async def test_lists_follow_all_pages(provider: StripeProvider, stub: Stub) -> None:
    product = {"object": "product", "name": "x", "active": True}
    stub.will(a_page(product | {"id": "prod_2"}, has_more=True), a_page(product | {"id": "prod_1"}))
    assert [each.id async for each in provider.list_products()] == ["prod_2", "prod_1"]
    assert [dict(each.query) for each in stub.received] == [
        {"limit": "100"},
        {"limit": "100", "starting_after": "prod_2"},
    ]


@pytest.mark.parametrize(
    "odd", [{}, {"id": "sub_1"}, 7, {"id": "sub_1", "status": "active", "created": "soon"}]
)
async def test_a_list_of_something_else_is_no_answer_of_stripes(
    provider: StripeProvider, stub: Stub, odd: object
) -> None:
    stub.will(Answer({"object": "list", "data": [odd], "has_more": False}))
    for listing in (provider.list_subscriptions, provider.list_open_invoices, provider.list_prices):
        with pytest.raises(Unreachable):
            [each async for each in listing()]


async def test_a_page_that_is_empty_and_not_the_last_is_never_the_end_of_a_list(
    provider: StripeProvider, stub: Stub
) -> None:
    stub.will(a_page(a_subscription(), has_more=True), a_page(has_more=True))
    with pytest.raises(Unreachable):
        [each async for each in provider.list_subscriptions()]


async def test_archived_prices_are_listed_too(provider: StripeProvider, stub: Stub) -> None:
    stub.will(a_page(), a_page(PRICE))
    assert [price.active async for price in provider.list_prices()] == [False]
    assert [dict(each.query)["active"] for each in stub.received] == ["true", "false"]


async def test_what_lives_on_test_clocks_is_listed_too(provider: StripeProvider, stub: Stub) -> None:
    clock = {"id": "clock_1", "object": "test_helpers.test_clock"}
    stub.will(a_page(a_subscription()), a_page(clock), a_page(a_subscription(id="sub_2")))
    found = [each.id async for each in provider.list_subscriptions()]
    assert found == ["sub_1", "sub_2"]
    assert [(each.path, dict(each.query)) for each in stub.received] == [
        ("/v1/subscriptions", {"status": "all", "limit": "100"}),
        ("/v1/test_helpers/test_clocks", {"limit": "100"}),
        ("/v1/subscriptions", {"status": "all", "test_clock": "clock_1", "limit": "100"}),
    ]


async def test_open_invoices_without_a_subscription_are_left_out(
    provider: StripeProvider, stub: Stub
) -> None:
    stub.will(a_page(an_invoice(id="in_2", parent=None), an_invoice()), a_page())
    assert [each.id async for each in provider.list_open_invoices()] == ["in_1"]


def _event(number: int, **about: object) -> dict[str, object]:
    return {
        "id": f"evt_{number}",
        "object": "event",
        "type": "customer.subscription.updated",
        "created": 1_790_000_000 + number,
        "livemode": False,
        "data": {"object": a_subscription() | about},
    }


async def test_events_after_a_cursor_come_oldest_first_across_pages(
    provider: StripeProvider, stub: Stub
) -> None:
    stub.will(a_page(_event(3), _event(2), has_more=True), a_page(_event(4)))
    assert [event.id async for event in provider.events_after("evt_1", None)] == ["evt_2", "evt_3", "evt_4"]
    asked = [dict(each.query) for each in stub.received]
    assert [each["ending_before"] for each in asked] == ["evt_1", "evt_3"]
    assert [value for name, value in stub.last.query if name.startswith("types")] == list(EVENT_TYPES)


async def test_an_event_does_not_carry_a_password(provider: StripeProvider, stub: Stub) -> None:
    about = {"metadata": {"tenant-id": "acme-iot", "admin-password": "Correct-Horse-1"}}
    stub.will(a_page(_event(1, **about)))
    event = await provider.newest_event()
    assert event is not None
    assert dict(event.metadata) == {"tenant-id": "acme-iot"}


async def test_events_since_a_time_come_oldest_first(provider: StripeProvider, stub: Stub) -> None:
    stub.will(a_page(_event(3), _event(2), has_more=True), a_page(_event(1)))
    assert [event.id async for event in provider.events_after(None, CREATED)] == ["evt_1", "evt_2", "evt_3"]
    assert dict(stub.last.query)["created[gte]"] == "1790000000"


async def test_the_newest_event(provider: StripeProvider, stub: Stub) -> None:
    stub.will(a_page(_event(3)))
    event = await provider.newest_event()
    assert event is not None
    assert event.id == "evt_3"
    stub.will(a_page())
    assert await provider.newest_event() is None


def test_stripe_lists_no_more_than_twenty_types_in_one_call() -> None:
    assert len(set(EVENT_TYPES)) == len(EVENT_TYPES) == 20


async def test_the_time_of_an_account_at_another_address_is_that_of_its_newest_answer(stub: Stub) -> None:
    clock = ManualClock()
    async with stripe_at(stub.url, clock=clock) as provider:
        assert provider.time() is None
        stub.will(stripe_error(500, headers={"Date": "Fri, 20 Nov 2026 12:00:00 GMT"}))
        assert await _fails(provider)
        clock.seconds += 3600
        assert provider.time() == NOON
        stub.will(stripe_error(500, headers={"Date": "no date"}))
        assert await _fails(provider)
        assert provider.time() == NOON


async def _fails(provider: StripeProvider) -> bool:
    try:
        await provider.account()
    except Unreachable:
        return True
    return False


async def test_the_time_of_a_test_clock(provider: StripeProvider, stub: Stub) -> None:
    stub.will(Answer({"id": "clock_1", "object": "test_helpers.test_clock", "frozen_time": 1_790_000_000}))
    assert await provider.clock_time("clock_1") == CREATED

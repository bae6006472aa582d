"""The client and the simulator agree on the main job: subscribe, pay, upgrade, fail to pay, cancel."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from outside_stubs import PATIENT, SUBJECT, stripe_at
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.domain import errors, requests
from tenant_billing.domain.observations import Customer, Meter, Price, PriceTier, Subscription
from tenant_billing_sandbox.service.faults import FaultSpecification
from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator

START = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass(frozen=True)
class World:
    """A simulated account, the client of it, and what a test needs of both."""

    simulator: StripeSimulator
    stripe: StripeProvider

    async def drive(self, path: str, **body: object) -> None:
        async with httpx.AsyncClient() as http:
            answer = await http.post(f"{self.simulator.url}/_sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text

    def script(self, **fault: object) -> None:
        self.simulator.observed.faults.script(FaultSpecification.model_validate(fault))

    @property
    def creates(self) -> int:
        return self.simulator.observed.record.counts().creates

    async def price(self, unit_amount: int) -> Price:
        product = await self.stripe.create_product(
            requests.NewProduct(f"Plan {unit_amount}", None, None, {}), f"product-{unit_amount}", SUBJECT
        )
        return await self.stripe.create_price(
            requests.NewPrice(
                product.id, "EUR", unit_amount, "month", 1, "exclusive", f"plan-{unit_amount}", {"a": "b"}
            ),
            f"price-{unit_amount}",
            SUBJECT,
        )

    async def customer(self) -> Customer:
        request = requests.NewCustomer("ann@acme.example", "Acme", None, None, (), {"tenant": "acme-iot"})
        return await self.stripe.create_customer(request, "customer", SUBJECT)

    async def subscription(self, **changes: object) -> Subscription:
        price, customer = await self.price(4900), await self.customer()
        request = requests.NewSubscription(customer.id, price.id, {"tenant": "acme-iot"}, **changes)  # type: ignore[arg-type]  # one builder for all fields
        return await self.stripe.create_subscription(request, "subscription", SUBJECT)

    async def paid_subscription(self) -> Subscription:
        subscription = await self.subscription()
        await self.drive(f"customers/{subscription.customer_id}/pay")
        return await self.fresh(subscription)

    async def fresh(self, subscription: Subscription) -> Subscription:
        found = await self.stripe.subscription(subscription.id)
        assert found is not None
        return found


@pytest.fixture
async def world() -> AsyncIterator[World]:
    settings = StripeSettings(initial_time=START, rate_limits="live")
    async with (
        StripeSimulator.serve(settings) as simulator,
        stripe_at(simulator.url, key=simulator.api_key, backoff=PATIENT) as stripe,
    ):
        yield World(simulator, stripe)


async def test_a_subscription_waits_for_its_first_payment_and_keeps_the_payment_method(world: World) -> None:
    created = await world.subscription()
    assert created.status == "incomplete"
    assert created.latest_invoice is not None
    assert created.latest_invoice.hosted_url is not None
    await world.drive(f"customers/{created.customer_id}/pay")
    assert (await world.fresh(created)).status == "active"
    await world.drive("clock/advance", seconds=int(timedelta(days=32).total_seconds()))
    assert (await world.fresh(created)).status == "active", "the second month is paid by itself"


async def test_the_account_says_who_it_is_and_what_time_it_is_there(world: World) -> None:
    account = await world.stripe.account()
    assert account.livemode is False
    assert world.stripe.time() == START
    await world.drive("clock/advance", seconds=86400)
    await world.stripe.account()
    assert world.stripe.time() == START + timedelta(days=1)


async def test_an_invoice_that_falls_due_is_seen_with_its_due_date(world: World) -> None:
    created = await world.subscription(days_until_due=14)
    assert (created.status, created.collection_method) == ("active", "send_invoice")
    await world.drive("clock/advance", seconds=int(timedelta(days=16).total_seconds()))
    late = await world.fresh(created)
    assert late.status == "past_due"
    assert late.open_invoices
    assert late.open_invoices[0].due_date is not None
    assert late.open_invoices[0].due_date >= START + timedelta(days=14)


async def test_a_trial_runs(world: World) -> None:
    created = await world.subscription(trial_days=14, trial_without_payment_method="pause")
    assert (created.status, created.trial_end) == ("trialing", START + timedelta(days=14))
    await world.drive("clock/advance", seconds=int(timedelta(days=15).total_seconds()))
    ended = await world.fresh(created)
    assert (ended.status, ended.pause_reason) == ("paused", "trial_end_without_payment_method")


@pytest.mark.parametrize(("works", "pending"), [("succeeds", False), ("declines", True)])
async def test_an_upgrade_waits_for_its_payment_and_carries_its_mark(
    world: World, works: str, pending: bool
) -> None:
    paid = await world.paid_subscription()
    await world.drive(f"customers/{paid.customer_id}/card", behavior=works)
    dearer = await world.price(9900)
    change = requests.ItemChange(
        subscription_id=paid.id,
        item_id=paid.items[0].id,
        price_id=dearer.id,
        quantity=paid.items[0].quantity,
        proration="always_invoice",
        only_when_paid=True,
        metadata={"plan": "pro"},
        metadata_while_waiting={"upgrade": "pro"},
    )
    changed = await world.stripe.change_item(change, "change", SUBJECT)
    assert changed.pending_change is pending
    assert (changed.items[0].price_id == dearer.id) is not pending
    assert changed.metadata["upgrade" if pending else "plan"] == "pro"
    assert len(changed.items) == 1


async def test_a_cancelled_subscription_has_ended_and_may_be_cancelled_again(world: World) -> None:
    paid = await world.paid_subscription()
    assert (await world.stripe.cancel_subscription(paid.id, SUBJECT)).status == "canceled"
    again = await world.stripe.cancel_subscription(paid.id, SUBJECT)
    assert again.ended_at == START


async def test_what_was_created_is_found_in_the_lists(world: World) -> None:
    paid = await world.paid_subscription()
    stripe = world.stripe
    assert [each.id async for each in stripe.list_subscriptions()] == [paid.id]
    assert [each.id async for each in stripe.list_customers()] == [paid.customer_id]
    assert [each.id for each in await stripe.created_since(START)] == [paid.customer_id, paid.id]
    assert await stripe.created_since(START + timedelta(days=1)) == []
    assert [each.id for each in await stripe.subscriptions_of(paid.customer_id)] == [paid.id]
    assert [each.metadata async for each in stripe.list_prices()] == [{"a": "b"}]
    assert [each async for each in stripe.list_open_invoices()] == []


async def test_an_archived_price_is_still_listed(world: World) -> None:
    price = await world.price(4900)
    assert not (await world.stripe.archive_price(price.id, SUBJECT)).active
    assert [each.id async for each in world.stripe.list_prices()] == [price.id]


async def metered_price(world: World, meter: Meter, **terms: Any) -> Price:
    product = await world.stripe.create_product(
        requests.NewProduct("Metered", None, None, {}), "product", SUBJECT
    )
    request = requests.NewPrice(
        product.id, "EUR", None, "month", 1, "unspecified", "metered", {}, meter_id=meter.id
    )
    return await world.stripe.create_price(replace(request, **terms), "price", SUBJECT)


STEPS = (PriceTier(100, Decimal("0.5"), Decimal(900)), PriceTier(None, Decimal(40)))
AMOUNTS: list[Any] = [
    pytest.param({"unit_amount": 50}, id="whole"),
    pytest.param({"unit_amount_decimal": Decimal("0.000000000001")}, id="the finest amount"),
    pytest.param({"tiers": STEPS, "tiers_mode": "graduated"}, id="graduated"),
    pytest.param({"tiers": STEPS, "tiers_mode": "volume"}, id="volume"),
]


@pytest.mark.parametrize("terms", AMOUNTS)
async def test_price_by_a_meter_is_told_with_its_terms_by_every_answer(
    world: World, terms: dict[str, Any]
) -> None:
    meter = await world.stripe.create_meter(requests.NewMeter("devices", "Devices"), "meter", SUBJECT)
    assert (meter.event_name, meter.active, meter.formula) == ("devices", True, "last")
    assert (meter.customer_key, meter.value_key) == ("stripe_customer_id", "value")
    created = await metered_price(world, meter, **terms)
    assert (created.metered, created.meter_id) == (True, meter.id)
    assert (created.exact_amount, created.tiers) == (
        terms.get("unit_amount", terms.get("unit_amount_decimal")),
        terms.get("tiers"),
    )
    assert created.tiers_mode == terms.get("tiers_mode")
    assert await world.stripe.price(created.id) == created
    assert [each async for each in world.stripe.list_prices()] == [created]
    assert await world.stripe.archive_price(created.id, SUBJECT) == replace(created, active=False)


async def test_meter_is_found_in_the_list_and_by_its_id(world: World) -> None:
    meter = await world.stripe.create_meter(requests.NewMeter("devices", "Devices"), "meter", SUBJECT)
    assert [each async for each in world.stripe.list_meters()] == [meter]
    assert await world.stripe.meter(meter.id) == meter
    assert await world.stripe.meter("mtr_none") is None


async def test_event_name_of_an_active_meter_is_taken(world: World) -> None:
    request = requests.NewMeter("devices", "Devices")
    await world.stripe.create_meter(request, "meter", SUBJECT)
    with pytest.raises(errors.AlreadyExists):
        await world.stripe.create_meter(request, "another", SUBJECT)


async def test_metered_subscription_has_no_quantity(world: World) -> None:
    meter = await world.stripe.create_meter(requests.NewMeter("devices", "Devices"), "meter", SUBJECT)
    price, customer = await metered_price(world, meter, unit_amount=50), await world.customer()
    request = requests.NewSubscription(customer.id, price.id, {}, metered=True)
    created = await world.stripe.create_subscription(request, "subscription", SUBJECT)
    assert [(each.metered, each.quantity) for each in created.items] == [(True, None)]


async def test_events_are_read_from_a_cursor_on(world: World) -> None:
    created = await world.subscription()
    cursor = await world.stripe.newest_event()
    assert cursor is not None
    await world.drive(f"customers/{created.customer_id}/pay")
    events = [event async for event in world.stripe.events_after(cursor.id, None)]
    assert {"invoice.paid", "customer.subscription.updated"} <= {event.type for event in events}
    assert {event.metadata.get("tenant") for event in events} == {"acme-iot"}
    everything = [event.id async for event in world.stripe.events_after(None, START)]
    assert everything[-len(events) :] == [event.id for event in events]
    assert everything[-len(events) - 1] == cursor.id


@pytest.mark.parametrize("effect", ["disconnect_before", "disconnect_after"])
async def test_a_lost_answer_creates_nothing_twice(world: World, effect: str) -> None:
    world.script(effect=effect, method="POST", path="/v1/customers")
    first = await world.customer()
    assert (await world.customer()).id == first.id
    assert world.creates == 1


async def test_a_failure_that_stripe_has_stored_is_told_apart(world: World) -> None:
    world.script(
        effect="error", method="POST", path="/v1/customers", status=500, type="api_error", point="execution"
    )
    for _ in range(2):
        with pytest.raises(errors.StoredFailure):
            await world.customer()
    assert world.creates == 0


async def test_a_key_with_other_parameters_is_a_defect_of_ours(world: World) -> None:
    await world.customer()
    other = requests.NewCustomer("bob@acme.example", None, None, None, (), {})
    with pytest.raises(errors.KeyReused):
        await world.stripe.create_customer(other, "customer", SUBJECT)


async def test_what_does_not_exist_is_none(world: World) -> None:
    assert await world.stripe.subscription("sub_none") is None
    assert await world.stripe.customer("cus_none") is None


async def test_a_completed_checkout_is_read_as_an_event_of_the_subscription_that_it_sold(
    world: World,
) -> None:
    """So that a birth whose other events were lost is found by this one alone."""
    price = await world.price(4900)
    await world.drive("checkout", price=price.id, email="ann@acme.example", metadata={"tenant-id": "acme"})
    event = await world.stripe.newest_event()
    assert event is not None
    assert event.type == "checkout.session.completed"
    bought = await world.stripe.subscription(event.related["subscription"])
    assert bought is not None
    assert (bought.customer_id, bought.metadata["tenant-id"]) == (event.related["customer"], "acme")

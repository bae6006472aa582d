"""A move at the period's end, from the client to the simulator and back (stripe.md 7, "At the period end")."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from outside_stubs import PATIENT, SUBJECT, stripe_at
from stripe_contract import Service, connected, price
from stripe_conversations.steps import MONTH, active, advance
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.clients.stripe_schedule_requests import from_period_end_move
from tenant_billing.domain import requests
from tenant_billing.domain.errors import NotFound, Refused, StoredFailure
from tenant_billing.domain.observations import Subscription
from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator

START = datetime(2026, 1, 15, 12, tzinfo=UTC)
MARKS = {"tenantbilling.dev/plan": "yearly"}
OWN = {"tenantbilling.dev/owner": "default"}


class World:
    """A simulated account and the two ways to it: the operator's, and the dashboard's."""

    def __init__(self, stripe: StripeProvider, dashboard: Service) -> None:
        self.stripe = stripe
        self.dashboard = dashboard

    async def subscribed(self, **changes: object) -> Subscription:
        paid = await active(self.dashboard, **changes)
        return await self.read(paid.id)

    async def read(self, subscription_id: str) -> Subscription:
        found = await self.stripe.subscription(subscription_id)
        assert found is not None
        return found

    async def move(self, scheduled: Subscription, **changes: object) -> requests.PeriodEndMove:
        """The subscription's first item to a yearly price."""
        yearly = await price(self.dashboard, unit_amount=49000, recurring={"interval": "year"})
        first = scheduled.items[0]
        plain = requests.PeriodEndMove(
            subscription_id=scheduled.id,
            schedule_id=scheduled.schedule_id or "",
            former_price_id=first.price_id,
            price_id=yearly.id,
            quantity=first.quantity,
            interval=("year", 1),
            metadata=MARKS,
            schedule_metadata=OWN,
        )
        return replace(plain, **changes)  # type: ignore[arg-type]  # one builder for all fields


@pytest.fixture
async def world() -> AsyncIterator[World]:
    settings = StripeSettings(initial_time=START, rate_limits="none")
    async with (
        StripeSimulator.serve(settings) as simulator,
        stripe_at(simulator.url, key=simulator.api_key, backoff=PATIENT) as stripe,
        connected(simulator.url, simulator.api_key) as dashboard,
    ):
        yield World(stripe, dashboard)


async def test_an_attached_schedule_plans_nothing_and_says_nothing_of_whose_it_is(world: World) -> None:
    paid = await world.subscribed()
    scheduled = await world.stripe.attach_schedule(paid.id, "key", SUBJECT)
    assert scheduled.schedule is not None
    assert scheduled.schedule_id == scheduled.schedule.id
    assert [phase.price_ids for phase in scheduled.schedule.phases] == [(paid.items[0].price_id,)]
    assert (scheduled.schedule.metadata, scheduled.schedule.releases) == ({}, True)


async def test_the_same_key_attaches_one_schedule(world: World) -> None:
    paid = await world.subscribed()
    first = await world.stripe.attach_schedule(paid.id, "key", SUBJECT)
    assert (await world.stripe.attach_schedule(paid.id, "key", SUBJECT)).schedule_id == first.schedule_id


async def test_a_key_whose_schedule_is_over_is_told_from_success(world: World) -> None:
    paid = await world.subscribed()
    scheduled = await world.stripe.attach_schedule(paid.id, "key", SUBJECT)
    await world.stripe.release_schedule(paid.id, scheduled.schedule_id or "", SUBJECT)
    with pytest.raises(StoredFailure):
        await world.stripe.attach_schedule(paid.id, "key", SUBJECT)


async def test_a_second_schedule_is_refused(world: World) -> None:
    paid = await world.subscribed()
    await world.stripe.attach_schedule(paid.id, "key", SUBJECT)
    with pytest.raises(Refused):
        await world.stripe.attach_schedule(paid.id, "other", SUBJECT)


async def test_a_planned_move_takes_place_at_the_period_s_end_with_its_marks(world: World) -> None:
    paid = await world.subscribed()
    move = await world.move(await world.stripe.attach_schedule(paid.id, "key", SUBJECT))
    for _ in range(2):
        planned = await world.stripe.plan_move(move, SUBJECT)
    assert planned.schedule is not None
    assert planned.schedule.metadata == OWN
    assert [phase.metadata for phase in planned.schedule.phases] == [{}, MARKS]
    assert planned.items == paid.items
    await advance(world.dashboard, MONTH)
    moved = await world.read(paid.id)
    assert [item.price_id for item in moved.items] == [move.price_id]
    assert moved.metadata == MARKS
    period = moved.items[0].current_period_end
    assert period == START.replace(year=2027, month=2), "a year from the end of the month that was paid"


async def test_other_items_quantities_and_discounts_stay_as_they_are(world: World) -> None:
    coupon = await world.dashboard.client.v1.coupons.create_async({"percent_off": 20, "duration": "forever"})
    main, extra = await price(world.dashboard), await price(world.dashboard, unit_amount=900)
    paid = await world.subscribed(
        items=[
            {"price": main.id, "quantity": 3, "metadata": {"seat": "main"}},
            {"price": extra.id, "quantity": 2, "metadata": {"seat": "extra"}},
        ],
        discounts=[{"coupon": coupon.id}],
    )
    new = await price(world.dashboard, unit_amount=9900)
    scheduled = await world.stripe.attach_schedule(paid.id, "key", SUBJECT)
    move = await world.move(scheduled, price_id=new.id, interval=("month", 1))
    await world.stripe.plan_move(move, SUBJECT)
    await advance(world.dashboard, MONTH)
    moved = await world.read(paid.id)
    assert [(item.price_id, item.quantity) for item in moved.items] == [(new.id, 3), (extra.id, 2)]
    assert [each.coupon_id for each in moved.discounts] == [coupon.id]
    assert moved.discounts == paid.discounts


async def test_another_move_replaces_the_one_that_was_planned(world: World) -> None:
    paid = await world.subscribed()
    scheduled = await world.stripe.attach_schedule(paid.id, "key", SUBJECT)
    await world.stripe.plan_move(await world.move(scheduled), SUBJECT)
    third = await world.move(scheduled, metadata={"tenantbilling.dev/plan": "third"})
    planned = await world.stripe.plan_move(third, SUBJECT)
    assert planned.schedule is not None
    assert [phase.price_ids for phase in planned.schedule.phases] == [
        (paid.items[0].price_id,),
        (third.price_id,),
    ]


async def test_a_price_that_the_subscription_is_not_on_cannot_be_moved(world: World) -> None:
    scheduled = await world.stripe.attach_schedule((await world.subscribed()).id, "key", SUBJECT)
    with pytest.raises(Refused, match="price_other"):
        await world.stripe.plan_move(await world.move(scheduled, former_price_id="price_other"), SUBJECT)


async def test_a_released_subscription_stays_as_it_is_and_may_be_released_again(world: World) -> None:
    paid = await world.subscribed()
    scheduled = await world.stripe.attach_schedule(paid.id, "key", SUBJECT)
    await world.stripe.plan_move(await world.move(scheduled), SUBJECT)
    for _ in range(2):
        released = await world.stripe.release_schedule(paid.id, scheduled.schedule_id or "", SUBJECT)
        assert (released.schedule_id, released.schedule, released.items) == (None, None, paid.items)
    await advance(world.dashboard, MONTH)
    assert (await world.read(paid.id)).items[0].price_id == paid.items[0].price_id


async def test_a_schedule_that_does_not_exist_cannot_be_released(world: World) -> None:
    paid = await world.subscribed()
    with pytest.raises(NotFound):
        await world.stripe.release_schedule(paid.id, "sub_sched_none", SUBJECT)


async def test_a_cancelled_subscription_has_no_schedule_any_more(world: World) -> None:
    scheduled = await world.stripe.attach_schedule((await world.subscribed()).id, "key", SUBJECT)
    ended = await world.stripe.cancel_subscription(scheduled.id, SUBJECT)
    assert (ended.status, ended.schedule_id) == ("canceled", None)


def test_both_phases_repeat_whatever_stripe_put_into_the_first() -> None:
    """Phases replace each other whole: what the second did not name would be reset when it starts."""
    of_the_item = {
        "price": "price_1",
        "quantity": 3,
        "billing_thresholds": {"usage_gte": 10},
        "discounts": [{"coupon": "ITEM", "discount": None, "promotion_code": None}],
        "metadata": {"seat": "main"},
        "tax_rates": [{"id": "txr_1"}],
    }
    kept = {
        "application_fee_percent": 2.5,
        "automatic_tax": {"enabled": True, "liability": {"type": "self"}},
        "billing_thresholds": {"amount_gte": 5000},
        "collection_method": "send_invoice",
        "default_payment_method": "pm_1",
        "default_tax_rates": ["txr_2"],
        "description": "Pilot",
        "discounts": [{"discount": "di_1"}],
        "invoice_settings": {"days_until_due": 14},
        "on_behalf_of": "acct_2",
        "transfer_data": {"destination": "acct_3"},
    }
    over = {"start_date": 0, "end_date": 1, "items": [{"price": "price_0"}]}
    running = {
        **kept,
        "currency": "eur",  # the subscription's, which it keeps
        "automatic_tax": {**kept["automatic_tax"], "disabled_reason": None},  # type: ignore[dict-item]  # a mapping
        "default_tax_rates": [{"id": "txr_2"}],
        "invoice_settings": {"days_until_due": 14, "footer": None, "account_tax_ids": []},
        "transfer_data": {"destination": {"id": "acct_3"}, "amount_percent": None},
        "items": [of_the_item, {"price": "price_2", "discounts": [], "metadata": {}}],
        "start_date": 1,
        "end_date": 2,
        "trial_end": 2,
    }
    schedule = {"phases": [over, running], "current_phase": {"start_date": 1, "end_date": 2}}
    move = requests.PeriodEndMove("sub_1", "sub_sched_1", "price_1", "price_9", 3, ("year", 1), MARKS, OWN)
    sent = from_period_end_move(move, schedule)
    now, then = sent["phases"]
    item = {
        "quantity": 3,
        "discounts": [{"coupon": "ITEM"}],
        "metadata": {"seat": "main"},
        "tax_rates": ["txr_1"],
    }
    same = {"price": "price_1", "billing_thresholds": {"usage_gte": 10}} | item
    assert now == {
        **kept,
        "items": [same, {"price": "price_2"}],
        "start_date": 1,
        "end_date": 2,
        "trial_end": 2,
    }
    assert then == {
        **kept,
        "items": [{"price": "price_9"} | item, {"price": "price_2"}],
        "duration": {"interval": "year", "interval_count": 1},
        "proration_behavior": "none",
        "metadata": MARKS,
    }
    assert (sent["end_behavior"], sent["metadata"]) == ("release", OWN)

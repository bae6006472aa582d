"""What the simulator of Stripe answers, judged by Stripe's published OpenAPI document."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from stripe_contract import connected
from stripe_conversations import CONVERSATIONS, Conversation
from stripe_conversations.steps import active, now, read_events
from stripe_openapi.contract import event_faults, exchange_faults, object_faults
from stripe_openapi.document import StripeDocument
from stripe_openapi.exchanges import recording
from tenant_billing.clients.stripe_events import EVENT_TYPES
from tenant_billing_sandbox.service.listening import listening
from tenant_billing_sandbox.stripe.operations import OPERATIONS
from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator
from waiting import wait_for

NOT_SIMULATED = {"invoice.finalization_failed"}
"""An event of a part of Stripe that the simulator has not: automatic tax, which can fail."""
SETTINGS = StripeSettings(rate_limits="none", initial_time=datetime(2026, 1, 15, 12, tzinfo=UTC))


def objects_in(answer: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of an answer, at any depth."""
    if isinstance(answer, Mapping):
        if isinstance(answer.get("object"), str):
            yield answer
        answer = list(answer.values())
    if isinstance(answer, list):
        for member in answer:
            yield from objects_in(member)


@pytest.mark.parametrize("conversation", CONVERSATIONS.values(), ids=list(CONVERSATIONS))
async def test_every_exchange_is_as_the_document_says(
    conversation: Conversation, document: StripeDocument
) -> None:
    async with (
        StripeSimulator.serve(SETTINGS) as simulator,
        recording(simulator.url) as recorder,
        connected(recorder.url, simulator.api_key) as service,
    ):
        await conversation.talk(service)
        await read_events(service, await now(service))
    exchanges = recorder.exchanges
    faults = {fault: None for exchange in exchanges for fault in exchange_faults(document, exchange)}
    assert not faults, "\n".join(faults)
    answered = [each for each in exchanges if each.succeeded]
    operations = [document.operation(each.method, each.path) for each in answered]
    assert conversation.operations <= {operation.name for operation in operations if operation}
    objects = [found for each in answered for found in objects_in(each.answer)]
    assert conversation.events <= {found["type"] for found in objects if found["object"] == "event"}
    assert conversation.statuses <= {
        found["status"] for found in objects if found["object"] == "subscription"
    }


def test_every_call_that_the_simulator_serves_has_a_conversation() -> None:
    served = {f"{method} {template}" for method, template in OPERATIONS if template.startswith("/v1/")}
    talked_about = frozenset().union(*(each.operations for each in CONVERSATIONS.values()))
    assert served == talked_about


def test_every_status_of_a_subscription_is_shown() -> None:
    shown = frozenset().union(*(each.statuses for each in CONVERSATIONS.values()))
    assert shown == {
        "incomplete",
        "incomplete_expired",
        "trialing",
        "active",
        "past_due",
        "unpaid",
        "paused",
        "canceled",
    }


def test_every_event_that_the_operator_asks_for_is_caused() -> None:
    caused = frozenset().union(*(each.events for each in CONVERSATIONS.values()))
    assert set(EVENT_TYPES) - caused == NOT_SIMULATED


async def test_a_delivery_carries_an_event_as_the_document_describes_it(document: StripeDocument) -> None:
    delivered: list[Any] = []

    async def receive(request: web.Request) -> web.Response:
        delivered.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/webhooks/stripe/main", receive)
    async with (
        listening(app) as receiver,
        StripeSimulator.serve(SETTINGS) as simulator,
        connected(simulator.url, simulator.api_key) as service,
    ):
        endpoint: Any = {"url": f"{receiver}/webhooks/stripe/main", "enabled_events": ["*"]}
        await service.client.v1.webhook_endpoints.create_async(endpoint)
        await active(service)
        await wait_for(lambda: "invoice.paid" in {event["type"] for event in delivered}, "an invoice paid")
    for event in delivered:
        assert [*object_faults(document, event), *event_faults(document, event)] == []

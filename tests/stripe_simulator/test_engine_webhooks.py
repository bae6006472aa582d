"""Webhooks as they are delivered: signed, retried, twice, out of order, lost (stripe.md 3.2, 3.3)."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
import stripe
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from stripe_engine_world import HOUR, a_customer, a_price, a_subscription, an_account, call
from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.controls import routes
from tenant_billing_sandbox.stripe.engine.deliveries import Courier, delivering
from tenant_billing_sandbox.stripe.engine.outbox import Outbox
from tenant_billing_sandbox.stripe.problems import Problem


@dataclass
class Receiver:
    """Keeps what it gets, and answers with the statuses it was given, then with 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)

    async def receive(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        self.signatures.append(request.headers["Stripe-Signature"])
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body in self.bodies]

    @property
    def ids(self) -> list[str]:
        return [json.loads(body)["id"] for body in self.bodies]


@contextlib.asynccontextmanager
async def a_receiver(*statuses: int) -> AsyncIterator[Receiver]:
    receiver = Receiver(statuses=list(statuses))
    app = web.Application()
    app.router.add_post("/hook", receiver.receive)
    async with TestServer(app) as server:
        receiver.url = str(server.make_url("/hook"))
        yield receiver


def an_endpoint(account: Account, receiver: Receiver, *events: str) -> Object:
    asked = {
        "url": receiver.url,
        "enabled_events": list(events or ("*",)),
        "api_version": "2026-10-28.endive",
    }
    return call(account, "POST", "/v1/webhook_endpoints", **asked)


def something_happens(account: Account) -> None:
    a_subscription(account, a_customer(account), a_price(account))


async def test_a_delivery_verifies_with_the_secret_that_creation_returned() -> None:
    account = an_account()
    async with a_receiver() as receiver, delivering(account) as courier:
        endpoint = an_endpoint(account, receiver, "customer.subscription.created")
        something_happens(account)
        await courier.deliver()
    assert receiver.types == ["customer.subscription.created"]
    event = stripe.StripeClient("sk_test_x").construct_event(
        receiver.bodies[0], receiver.signatures[0], endpoint["secret"]
    )
    assert event.api_version == "2026-10-28.endive"
    assert account.table("event")[event.id]["pending_webhooks"] == 0


def test_the_secret_is_shown_at_creation_only() -> None:
    account = an_account()
    endpoint = an_endpoint(account, Receiver("https://hooks.example.com"))
    shown = call(account, "GET", "/v1/webhook_endpoints/{}", endpoint["id"])
    assert endpoint["secret"].startswith("whsec_")
    assert "secret" not in shown


async def deliver_after(account: Account, courier: Courier, seconds: int) -> int:
    account.now += seconds
    return await courier.deliver()


async def test_a_sandbox_retries_three_times_within_a_few_hours() -> None:
    account = an_account()
    async with a_receiver(*[500] * 9) as receiver, delivering(account) as courier:
        an_endpoint(account, receiver, "customer.subscription.created")
        something_happens(account)
        await courier.deliver()
        for _ in range(9):
            await deliver_after(account, courier, 6 * HOUR)
    assert len(receiver.bodies) == 4
    assert account.part(Outbox).waiting == []


async def test_live_retries_go_on_for_three_days() -> None:
    account = an_account()
    account.livemode = True
    async with a_receiver(*[500] * 99) as receiver, delivering(account) as courier:
        endpoint = an_endpoint(
            account, Receiver("https://hooks.example.com"), "customer.subscription.created"
        )
        endpoint = account.table("webhook_endpoint")[endpoint["id"]]
        endpoint["url"] = receiver.url
        something_happens(account)
        await courier.deliver()
        for _ in range(71):
            await deliver_after(account, courier, HOUR)
        in_time = len(receiver.bodies)
        for _ in range(72):
            await deliver_after(account, courier, HOUR)
    assert in_time > 6
    assert len(receiver.bodies) == in_time


async def test_a_retry_repeats_the_body_and_stays_verifiable() -> None:
    account = an_account()
    async with a_receiver(500) as receiver, delivering(account) as courier:
        endpoint = an_endpoint(account, receiver, "customer.subscription.created")
        something_happens(account)
        await courier.deliver()
        await deliver_after(account, courier, HOUR)
    assert receiver.bodies[0] == receiver.bodies[1]
    for body, signature in zip(receiver.bodies, receiver.signatures, strict=True):
        stripe.WebhookSignature.verify_header(body.decode(), signature, endpoint["secret"], 300)


async def test_a_disabled_endpoint_gets_no_retry() -> None:
    account = an_account()
    async with a_receiver(500) as receiver, delivering(account) as courier:
        endpoint = an_endpoint(account, receiver, "customer.subscription.created")
        something_happens(account)
        await courier.deliver()
        call(account, "POST", "/v1/webhook_endpoints/{}", endpoint["id"], disabled=True)
        await deliver_after(account, courier, HOUR)
    assert len(receiver.bodies) == 1


async def test_faults_on_request_hold_duplicate_reorder_and_drop() -> None:
    account = an_account()
    async with (
        a_receiver() as receiver,
        delivering(account) as courier,
        TestClient(TestServer(app_of(account, courier))) as client,
    ):
        an_endpoint(account, receiver, "invoice.*")
        await client.post(
            "/_sandbox/webhooks", json={"hold": True, "duplicate": 1, "reorder": True, "drop": 1}
        )
        something_happens(account)
        assert await courier.deliver() == 0
        answer = await client.post("/_sandbox/webhooks/flush")
        assert (await answer.json())["attempts"] == len(receiver.bodies)
    assert receiver.types == ["invoice.finalized", "invoice.finalized", "invoice.updated", "invoice.updated"]
    assert len(set(receiver.ids)) == 2


def app_of(account: Account, courier: Courier) -> web.Application:
    app = web.Application()
    app.add_routes(routes(account, courier))
    return app


async def test_both_secrets_sign_while_one_is_rolled_and_only_the_new_one_afterwards() -> None:
    account = an_account()
    async with (
        a_receiver() as receiver,
        delivering(account) as courier,
        TestClient(TestServer(app_of(account, courier))) as client,
    ):
        endpoint = an_endpoint(account, receiver, "customer.subscription.created")
        answer = await client.post(
            f"/_sandbox/webhooks/{endpoint['id']}/roll", json={"overlap_seconds": HOUR}
        )
        new = (await answer.json())["secret"]
        something_happens(account)
        await courier.deliver()
        account.now += HOUR
        something_happens(account)
        await courier.deliver()
    assert receiver.signatures[0].count("v1=") == 2
    for secret in (endpoint["secret"], new):
        stripe.WebhookSignature.verify_header(
            receiver.bodies[0].decode(), receiver.signatures[0], secret, 300
        )
    assert receiver.signatures[1].count("v1=") == 1


async def test_a_lost_event_is_neither_delivered_nor_listed() -> None:
    account = an_account()
    async with (
        a_receiver() as receiver,
        delivering(account) as courier,
        TestClient(TestServer(app_of(account, courier))) as client,
    ):
        an_endpoint(account, receiver)
        await client.post("/_sandbox/events/lose", json={"count": 99})
        something_happens(account)
        await courier.deliver()
    assert receiver.bodies == []
    assert call(account, "GET", "/v1/events")["data"] == []


async def test_an_unreachable_endpoint_leaves_the_event_pending() -> None:
    account = an_account()
    async with delivering(account) as courier:
        an_endpoint(account, Receiver("http://127.0.0.1:9/hook"), "customer.subscription.created")
        something_happens(account)
        await courier.deliver()
    pending = call(account, "GET", "/v1/events", delivery_success=False)["data"]
    assert [event["type"] for event in pending] == ["customer.subscription.created"]


def test_an_endpoint_can_be_changed_listed_and_deleted_but_its_version_stays_1_2() -> None:
    account = an_account()
    made = an_endpoint(account, Receiver("https://hooks.example.com"))
    call(
        account,
        "POST",
        "/v1/webhook_endpoints/{}",
        made["id"],
        url="https://other.example.com",
        enabled_events=["invoice.paid"],
        description="payments",
        metadata={"owner": "default"},
    )
    (shown,) = call(account, "GET", "/v1/webhook_endpoints")["data"]
    assert (shown["url"], shown["enabled_events"]) == ("https://other.example.com", ["invoice.paid"])
    assert (shown["metadata"], shown["api_version"]) == ({"owner": "default"}, "2026-10-28.endive")
    call(account, "DELETE", "/v1/webhook_endpoints/{}", made["id"])
    assert call(account, "GET", "/v1/webhook_endpoints")["data"] == []


@pytest.mark.parametrize(
    ("url", "livemode"), [("hooks.example.com", False), ("http://hooks.example.com", True)]
)
def test_an_endpoint_needs_an_address_and_https_in_live_mode_3_2(url: str, livemode: bool) -> None:
    account = an_account()
    account.livemode = livemode
    with pytest.raises(Problem) as refusal:
        an_endpoint(account, Receiver(url))
    assert refusal.value.param == "url"


async def test_events_of_other_types_are_not_addressed_to_an_endpoint_3_2() -> None:
    account = an_account()
    async with a_receiver() as receiver, delivering(account) as courier:
        an_endpoint(account, receiver, "product.created", "invoice.finalized")
        something_happens(account)
        await courier.deliver()
    assert receiver.types == ["invoice.finalized"]

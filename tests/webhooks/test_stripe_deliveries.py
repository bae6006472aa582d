"""Deliveries over HTTP: what is accepted, refused, dropped, and when it must come again."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stripe

from kubernetes_bodies import a_backend, a_plan, a_subscription, newer
from tenant_billing.clients.stripe_webhook import StripeWebhookVerifier
from tenant_billing.domain.errors import Unreachable
from tenant_billing.ports import ObjectGone, SecretNotFound, StoredSecret
from tenant_billing.runtime.resources import ResourceStore
from tenant_billing.webhooks.deliveries import Deliveries, Result
from tenant_billing.webhooks.endpoint import LARGEST_DELIVERY, webhook_application
from tenant_billing.webhooks.listening import listening
from tenant_billing.webhooks.signing_secrets import SigningSecrets
from waiting import wait_for

SECRET = "whsec_main"
BILLING_SERVER = "/api/v3/tbs/stripe"
MAIN = "/webhooks/stripe/main"


@dataclass
class SteppedClock:
    """Real time of day, because signatures carry it; monotonic time as the test says."""

    elapsed: float = 1000.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.elapsed


@dataclass
class NotedCluster:
    """Holds Secrets and notes annotations."""

    secrets: dict[str, str] = field(default_factory=lambda: {"main-webhook": SECRET})
    annotated: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    reads: int = 0
    gone: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    is_down: bool = False
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    async def secret_value(self, namespace: str, name: str, key: str) -> str:
        assert (namespace, key) == ("tenant-billing-system", "secret")
        self.reads += 1
        await self.answers.wait()
        if self.is_down or name in self.unreadable:
            raise Unreachable("the API server is down")
        if name not in self.secrets:
            raise SecretNotFound(name)
        return self.secrets[name]

    async def secret(self, namespace: str, name: str) -> StoredSecret | None:
        raise AssertionError("a webhook reads no whole Secret")

    async def apply_secret(
        self,
        namespace: str,
        name: str,
        values: Mapping[str, str],
        annotations: Mapping[str, str],
        *,
        instead_of: StoredSecret | None,
    ) -> None:
        raise AssertionError("a webhook writes no Secret")

    async def create(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        raise AssertionError("a webhook makes no object")

    async def annotate(
        self, kind: str, namespace: str | None, name: str, annotations: Mapping[str, str]
    ) -> None:
        if self.is_down:
            raise Unreachable("the API server is down")
        if name in self.gone:
            raise ObjectGone(name)
        self.annotated.append((kind, f"{namespace}/{name}" if namespace else name, annotations))

    async def apply_status(
        self, kind: str, namespace: str | None, name: str, uid: str, status: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        raise AssertionError("a webhook writes no status")

    async def set_finalizers(self, body: Mapping[str, Any], finalizers: object) -> Mapping[str, Any]:
        raise AssertionError("a webhook sets no finalizers")

    async def is_being_removed(self, kind: str, namespace: str | None) -> bool:
        raise AssertionError("a webhook does not ask that")

    async def event(self, body: Mapping[str, Any], type_: str, reason: str, message: str) -> None:
        raise AssertionError("a webhook tells no events")


@dataclass
class Endpoint:
    """The endpoint as Stripe sees it, and what lies behind it."""

    client: httpx.AsyncClient
    cluster: NotedCluster
    clock: SteppedClock
    deliveries: Deliveries
    watched: asyncio.Event

    async def deliver(self, event: object, path: str = MAIN, secret: str = SECRET, **headers: str) -> int:
        payload = event if isinstance(event, bytes) else json.dumps(event).encode()
        signature = stripe.WebhookSignature.generate_signature_header(payload.decode("latin-1"), secret)
        return await self.post(payload, path, **{"Stripe-Signature": signature, **headers})

    async def post(self, payload: bytes, path: str = MAIN, **headers: str) -> int:
        sent = {"Content-Type": "application/json; charset=utf-8"} | headers
        return (await self.client.post(path, content=payload, headers=sent)).status_code


@asynccontextmanager
async def an_endpoint() -> AsyncIterator[Endpoint]:
    store, cluster, clock = ResourceStore(), NotedCluster(), SteppedClock()
    store.arrive(a_backend("main", status={"accountID": "acct_1"}))
    store.arrive(a_backend("second"))
    store.arrive(a_plan(status={"priceID": "price_1", "productID": "prod_1"}))
    store.arrive(a_subscription("acme", status={"subscriptionID": "sub_1", "customerID": "cus_1"}))
    secrets = SigningSecrets(cluster, clock, "tenant-billing-system")
    watched = asyncio.Event()
    watched.set()
    deliveries = Deliveries(store, cluster, secrets, StripeWebhookVerifier(clock), watched.is_set)
    async with (
        listening(webhook_application(deliveries), "127.0.0.1", 0) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        yield Endpoint(client, cluster, clock, deliveries, watched)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with an_endpoint() as running:
        yield running


def an_event(
    type_: str = "customer.subscription.updated", *, about: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    subject = about or {"id": "sub_1", "object": "subscription", "customer": "cus_1"}
    known = {"id": "evt_1", "object": "event", "type": type_, "created": 1_795_000_000, "livemode": False}
    return known | {"data": {"object": subject}} | fields


def nudged(kind: str, name: str, event: str = "evt_1") -> list[tuple[str, str, Mapping[str, str]]]:
    return [(kind, name, {"tenantbilling.dev/nudge": event})]


@pytest.mark.parametrize("path", [MAIN, BILLING_SERVER])
async def test_an_event_is_stored_on_the_object_it_concerns_and_then_accepted(
    endpoint: Endpoint, path: str
) -> None:
    assert await endpoint.deliver(an_event(), path) == 200
    assert endpoint.cluster.annotated == nudged("TenantSubscription", "tenants/acme")


async def test_an_event_that_comes_before_the_objects_are_known_has_to_come_again(endpoint: Endpoint) -> None:
    endpoint.watched.clear()
    stranger = {"id": "price_of_a_plan_not_seen_yet", "object": "price", "product": "prod_9"}
    assert await endpoint.deliver(an_event("price.updated", about=stranger)) == 503
    assert await endpoint.deliver(an_event(), "/webhooks/stripe/not-seen-yet") == 503
    endpoint.watched.set()
    assert await endpoint.deliver(an_event()) == 200


async def test_a_secret_that_cannot_be_read_stops_no_other_account(endpoint: Endpoint) -> None:
    endpoint.cluster.unreadable.add("main-webhook")
    endpoint.cluster.secrets["second-webhook"] = "whsec_second"
    unknown = {"id": "sub_X", "object": "subscription"}
    assert await endpoint.deliver(an_event(about=unknown), BILLING_SERVER, "whsec_second") == 200
    assert endpoint.cluster.annotated == nudged("BillingBackend", "second")
    assert await endpoint.deliver(an_event(), BILLING_SERVER) == 503


async def test_an_event_of_a_plans_price_is_stored_on_the_plan(endpoint: Endpoint) -> None:
    about = {"id": "price_1", "object": "price", "product": "prod_1"}
    assert await endpoint.deliver(an_event("price.updated", about=about)) == 200
    assert endpoint.cluster.annotated == nudged("BillingPlan", "starter")


async def test_an_event_of_no_known_object_is_stored_on_its_backend(endpoint: Endpoint) -> None:
    about = {"id": "sub_new", "object": "subscription", "customer": "cus_new"}
    assert await endpoint.deliver(an_event(about=about)) == 200
    assert endpoint.cluster.annotated == nudged("BillingBackend", "main")


async def test_tbs_11_the_first_event_of_a_birth_names_no_tenant_and_is_accepted(endpoint: Endpoint) -> None:
    """An error would make Stripe deliver again and again what is the ordinary first event (T-21)."""
    about = {"id": "sub_new", "object": "subscription", "customer": "cus_new", "metadata": {}}
    assert await endpoint.deliver(an_event("customer.subscription.created", about=about)) == 200
    assert endpoint.cluster.annotated == nudged("BillingBackend", "main")


async def test_an_event_of_an_object_that_is_gone_meanwhile_is_stored_on_its_backend(
    endpoint: Endpoint,
) -> None:
    endpoint.cluster.gone.add("acme")
    assert await endpoint.deliver(an_event()) == 200
    assert endpoint.cluster.annotated == nudged("BillingBackend", "main")


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (an_event(livemode=True), "AnotherMode"),
        (an_event(account="acct_other"), "AnotherAccount"),
        (an_event("price.updated", about={"id": "price_x", "object": "price"}), "NothingWeSell"),
        (an_event("charge.refunded"), "AnotherType"),
    ],
    ids=["another mode", "another account", "nothing we sell", "a type that says nothing"],
)
async def test_what_is_none_of_our_business_is_accepted_counted_and_dropped(
    endpoint: Endpoint, event: dict[str, Any], reason: str
) -> None:
    """Stripe would deliver it again for days otherwise."""
    assert await endpoint.deliver(event) == 200
    assert endpoint.cluster.annotated == []
    assert endpoint.deliveries.counts == {(Result.DROPPED, reason): 1}


async def test_an_event_that_cannot_be_stored_is_to_be_delivered_again(endpoint: Endpoint) -> None:
    assert await endpoint.deliver(an_event(livemode=True)) == 200  # secrets are read by then
    endpoint.cluster.is_down = True
    assert await endpoint.deliver(an_event()) == 503
    endpoint.cluster.is_down = False
    assert await endpoint.deliver(an_event()) == 200


async def test_without_any_secret_read_yet_an_outage_asks_for_another_delivery(endpoint: Endpoint) -> None:
    endpoint.cluster.is_down = True
    assert await endpoint.deliver(an_event()) == 503


@pytest.mark.parametrize("path", [MAIN, BILLING_SERVER])
async def test_a_forged_delivery_is_refused(endpoint: Endpoint, path: str) -> None:
    assert await endpoint.deliver(an_event(), path, secret="whsec_forged") == 400
    assert endpoint.cluster.annotated == []


async def test_a_delivery_is_refused_at_the_address_of_another_backend(endpoint: Endpoint) -> None:
    endpoint.cluster.secrets["second-webhook"] = "whsec_second"
    assert await endpoint.deliver(an_event(), "/webhooks/stripe/second") == 400
    assert await endpoint.deliver(an_event(), "/webhooks/stripe/nobody") == 404


async def test_a_replayed_delivery_is_refused(endpoint: Endpoint) -> None:
    payload = json.dumps(an_event()).encode()
    old = int(datetime.now(UTC).timestamp()) - 301
    signature = stripe.WebhookSignature.generate_signature_header(payload.decode(), SECRET, timestamp=old)
    assert await endpoint.post(payload, **{"Stripe-Signature": signature}) == 400


@pytest.mark.parametrize(
    "payload",
    [b"garbage", b"[]", b"\xff\xfe", b'{"id": 7}'],
    ids=["no JSON", "a list", "no text", "no event"],
)
async def test_garbage_is_refused_even_where_it_is_signed(endpoint: Endpoint, payload: bytes) -> None:
    assert await endpoint.deliver(payload) == 400


async def test_a_delivery_without_signature_or_body_is_refused(endpoint: Endpoint) -> None:
    assert await endpoint.post(b"{}") == 400
    assert await endpoint.post(b"", **{"Stripe-Signature": "t=1,v1=00"}) == 400


async def test_an_oversized_delivery_is_refused_before_its_signature_is_looked_at(endpoint: Endpoint) -> None:
    assert await endpoint.post(b" " * (LARGEST_DELIVERY + 1), **{"Stripe-Signature": "t=1,v1=00"}) == 413
    assert endpoint.cluster.reads == 0


async def test_only_posts_of_json_are_deliveries(endpoint: Endpoint) -> None:
    assert (await endpoint.client.get(MAIN)).status_code == 405
    assert await endpoint.deliver(an_event(), **{"Content-Type": "text/plain"}) == 415


async def test_secrets_are_read_once_for_many_deliveries_and_again_after_a_while(endpoint: Endpoint) -> None:
    for _ in range(5):
        assert await endpoint.deliver(an_event()) == 200
    assert endpoint.cluster.reads == 1
    endpoint.clock.elapsed += 31
    assert await endpoint.deliver(an_event()) == 200
    assert endpoint.cluster.reads == 2


async def test_a_secret_that_was_rolled_is_found_at_once_and_forgeries_do_not_read_it_each_time(
    endpoint: Endpoint,
) -> None:
    assert await endpoint.deliver(an_event()) == 200
    endpoint.cluster.secrets["main-webhook"] = "whsec_rolled"
    endpoint.clock.elapsed += 6
    assert await endpoint.deliver(an_event(), secret="whsec_rolled") == 200
    for _ in range(5):
        assert await endpoint.deliver(an_event(), secret="whsec_forged") == 400
    assert endpoint.cluster.reads == 2


async def test_forgeries_that_come_at_once_are_one_read(endpoint: Endpoint) -> None:
    endpoint.cluster.answers.clear()
    forgeries = [
        asyncio.ensure_future(endpoint.deliver(an_event(), secret="whsec_forged")) for _ in range(20)
    ]

    async def asked() -> bool:
        return endpoint.cluster.reads > 0

    await wait_for(asked, "the first of them to ask")
    endpoint.cluster.answers.set()
    assert set(await asyncio.gather(*forgeries)) == {400}
    assert endpoint.cluster.reads == 1


async def test_forgeries_do_not_ask_again_and_again_while_the_api_server_gives_no_answer(
    endpoint: Endpoint,
) -> None:
    assert await endpoint.deliver(an_event()) == 200
    endpoint.cluster.is_down = True
    endpoint.clock.elapsed += 31
    for _ in range(5):
        assert await endpoint.deliver(an_event(), secret="whsec_forged") == 400
    assert endpoint.cluster.reads == 2, "the first one at the beginning"
    endpoint.clock.elapsed += 1
    endpoint.cluster.is_down = False
    endpoint.cluster.secrets["main-webhook"] = "whsec_rolled"
    assert await endpoint.deliver(an_event(), secret="whsec_rolled") == 200


async def test_tbs_11_another_type_of_event_is_answered_with_success_and_nothing_is_done(
    endpoint: Endpoint,
) -> None:
    for acted_on in ("created", "updated", "deleted"):
        endpoint.cluster.annotated.clear()
        assert await endpoint.deliver(an_event(f"customer.subscription.{acted_on}")) == 200
        assert endpoint.cluster.annotated == nudged("TenantSubscription", "tenants/acme")
    endpoint.cluster.annotated.clear()
    assert await endpoint.deliver(an_event("payment_method.attached")) == 200
    assert endpoint.cluster.annotated == []


@pytest.mark.parametrize("version", ["2022-11-15", "2018-09-06", None])
async def test_tbs_19_an_event_of_another_api_version_is_taken(
    endpoint: Endpoint, version: str | None
) -> None:
    """An older version's items carry what today's do not; none of that is used."""
    item = {"id": "si_1", "object": "subscription_item", "plan": {"id": "price_old"}}
    about = {"id": "sub_1", "object": "subscription", "customer": "cus_1", "items": {"data": [item]}}
    assert await endpoint.deliver(an_event(about=about, api_version=version)) == 200
    assert endpoint.cluster.annotated == nudged("TenantSubscription", "tenants/acme")


async def test_secret_of_a_registered_endpoint_is_known_as_soon_as_the_status_names_the_endpoint() -> None:
    """Beside those made by hand: two are valid while people move from one to the other."""
    store, cluster, clock = ResourceStore(), NotedCluster(), SteppedClock()
    secrets = SigningSecrets(cluster, clock, "tenant-billing-system")
    body = a_backend("main")
    body["spec"]["stripe"]["webhook"] = {"url": "https://hooks.example.com", "secretName": "registered"}
    store.arrive(body)
    before = store.backend("main")
    assert before is not None
    assert await secrets.of(before) == (SECRET,)
    cluster.secrets["registered"] = "whsec_registered"
    store.arrive(newer(body) | {"status": {"webhookEndpoint": {"id": "we_1"}}})
    after = store.backend("main")
    assert after is not None
    assert set(await secrets.of(after)) == {SECRET, "whsec_registered"}

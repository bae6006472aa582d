"""Which step is due for the webhook endpoint of a backend: every branch once, and never two live ones for long."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kubernetes_bodies as bodies
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing.domain.intents import next_attempt
from tenant_billing.domain.webhook_endpoints import WebhookEndpoint, marks_of
from tenant_billing.domain.webhook_registration import (
    CreateEndpoint,
    Registration,
    RegistrationWorld,
    RemoveEndpoint,
    SecretSeen,
    StoreIntent,
    UpdateEndpoint,
    decide,
)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
URL = "https://hooks.example.com/webhooks/stripe/main"
VERSION = "2026-10-28.endive"
GOOD = WebhookEndpoint("we_1", URL, frozenset(EVENT_TYPES), VERSION, "enabled", marks_of("default", "main"))
OURS = SecretSeen(exists=True, backend="main", endpoint_id="we_1")


def a_backend(*, url: str | None = URL, **status: Any) -> BillingBackend:
    body = bodies.a_backend(status=status)
    if url is not None:
        body["spec"]["stripe"]["webhook"] = {"url": url, "secretName": "main-webhook"}
    return BillingBackend.from_kubernetes(body)


def a_world(*endpoints: WebhookEndpoint, secret: SecretSeen = OURS, **changes: Any) -> RegistrationWorld:
    world = RegistrationWorld(a_backend(), endpoints, secret, VERSION, NOW)
    return replace(world, **changes)


def test_an_endpoint_as_it_should_be_is_left_alone() -> None:
    assert decide(a_world(GOOD)) == Registration(None, GOOD, Reason.RECEIVING)


def test_intent_precedes_the_create_and_the_create_carries_its_key() -> None:
    first = decide(a_world(secret=SecretSeen()))
    assert isinstance(first.action, StoreIntent)
    intent = first.action.intent
    assert (intent.step, intent.attempt) == ("RegisterWebhookEndpoint", 1)
    stored = a_backend(pendingOperation=intent.model_dump(mode="json", by_alias=True))
    second = decide(a_world(secret=SecretSeen(), resource=stored))
    assert isinstance(second.action, CreateEndpoint)
    assert second.action.key == intent.idempotency_key
    assert second.action.request.metadata == {
        "tenantbilling.dev/owner": "default",
        "tenantbilling.dev/backend": "main",
    }


def test_intent_for_another_address_is_replaced_under_another_key() -> None:
    first = decide(a_world(secret=SecretSeen())).action
    assert isinstance(first, StoreIntent)
    stored = a_backend(url=URL + "2", pendingOperation=first.intent.model_dump(mode="json", by_alias=True))
    second = decide(a_world(secret=SecretSeen(), resource=stored)).action
    assert isinstance(second, StoreIntent)
    assert second.intent.attempt == 2
    assert second.intent.idempotency_key != first.intent.idempotency_key
    assert next_attempt(second.intent, NOW).idempotency_key.endswith(":3")


NOT_OF_USE = [
    pytest.param(
        replace(GOOD, api_version="2022-11-15"), OURS, Reason.VERSION_MISMATCH, "2022-11-15", id="old version"
    ),
    pytest.param(
        replace(GOOD, api_version=None), OURS, Reason.VERSION_MISMATCH, "None", id="account's version"
    ),
    pytest.param(GOOD, SecretSeen(), Reason.NOT_CONFIGURED, "is lost", id="no Secret"),
    pytest.param(GOOD, replace(OURS, endpoint_id=""), Reason.NOT_CONFIGURED, "is lost", id="an empty one"),
    pytest.param(GOOD, replace(OURS, endpoint_id="we_0"), Reason.NOT_CONFIGURED, "is lost", id="another's"),
]


@pytest.mark.parametrize(("endpoint", "secret", "reason", "message"), NOT_OF_USE)
def test_endpoint_of_no_use_is_replaced_before_it_is_removed(
    endpoint: WebhookEndpoint, secret: SecretSeen, reason: Reason, message: str
) -> None:
    found = decide(a_world(endpoint, secret=secret))
    assert isinstance(found.action, StoreIntent)
    assert (found.endpoint, found.reason) == (endpoint, reason)
    assert message in found.message
    successor = replace(GOOD, id="we_2")
    after = decide(a_world(successor, endpoint, secret=replace(OURS, endpoint_id="we_2")))
    assert after == Registration(RemoveEndpoint("we_1"), successor, Reason.RECEIVING)


def test_drift_is_repaired_in_place() -> None:
    for drifted in (
        replace(GOOD, url="https://other.example.com"),
        replace(GOOD, event_types=frozenset({"*"})),
    ):
        action = decide(a_world(drifted)).action
        assert isinstance(action, UpdateEndpoint)
        assert (action.endpoint_id, action.change.url) == ("we_1", URL)


def test_disabled_endpoint_is_told() -> None:
    found = decide(a_world(replace(GOOD, status="disabled")))
    assert (found.action, found.reason) == (None, Reason.ENDPOINT_DISABLED)


@pytest.mark.parametrize(
    ("owner", "words"), [("", "made by somebody else"), ("other", "BillingBackend 'other'")]
)
def test_foreign_secret_stops_everything(owner: str, words: str) -> None:
    found = decide(a_world(GOOD, secret=SecretSeen(exists=True, backend=owner)))
    assert (found.action, found.endpoint, found.reason) == (None, GOOD, Reason.NOT_CONFIGURED)
    assert words in found.message
    assert "endpoint we_1 stays at Stripe" in found.message
    alone = decide(replace(a_world(GOOD, secret=SecretSeen(exists=True, backend=owner)), endpoints=()))
    assert "stays at Stripe" not in alone.message


def test_not_asked_for_any_more_all_are_removed() -> None:
    unwanted = a_world(GOOD, resource=a_backend(url=None))
    assert decide(unwanted).action == RemoveEndpoint("we_1")
    assert decide(replace(unwanted, endpoints=())) == Registration()


def test_being_deleted_all_are_removed() -> None:
    resource = a_backend()
    deleted = resource.model_copy(
        update={"metadata": resource.metadata.model_copy(update={"deletion_timestamp": NOW})}
    )
    assert decide(a_world(GOOD, resource=deleted)).action == RemoveEndpoint("we_1")


endpoints = st.builds(
    WebhookEndpoint,
    id=st.sampled_from(["we_1", "we_2", "we_3"]),
    url=st.sampled_from([URL, "https://other.example.com"]),
    event_types=st.sampled_from([frozenset(EVENT_TYPES), frozenset({"*"})]),
    api_version=st.sampled_from([VERSION, "2022-11-15", None]),
    status=st.sampled_from(["enabled", "disabled"]),
    metadata=st.just(marks_of("default", "main")),
)


@given(
    seen=st.lists(endpoints, max_size=3, unique_by=lambda each: each.id),
    known=st.sampled_from(["", "we_1", "we_2", "we_3"]),
    exists=st.booleans(),
)
def test_carried_out_step_by_step_one_usable_endpoint_is_left(
    seen: list[WebhookEndpoint], known: str, exists: bool
) -> None:
    """The last usable one is never removed before its successor's secret is stored."""
    secret = SecretSeen(exists=exists, backend="main" if exists else "", endpoint_id=known if exists else "")
    world = a_world(*seen, secret=secret)
    for _ in range(10):
        action = decide(world).action
        match action:
            case None:
                break
            case StoreIntent(intent):
                pending = intent.model_dump(mode="json", by_alias=True)
                world = replace(world, resource=a_backend(pendingOperation=pending))
            case CreateEndpoint(request):
                made = replace(GOOD, id="we_new", url=request.url, api_version=request.api_version)
                world = replace(
                    world, endpoints=(made, *world.endpoints), secret=replace(OURS, endpoint_id="we_new")
                )
            case UpdateEndpoint(endpoint_id):
                mended = [
                    replace(each, url=URL, event_types=frozenset(EVENT_TYPES))
                    if each.id == endpoint_id
                    else each
                    for each in world.endpoints
                ]
                world = replace(world, endpoints=tuple(mended))
            case RemoveEndpoint(endpoint_id):
                assert endpoint_id != world.secret.endpoint_id or any(
                    each.id == endpoint_id and each.api_version != VERSION for each in world.endpoints
                )
                left = tuple(each for each in world.endpoints if each.id != endpoint_id)
                world = replace(world, endpoints=left)
    (left_over,) = world.endpoints
    assert (left_over.id, left_over.url, left_over.api_version) == (world.secret.endpoint_id, URL, VERSION)

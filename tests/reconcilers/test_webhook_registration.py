"""The webhook endpoint that the operator registers: made once, kept true, replaced, removed."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import kubernetes_bodies as bodies
from backend_scene import KEY, Scene, an_applied_backend
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import errors
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing.domain.read_allowance import ENDPOINT_INTERVAL
from tenant_billing.domain.webhook_endpoints import WebhookEndpoint
from tenant_billing.ports import ObjectConflict

URL = "https://hooks.example.com/webhooks/stripe/main"
HOOK = ("billing", "main-webhook", "secret")
VERSION = "2026-10-28.endive"


@pytest.fixture
def scene() -> Scene:
    """A backend that asks for an endpoint."""
    scene = an_applied_backend()
    scene.edit(webhookSecretRefs=[], webhook={"url": URL, "secretName": "main-webhook"})
    return scene


def told(scene: Scene) -> tuple[str, str, str]:
    """Status, reason and message of WebhookReady."""
    found = scene.condition("WebhookReady")
    return found.status, found.reason, found.message


def ids(scene: Scene) -> list[str]:
    return sorted(scene.account.endpoints)


def secret_of(scene: Scene) -> tuple[str | None, str | None]:
    """What the Secret holds, and for which endpoint."""
    annotations = scene.loop.kubernetes.annotations.get(HOOK[:2], {})
    return scene.loop.kubernetes.secrets.get(HOOK), annotations.get("tenantbilling.dev/webhook-endpoint")


async def test_endpoint_is_registered_in_our_version_for_the_types_that_matter(scene: Scene) -> None:
    await scene.run()
    assert scene.account.endpoints == {
        "we_1": WebhookEndpoint(
            "we_1",
            URL,
            frozenset(EVENT_TYPES),
            VERSION,
            "enabled",
            {"tenantbilling.dev/owner": "default", "tenantbilling.dev/backend": "main"},
        )
    }
    assert len(EVENT_TYPES) == 20
    assert secret_of(scene) == ("whsec_1", "we_1")
    assert told(scene) == ("True", "Receiving", "")
    endpoint = scene.backend.status.webhook_endpoint
    assert endpoint is not None
    assert (endpoint.id, endpoint.api_version, endpoint.status) == ("we_1", VERSION, "enabled")
    assert scene.backend.status.pending_operation is None
    assert scene.condition().reason == Reason.AVAILABLE


async def test_secret_stands_in_no_status_and_no_outcome(scene: Scene) -> None:
    outcome = await scene.run()
    assert "whsec_" not in str(scene.loop.store.body(KEY)) + str(outcome)


async def test_settled_endpoint_is_looked_at_a_few_times_a_day_and_not_written(scene: Scene) -> None:
    await scene.run()
    scene.account.calls.clear()
    scene.loop.kubernetes.calls.clear()
    await scene.run()
    assert (scene.account.calls, scene.loop.kubernetes.calls) == (["events_after"], [])
    scene.pass_time(ENDPOINT_INTERVAL)
    await scene.run()
    assert scene.account.count("webhook_endpoints") == 1
    assert scene.account.count("create_webhook_endpoint") == 0


KILLED = [
    pytest.param("create_webhook_endpoint", id="before the create"),
    pytest.param("create_webhook_endpoint:committed", id="after it, with the answer lost"),
]


@pytest.mark.parametrize("moment", KILLED)
async def test_endpoint_is_made_once_whatever_becomes_of_the_answer(scene: Scene, moment: str) -> None:
    scene.account.fail(moment, errors.Unreachable("no answer", outcome_unknown=True))
    outcome = await scene.run()
    assert outcome.retry
    intent = scene.backend.status.pending_operation
    assert intent is not None
    assert intent.step == "RegisterWebhookEndpoint"
    scene.restart()
    await scene.run()
    assert ids(scene) == ["we_1"]
    assert secret_of(scene) == ("whsec_1", "we_1")
    assert told(scene)[1] == "Receiving"


async def test_killed_before_the_secret_was_stored_the_replay_shows_it_again(scene: Scene) -> None:
    scene.loop.kubernetes.fail("apply_secret", errors.Unreachable("killed"))
    await scene.run()
    scene.restart()
    await scene.run()
    assert ids(scene) == ["we_1"]
    assert secret_of(scene) == ("whsec_1", "we_1")


async def test_killed_before_the_secret_was_stored_and_the_key_forgotten_another_one_is_made(
    scene: Scene,
) -> None:
    """Stripe forgets a key after a day; the endpoint whose secret nobody knows does not stay."""
    scene.loop.kubernetes.fail("apply_secret", errors.Unreachable("killed"))
    await scene.run()
    scene.account.made = {f"forgotten {key}": made for key, made in scene.account.made.items()}
    scene.pass_time(25 * 3600)
    scene.restart()
    await scene.run()
    assert ids(scene) == ["we_2"]
    assert secret_of(scene) == ("whsec_2", "we_2")


async def test_killed_before_the_status_was_written_nothing_is_made_again(scene: Scene) -> None:
    await scene.run()
    body = dict(scene.loop.store.body(KEY) or {})
    status = {name: value for name, value in body["status"].items() if name != "webhookEndpoint"}
    scene.loop.see({**bodies.newer(body), "status": status})
    scene.restart()
    await scene.run()
    assert (ids(scene), scene.account.count("create_webhook_endpoint")) == (["we_1"], 1)
    assert scene.backend.status.webhook_endpoint is not None


async def test_stored_failure_gets_a_new_key(scene: Scene) -> None:
    scene.account.fail("create_webhook_endpoint", errors.StoredFailure("500"))
    assert (await scene.run()).retry
    intent = scene.backend.status.pending_operation
    assert intent is not None
    assert intent.attempt == 2
    await scene.run()
    assert ids(scene) == ["we_1"]
    assert told(scene)[1] == "Receiving"


async def test_lost_secret_makes_a_new_endpoint_and_removes_the_old_one(scene: Scene) -> None:
    await scene.run()
    del scene.loop.kubernetes.secrets[HOOK]
    await scene.surroundings.secrets.look()
    assert "BillingBackend main" in scene.loop.queue.names()
    order = scene.account.calls
    order.clear()
    await scene.run()
    assert ids(scene) == ["we_2"]
    assert secret_of(scene) == ("whsec_2", "we_2")
    assert order.index("create_webhook_endpoint") < order.index("delete_webhook_endpoint")


async def test_old_endpoint_delivers_until_the_new_secret_is_stored(scene: Scene) -> None:
    await scene.run()
    del scene.loop.kubernetes.secrets[HOOK]
    await scene.surroundings.secrets.look()
    scene.loop.kubernetes.fail("apply_secret", errors.Unreachable("the API server is down"))
    await scene.run()
    assert "we_1" in ids(scene)
    await scene.run()
    assert ids(scene) == ["we_2"]


async def test_tbs_19_version_upgrade_is_a_second_endpoint_then_the_swap_then_the_end_of_the_first(
    scene: Scene,
) -> None:
    """The documented upgrade; the old endpoint is removed and not kept disabled: it would never be of use again."""
    await scene.run()
    scene.account.event_version = "2027-04-28.fern"
    scene.restart()
    await scene.run()
    (endpoint,) = scene.account.endpoints.values()
    assert (endpoint.id, endpoint.api_version, endpoint.url) == ("we_2", "2027-04-28.fern", URL)
    assert secret_of(scene) == ("whsec_2", "we_2")
    assert told(scene)[1] == "Receiving"


async def test_endpoint_of_another_version_that_cannot_be_replaced_is_told(scene: Scene) -> None:
    await scene.run()
    scene.account.event_version = "2027-04-28.fern"
    scene.account.fail("create_webhook_endpoint", errors.Forbidden("the key lacks rak_webhook_write"))
    scene.restart()
    await scene.run()
    status, reason, message = told(scene)
    assert (status, reason) == ("False", "VersionMismatch")
    assert "rak_webhook_write" in message
    assert scene.condition().reason == Reason.AVAILABLE, "the account works all the same"
    assert ids(scene) == ["we_1"], "it goes on delivering"


async def test_disabled_endpoint_is_told_and_not_enabled_against_whoever_disabled_it(scene: Scene) -> None:
    await scene.run()
    scene.account.endpoints["we_1"] = replace(scene.account.endpoints["we_1"], status="disabled")
    scene.edit(annotations={"tenantbilling.dev/reconcile": "1"})
    await scene.run()
    assert told(scene)[:2] == ("False", "EndpointDisabled")
    assert "enable it there" in told(scene)[2]
    assert scene.reconciler.webhook_counts["main", Reason.ENDPOINT_DISABLED] == 1
    assert ids(scene) == ["we_1"]


DRIFT: list[Any] = [
    pytest.param(lambda seen: replace(seen, url="https://elsewhere.example.com"), id="another address"),
    pytest.param(lambda seen: replace(seen, event_types=frozenset({"charge.failed"})), id="other events"),
]


@pytest.mark.parametrize("drift", DRIFT)
async def test_drift_is_repaired(scene: Scene, drift: Callable[[WebhookEndpoint], WebhookEndpoint]) -> None:
    await scene.run()
    before = scene.account.endpoints["we_1"]
    scene.account.endpoints["we_1"] = drift(before)
    scene.pass_time(ENDPOINT_INTERVAL)
    await scene.run()
    assert scene.account.endpoints == {"we_1": before}
    assert scene.loop.corrections == ["UpdateEndpoint"]


async def test_changed_address_is_taken_over_without_another_secret(scene: Scene) -> None:
    await scene.run()
    scene.edit(webhook={"url": URL + "2", "secretName": "main-webhook"})
    await scene.run()
    assert scene.account.endpoints["we_1"].url == URL + "2"
    assert scene.loop.corrections == [], "an edit is no drift"
    assert secret_of(scene) == ("whsec_1", "we_1")


async def test_secret_of_somebody_else_is_not_overwritten(scene: Scene) -> None:
    scene.loop.kubernetes.secrets[HOOK] = "somebody's"
    await scene.run()
    assert told(scene)[:2] == ("False", "NotConfigured")
    assert "'main-webhook' was made by somebody else" in told(scene)[2]
    assert (scene.loop.kubernetes.secrets[HOOK], ids(scene)) == ("somebody's", [])
    del scene.loop.kubernetes.secrets[HOOK]
    await scene.surroundings.secrets.look()
    await scene.run()
    assert told(scene)[1] == "Receiving"


async def test_secret_that_turns_foreign_later_leaves_the_endpoint_and_is_told_until_somebody_acts(
    scene: Scene,
) -> None:
    await scene.run()
    (endpoint,) = ids(scene)
    scene.loop.kubernetes.annotations[HOOK[:2]] = {"tenantbilling.dev/billing-backend": "other"}
    await scene.surroundings.secrets.look()
    scene.pass_time(ENDPOINT_INTERVAL)
    await scene.run()
    assert told(scene)[:2] == ("False", "NotConfigured")
    assert f"endpoint {endpoint} stays at Stripe" in told(scene)[2]
    assert ids(scene) == [endpoint]
    del scene.loop.kubernetes.secrets[HOOK]
    await scene.surroundings.secrets.look()
    await scene.run()
    assert told(scene)[1] == "Receiving"
    assert endpoint not in ids(scene), "it was replaced, as its secret is lost"


async def test_secret_of_another_backend_is_not_overwritten(scene: Scene) -> None:
    scene.loop.kubernetes.secrets[HOOK] = "whsec_other"
    scene.loop.kubernetes.annotations[HOOK[:2]] = {"tenantbilling.dev/billing-backend": "other"}
    await scene.run()
    assert "belongs to BillingBackend 'other'" in told(scene)[2]


async def test_secret_that_somebody_makes_at_the_last_moment_is_not_overwritten(scene: Scene) -> None:
    scene.loop.kubernetes.fail("apply_secret", ObjectConflict("main-webhook"))
    assert (await scene.run()).retry


async def test_endpoints_of_others_are_left_alone(scene: Scene) -> None:
    by_hand = WebhookEndpoint("we_hand", URL, frozenset({"*"}), None, "enabled")
    other = replace(
        by_hand,
        id="we_other",
        metadata={"tenantbilling.dev/owner": "other", "tenantbilling.dev/backend": "main"},
    )
    scene.account.endpoints = {each.id: each for each in (by_hand, other)}
    await scene.run()
    assert ids(scene) == ["we_1", "we_hand", "we_other"]


async def test_endpoint_that_was_removed_at_stripe_is_made_again(scene: Scene) -> None:
    await scene.run()
    scene.account.endpoints.clear()
    scene.pass_time(ENDPOINT_INTERVAL)
    await scene.run()
    assert ids(scene) == ["we_2"]
    assert secret_of(scene) == ("whsec_2", "we_2")


async def test_field_that_is_taken_out_and_put_back_within_a_second_has_another_one_made(
    scene: Scene,
) -> None:
    await scene.run()
    scene.edit(webhook=None)
    await scene.run()
    scene.edit(webhook={"url": URL, "secretName": "main-webhook"})
    await scene.run()
    assert ids(scene) == ["we_2"]
    assert secret_of(scene) == ("whsec_2", "we_2")
    assert told(scene) == ("True", "Receiving", "")


async def test_one_that_a_list_does_not_show_yet_is_looked_for_soon_and_not_made_twice(scene: Scene) -> None:
    scene.account.unlisted.add("we_1")
    outcome = await scene.run()
    assert outcome.retry
    assert told(scene)[1] == "NotConfigured"
    scene.account.unlisted.clear()
    await scene.run()
    assert ids(scene) == ["we_1"]
    assert told(scene) == ("True", "Receiving", "")


async def test_no_longer_asked_for_it_is_removed(scene: Scene) -> None:
    await scene.run()
    scene.edit(webhook=None)
    await scene.run()
    assert ids(scene) == []
    assert scene.backend.status.webhook_endpoint is None
    assert told(scene)[1] == "NotConfigured"


def being_deleted(scene: Scene, **annotations: str) -> None:
    body = dict(scene.loop.store.body(KEY) or {})
    finalizer = ["tenantbilling.dev/finalizer"]
    scene.loop.see(
        bodies.newer(
            body, deletionTimestamp="2026-11-20T10:00:00Z", finalizers=finalizer, annotations=annotations
        )
    )


async def test_deletion_of_the_backend_removes_it(scene: Scene) -> None:
    await scene.run()
    being_deleted(scene)
    assert (await scene.run()).result == "gone"
    assert ids(scene) == []


async def test_deletion_of_a_paused_backend_leaves_it(scene: Scene) -> None:
    await scene.run()
    being_deleted(scene, **{"tenantbilling.dev/paused": "true"})
    assert (await scene.run()).result == "gone"
    assert ids(scene) == ["we_1"]


async def test_deletion_with_the_definition_itself_leaves_it(scene: Scene) -> None:
    await scene.run()
    scene.loop.kubernetes.removed.add(("BillingBackend", None))
    being_deleted(scene)
    assert (await scene.run()).result == "gone"
    assert ids(scene) == ["we_1"]


async def test_deletion_waits_for_an_account_that_cannot_be_reached_and_says_the_way_out(
    scene: Scene,
) -> None:
    await scene.run()
    being_deleted(scene)
    scene.account.fail("delete_webhook_endpoint", errors.Unreachable("down"))
    assert (await scene.run()).result == "waiting"
    assert "kept until its webhook endpoint is removed" in scene.condition().message
    assert "paused" in scene.condition().message
    assert (await scene.run()).result == "gone"


async def test_account_that_was_never_asked_for_an_endpoint_is_not_read_for_one() -> None:
    scene = Scene()
    scene.loop.see(bodies.a_backend())
    await scene.run()
    assert scene.account.count("webhook_endpoints") == 0


BY_HAND = [
    pytest.param(["main-webhook"], "True", "Receiving", "", id="known"),
    pytest.param([], "False", "NotConfigured", "there is no Secret 'main-webhook'", id="missing"),
]


@pytest.mark.parametrize(("known", "status", "reason", "message"), BY_HAND)
async def test_endpoint_made_by_hand_receives_once_its_secret_is_there(
    known: list[str], status: str, reason: str, message: str
) -> None:
    scene = Scene()
    scene.loop.see(bodies.a_backend())
    for name in known:
        scene.loop.kubernetes.secrets["billing", name, "secret"] = "whsec_by_hand"
    await scene.run()
    assert told(scene)[:2] == (status, reason)
    assert message in told(scene)[2]


async def test_signing_secret_beside_the_key_is_found_in_the_version_that_was_read_for_the_key() -> None:
    scene = Scene()
    body = bodies.a_backend()
    body["spec"]["stripe"]["webhookSecretRefs"] = [{"name": "stripe", "key": "secret"}]
    scene.loop.see(body)
    await scene.run()
    assert told(scene)[:2] == ("False", "NotConfigured")
    scene.loop.kubernetes.secrets["billing", "stripe", "secret"] = "whsec_by_hand"
    await scene.surroundings.secrets.look()
    await scene.run()
    assert told(scene)[:2] == ("True", "Receiving")

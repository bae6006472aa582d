"""While Stripe or The Things Stack gives no answer, or refuses the key, nobody loses access, and it ends by itself."""

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio

from scenario_scene import Scene
from scenario_stage import Object, Stage, message_of, reason_of
from scenario_tenant import LOOK_INTERVAL, Tenant
from tenant_billing_sandbox.service.faults import FaultSpecification
from tenant_billing_sandbox.service.interception import Observed
from tenant_billing_sandbox.things_stack.message_json import write_message
from waiting import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEN_MINUTES: Final = 600.0
PATIENCE: Final = 180.0
"""Seconds: after an outage the queue comes back to an object the later, the longer it lasted, and on a busy machine it
lasts longer."""

NO_CLUSTER: Final = ("ClusterUnavailable", "ClusterNotReady")
"""The first while one answer is missing, the second once the cluster was found to give none."""

DOWN: Final = (
    pytest.param({"effect": "disconnect_before"}, id="no connection"),
    pytest.param({"effect": "error", "status": 500}, id="500"),
    pytest.param({"effect": "error", "status": 429}, id="429"),
)


class Outage:
    """What the scripted faults of a scenario leave of the outside, seen past them."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def script(self, system: Observed, **specification: Any) -> None:
        """Let calls of a system fail from now on."""
        system.faults.script(FaultSpecification.model_validate({"times": None, **specification}))

    def end(self) -> None:
        """All answer again."""
        for system in (self.stage.stripe.observed, self.stage.things_stack.observed):
            system.faults.clear()

    def state(self, tenant: Tenant) -> str:
        """The tenant's state in The Things Stack, asked of nobody."""
        record = self.stage.things_stack.registry.store.get(tenant.tenant_id)
        return "" if record is None else str(write_message("Tenant", record.tenant)["state"])

    async def told(self, tenant: Tenant) -> Object:
        """The object as Kubernetes has it."""
        return await self.stage.outside.from_kubernetes(tenant.path) or {}

    async def until_told(self, tenant: Tenant, *reasons: str) -> Object:
        """Have the operator look again, and wait until Ready has one of the reasons."""
        await tenant.annotate(reconcile=reasons[0].lower())

        async def look() -> Object:
            found = await self.told(tenant)
            assert reason_of(found, "Ready") in reasons, found.get("status")
            return found

        return await wait_for(look, f"{tenant.name} to be {reasons}", PATIENCE, LOOK_INTERVAL)

    async def until_state(self, tenant: Tenant, state: str, payment: str) -> None:
        """Wait until tenant and object agree."""

        async def look() -> bool:
            found = await self.told(tenant)
            seen = (self.state(tenant), reason_of(found, "PaymentCurrent"), reason_of(found, "Ready"))
            assert seen == (f"STATE_{state}", payment, "Provisioned"), (seen, found.get("status"))
            return True

        await wait_for(look, f"{tenant.name} to be {state}", PATIENCE, LOOK_INTERVAL)


@pytest_asyncio.fixture(loop_scope="module")
async def outage(stage: Stage) -> AsyncIterator[Outage]:
    """Faults that are gone afterwards."""
    outage = Outage(stage)
    yield outage
    outage.end()


async def _flagged(scene: Scene) -> Tenant:
    acme = await scene.subscribe(await scene.plan())
    await acme.card("declines")
    await scene.advance(days=32)
    await acme.until(payment="PastDue", tenant="Flagged")
    return acme


@pytest.mark.parametrize("down", DOWN)
async def test_stripe_down_suspends_nobody_and_says_so(scene: Scene, outage: Outage, down: Object) -> None:
    acme = await _flagged(scene)
    outage.script(scene.stage.stripe.observed, path="/v1/**", **down)
    await scene.advance(days=22)

    found = await outage.until_told(acme, "BackendUnavailable")
    assert "kept as it is" in message_of(found)
    assert outage.state(acme) == "STATE_FLAGGED"

    outage.end()
    await outage.until_state(acme, "SUSPENDED", "GraceExpired")


@pytest.mark.parametrize("down", DOWN)
async def test_things_stack_down_is_said_and_made_good(scene: Scene, outage: Outage, down: Object) -> None:
    acme = await scene.subscribe(await scene.plan())
    await acme.card("declines")
    outage.script(scene.stage.things_stack.observed, path="/api/**", **down)
    await scene.advance(days=32)

    found = await outage.until_told(acme, *NO_CLUSTER)
    assert reason_of(found, "PaymentCurrent") == "PastDue"
    assert outage.state(acme) == "STATE_APPROVED"

    outage.end()
    await outage.until_state(acme, "FLAGGED", "PastDue")


async def test_both_down_for_ten_minutes_change_nothing_until_they_are_back(
    scene: Scene, outage: Outage
) -> None:
    """Ten minutes of the operator's own clock: every check and every count is due again meanwhile."""
    acme = await _flagged(scene)
    for system in (scene.stage.stripe.observed, scene.stage.things_stack.observed):
        outage.script(system, path="/*/**", effect="disconnect_before")
    await scene.advance(days=22)
    await outage.until_told(acme, "BackendUnavailable", *NO_CLUSTER)

    scene.stage.clock.skip(TEN_MINUTES)
    await scene.stage.until_ready(_backend(scene), "Unreachable")
    await scene.stage.until_ready(_cluster(scene), "Unreachable")
    await outage.until_told(acme, "BackendUnavailable", *NO_CLUSTER)
    assert outage.state(acme) == "STATE_FLAGGED"

    outage.end()
    await outage.until_state(acme, "SUSPENDED", "GraceExpired")


async def test_key_that_was_revoked_suspends_nobody_and_works_again_once_restored(
    scene: Scene, outage: Outage
) -> None:
    acme = await _flagged(scene)
    outage.script(
        scene.stage.stripe.observed, path="/v1/**", effect="error", status=401, type="invalid_request_error"
    )
    await scene.advance(days=22)

    await outage.until_told(acme, "BackendUnavailable")
    backend = await scene.stage.until_ready(_backend(scene), "InvalidCredentials")
    assert reason_of(backend, "Stalled") == "InvalidCredentials"
    assert outage.state(acme) == "STATE_FLAGGED"

    outage.end()
    await outage.until_state(acme, "SUSPENDED", "GraceExpired")


async def test_tenant_admin_key_that_was_revoked_changes_nothing_until_it_is_restored(
    scene: Scene, outage: Outage
) -> None:
    acme = await scene.subscribe(await scene.plan())
    outage.script(scene.stage.things_stack.observed, path="/api/**", effect="error", status=401)
    await acme.card("declines")
    await scene.advance(days=32)

    await outage.until_told(acme, *NO_CLUSTER)
    await scene.stage.until_ready(_cluster(scene), "InvalidCredentials")
    assert outage.state(acme) == "STATE_APPROVED"

    outage.end()
    await outage.until_state(acme, "FLAGGED", "PastDue")


async def test_status_that_does_not_exist_today_keeps_the_tenant(scene: Scene, outage: Outage) -> None:
    acme = await _flagged(scene)
    seen = await acme.look()
    subscription = scene.stage.stripe.account.table("subscription")[seen.subscription["id"]]
    former, subscription["status"] = subscription["status"], "hibernating"
    await scene.at_stripe(f"subscriptions/{seen.subscription['id']}", metadata__note="an event follows")

    found = await outage.until_told(acme, "UnknownStatus")
    assert "hibernating" in message_of(found)
    assert found["status"]["subscriptionStatus"] == "hibernating"
    assert outage.state(acme) == "STATE_FLAGGED"

    subscription["status"] = former
    await scene.at_stripe(f"subscriptions/{seen.subscription['id']}", metadata__note="another one")
    await outage.until_state(acme, "FLAGGED", "PastDue")


CREATES: Final = (
    pytest.param("stripe", "/v1/customers", id="customer"),
    pytest.param("stripe", "/v1/subscriptions", id="subscription"),
    pytest.param("things_stack", "/api/v3/tenants", id="tenant"),
)
ANSWERS: Final = (
    pytest.param({"effect": "disconnect_after"}, id="answer lost"),
    pytest.param({"effect": "disconnect_after", "times": 3}, id="three answers lost"),
    pytest.param({"effect": "disconnect_before", "times": 3}, id="three calls lost"),
    pytest.param({"effect": "error", "status": 500, "point": "execution"}, id="500 that is stored"),
    pytest.param({"effect": "error", "status": 429, "times": 4}, id="429"),
)


@pytest.mark.parametrize(("system", "path"), CREATES)
@pytest.mark.parametrize("answer", ANSWERS)
async def test_create_whose_answer_is_not_what_it_should_be_is_made_once(
    scene: Scene, outage: Outage, system: str, path: str, answer: Object
) -> None:
    observed = getattr(scene.stage, system).observed
    outage.script(observed, **{"path": path, "method": "POST", "times": 1, **answer})
    plan = await scene.plan()

    acme = await scene.apply(plan)
    await _paid_when_asked(acme, outage)

    await outage.until_state(acme, "APPROVED", "Paid")
    for kind in ("customer", "subscription"):
        marked = [
            each
            for each in scene.stage.stripe.account.table(kind).values()
            if each.get("metadata", {}).get("tenantbilling.dev/tenant-id") == acme.tenant_id
        ]
        assert len(marked) == 1, kind


async def _paid_when_asked(tenant: Tenant, outage: Outage) -> None:
    async def look() -> bool:
        found = await outage.told(tenant)
        assert reason_of(found, "Ready") == "AwaitingPayment", found.get("status")
        return "hostedInvoiceURL" in found["status"]

    await wait_for(look, f"{tenant.name} to be asked to pay", PATIENCE, LOOK_INTERVAL)
    await tenant.pays()


def _backend(scene: Scene) -> str:
    return f"/apis/tenantbilling.dev/v1alpha1/billingbackends/{scene.stage.backend}"


def _cluster(scene: Scene) -> str:
    return f"/apis/tenantbilling.dev/v1alpha1/thingsstackclusters/{scene.stage.cluster}"

"""ThingsStackClusters: the key, the counts, and the gate of the brake."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

import kubernetes_bodies as bodies
from loop_fakes import Loop
from registry_memory import RegistryMemory
from tenant_billing.api.conditions import Condition
from tenant_billing.api.reasons import Reason
from tenant_billing.api.things_stack_cluster import TenantCounts, ThingsStackCluster
from tenant_billing.domain import errors
from tenant_billing.domain.observations import Tenant, TenantState, Totals
from tenant_billing.ports import ObjectGone, ObjectKey, Outcome, TenantRegistry
from tenant_billing.reconcilers.cluster import PROBE_INTERVAL, ThingsStackClusterReconciler
from tenant_billing.reconcilers.registries import Registries

KEY = ObjectKey("ThingsStackCluster", "", "eu1")
SECRET = ("billing", "tts", "key")
ADMIN_KEY = "0a" * 32


class Scene:
    """A cluster, its Secret, its registry, and the reconciler of clusters."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.registry = RegistryMemory()
        self.connected: list[dict[str, Any]] = []
        self.loop.kubernetes.secrets[SECRET] = ADMIN_KEY
        self.restart()

    def restart(self) -> None:
        loop = self.loop
        self.surroundings = loop.surroundings()
        self.registries = Registries(loop.clock, loop.queue, loop.store, loop.kubernetes)
        self.reconciler = ThingsStackClusterReconciler(self.surroundings, self.registries, self.connect)

    def connect(
        self, *, cluster: str, url: str, admin_key: str, ca_bundle: str | None, requests_per_second: int
    ) -> TenantRegistry:
        self.connected.append({"url": url, "key": admin_key, "ca": ca_bundle, "rate": requests_per_second})
        return self.registry

    async def run(self) -> Outcome:
        return await self.reconciler.reconcile(KEY)

    @property
    def cluster(self) -> ThingsStackCluster:
        cluster = self.loop.store.cluster("eu1")
        assert cluster is not None
        return cluster

    def condition(self, type_: str = "Ready") -> Condition:
        return next(each for each in self.cluster.status.conditions if each.type == type_)

    def edit(self, *, metadata: dict[str, Any] | None = None, **spec: Any) -> None:
        body = dict(self.loop.store.body(KEY) or {})
        generation = body["metadata"]["generation"] + bool(spec)
        body = bodies.newer(body, generation=generation, **(metadata or {}))
        self.loop.see({**body, "spec": {**body["spec"], **spec}})

    def approve(self) -> None:
        assert self.cluster.status.brake is not None
        approved = {"tenantbilling.dev/approve-disruptions": self.cluster.status.brake.id}
        self.edit(metadata={"annotations": approved})


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.loop.see(bodies.a_cluster())
    return scene


async def test_cluster_with_a_good_key_is_available(scene: Scene) -> None:
    outcome = await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert scene.condition("DisruptionsHeld").reason == Reason.WITHIN_LIMIT
    assert scene.connected == [{"url": "https://lns.example.com", "key": ADMIN_KEY, "ca": None, "rate": 20}]
    assert (outcome.result, outcome.look_again_after) == ("changed", 10.0)


async def test_settled_cluster_is_neither_written_nor_asked_again(scene: Scene) -> None:
    await scene.run()
    scene.loop.kubernetes.calls.clear()
    scene.registry.calls.clear()
    assert (await scene.run()).result == "settled"
    assert (scene.loop.kubernetes.calls, scene.registry.calls) == ([], [])


async def test_managed_tenants_are_counted_by_state(scene: Scene) -> None:
    states = {
        "a": TenantState.APPROVED,
        "b": TenantState.FLAGGED,
        "c": TenantState.SUSPENDED,
        "x": TenantState.APPROVED,
    }
    scene.registry.tenants = {name: Tenant(name, state) for name, state in states.items()}
    scene.loop.see(*(bodies.a_subscription(name) for name in ("a", "b", "c", "not-yet")))
    await scene.run()
    assert scene.cluster.status.tenants == TenantCounts(approved=1, flagged=1, suspended=1)


BAD = [
    pytest.param(None, Reason.SECRET_NOT_FOUND, id="no Secret"),
    pytest.param("NNSXS.APIKEY", Reason.INVALID_CREDENTIALS, id="an API key instead of the admin key"),
]


@pytest.mark.parametrize(("secret", "reason"), BAD)
async def test_key_that_is_not_right_is_never_sent(scene: Scene, secret: str | None, reason: Reason) -> None:
    scene.loop.kubernetes.secrets = {} if secret is None else {SECRET: secret}
    outcome = await scene.run()
    assert (scene.condition().reason, scene.connected) == (reason, [])
    assert (outcome.retry, outcome.look_again_after) == (False, 15.0)


async def test_secret_without_the_key_is_named(scene: Scene) -> None:
    scene.loop.kubernetes.secrets = {("billing", "tts", "other"): "x"}
    await scene.run()
    assert scene.condition().reason == Reason.SECRET_KEY_MISSING


async def test_own_certificates_are_read_from_their_secret(scene: Scene) -> None:
    scene.edit(caBundleSecretRef={"name": "ca", "key": "ca.crt"})
    await scene.run()
    assert scene.condition().reason == Reason.SECRET_NOT_FOUND
    scene.loop.kubernetes.secrets["billing", "ca", "ca.crt"] = "CERTIFICATE"
    await scene.run()
    assert scene.connected[0]["ca"] == "CERTIFICATE"


ANSWERS = [
    pytest.param(errors.Forbidden("no"), Reason.INVALID_CREDENTIALS, False, id="a wrong tenant admin key"),
    pytest.param(
        errors.Unsupported("no"), Reason.MULTI_TENANCY_UNAVAILABLE, False, id="no licence for tenants"
    ),
    pytest.param(errors.Unreachable("no"), Reason.UNREACHABLE, True, id="no answer"),
]


@pytest.mark.parametrize(("error", "reason", "retry"), ANSWERS)
async def test_answer_of_the_check_is_told(
    scene: Scene, error: errors.OutsideError, reason: Reason, retry: bool
) -> None:
    scene.registry.fail("probe", error)
    outcome = await scene.run()
    assert (scene.condition().reason, outcome.retry) == (reason, retry)
    assert scene.registries.of("eu1") is None
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE


async def test_a_cluster_whose_usage_is_pushed_is_as_available_as_any(scene: Scene) -> None:
    scene.edit(metering={"source": "Push", "interval": "24h"})
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert scene.registries.of("eu1") is not None


async def test_becoming_available_wakes_what_waited(scene: Scene) -> None:
    scene.loop.see(bodies.a_subscription())
    await scene.run()
    assert scene.loop.queue.names() == {"TenantSubscription tenants/acme", "UsageMetering eu1"}


async def test_tenant_that_somebody_else_changed_is_looked_at_again_after_the_next_check(
    scene: Scene,
) -> None:
    scene.registry.tenants = {name: Tenant(name, TenantState.APPROVED) for name in ("acme", "lab", "gone")}
    scene.loop.see(*(bodies.a_subscription(name) for name in ("acme", "lab", "gone")))
    await scene.run()
    scene.loop.queue.keys.clear()
    scene.registry.tenants["lab"] = Tenant("lab", TenantState.SUSPENDED, "Abuse")
    del scene.registry.tenants["gone"]
    scene.loop.clock.advance(PROBE_INTERVAL)
    await scene.run()
    changed = {"TenantSubscription tenants/lab", "TenantSubscription tenants/gone"}
    assert scene.loop.queue.names() == changed | {"UsageMetering eu1"}
    connection = scene.registries.of("eu1")
    assert connection is not None
    assert connection.picture.tenant("lab") == scene.registry.tenants["lab"]
    assert connection.picture.tenant("gone") is None


async def test_refused_key_stops_calls_until_the_check_succeeds(scene: Scene) -> None:
    await scene.run()
    scene.registries.failed("eu1", errors.Unreachable("for a moment"))
    assert scene.registries.of("eu1") is not None
    scene.registries.failed("eu1", errors.Forbidden("revoked"))
    assert scene.registries.of("eu1") is None
    assert str(KEY) in scene.loop.queue.names()
    await scene.run()
    assert scene.registries.of("eu1") is not None


async def test_count_stands_in_the_status_before_anybody_goes_ahead(scene: Scene) -> None:
    await scene.run()
    scene.loop.kubernetes.fail("apply_status", errors.Unreachable("apiserver"))
    with pytest.raises(errors.Unreachable):
        await scene.registries.disrupt("eu1", "acme")
    assert await scene.registries.disrupt("eu1", "acme")
    assert scene.cluster.status.brake is not None
    assert scene.cluster.status.brake.count == 1


async def test_tenants_that_ask_together_share_writes(scene: Scene) -> None:
    await scene.run()
    scene.loop.kubernetes.calls.clear()
    answers = await asyncio.gather(*(scene.registries.disrupt("eu1", f"t{number}") for number in range(15)))
    assert sum(answers) == 10
    assert scene.loop.kubernetes.count("apply_status") == 1
    assert scene.cluster.status.brake is not None
    assert (scene.cluster.status.brake.count, scene.cluster.status.brake.held) == (10, 5)


async def test_write_that_is_repeated_counts_its_tenant_once(scene: Scene) -> None:
    await scene.run()
    for _ in range(3):
        assert await scene.registries.disrupt("eu1", "acme")
    assert scene.cluster.status.brake is not None
    assert scene.cluster.status.brake.count == 1


async def test_brake_is_not_forgotten_by_a_restart_and_yields_to_approval_only(scene: Scene) -> None:
    scene.edit(brake={"maxDisruptionsPerHour": 0})
    scene.loop.see(bodies.a_subscription())
    await scene.run()
    assert not await scene.registries.disrupt("eu1", "acme")
    assert str(KEY) in scene.loop.queue.names()
    scene.restart()
    await scene.run()
    assert scene.condition("DisruptionsHeld").status == "True"
    assert not await scene.registries.disrupt("eu1", "acme")
    scene.loop.queue.keys.clear()
    scene.approve()
    await scene.run()
    assert scene.condition("DisruptionsHeld").reason == Reason.APPROVED
    assert "TenantSubscription tenants/acme" in scene.loop.queue.names()
    assert await scene.registries.disrupt("eu1", "acme")
    scene.restart()
    await scene.run()
    assert await scene.registries.disrupt("eu1", "acme"), "a kill in between does not use the approval up"
    await scene.registries.withdraw("eu1", "acme")
    await scene.run()
    assert scene.condition("DisruptionsHeld").reason == Reason.WITHIN_LIMIT


async def test_constant_annotation_does_not_approve_for_ever(scene: Scene) -> None:
    scene.edit(brake={"maxDisruptionsPerHour": 0})
    await scene.run()
    await scene.registries.disrupt("eu1", "acme")
    scene.approve()
    await scene.run()
    assert await scene.registries.disrupt("eu1", "acme")
    await scene.registries.withdraw("eu1", "acme")
    await scene.registries.disrupt("eu1", "other")
    await scene.run()
    assert not await scene.registries.disrupt("eu1", "other")
    assert scene.condition("DisruptionsHeld").reason == Reason.LIMIT_EXCEEDED


async def test_tenant_that_paid_leaves_the_batch(scene: Scene) -> None:
    scene.edit(brake={"maxDisruptionsPerHour": 0})
    await scene.run()
    await scene.registries.disrupt("eu1", "acme")
    await scene.registries.withdraw("eu1", "acme")
    assert scene.cluster.status.brake is not None
    assert (scene.cluster.status.brake.held, scene.cluster.status.brake.engaged) == (0, False)
    writes = scene.loop.kubernetes.count("apply_status")
    await scene.registries.withdraw("eu1", "acme")
    assert scene.loop.kubernetes.count("apply_status") == writes


async def test_nobody_goes_ahead_on_a_cluster_that_is_gone(scene: Scene) -> None:
    with pytest.raises(ObjectGone):
        await scene.registries.disrupt("other", "acme")


async def test_totals_of_many_share_a_call_and_are_kept_for_a_while(scene: Scene) -> None:
    scene.registry.known_totals = {"a": Totals(users=1)}
    await scene.run()
    connection = scene.registries.of("eu1")
    assert connection is not None
    found = await asyncio.gather(connection.totals.totals("a"), connection.totals.totals("b"))
    assert list(found) == [Totals(users=1), None]
    assert scene.registry.count("totals") == 1
    scene.loop.clock.advance(60)
    assert await connection.totals.totals("a", oldest=60) == Totals(users=1)
    assert scene.registry.count("totals") == 1
    await connection.totals.totals("a", oldest=59)
    assert scene.registry.count("totals") == 2


async def test_deletion_waits_for_tenants_and_names_them(scene: Scene) -> None:
    user = bodies.a_subscription()
    scene.loop.see(user)
    await scene.run()
    scene.edit(metadata={"deletionTimestamp": "2026-11-20T10:00:00Z"})
    await scene.run()
    assert "used by tenants/acme" in scene.condition().message
    scene.loop.store.forget(user)
    assert (await scene.run()).result == "gone"
    assert scene.loop.store.cluster("eu1") is None
    assert scene.registry.closed


async def test_paused_cluster_makes_no_call(scene: Scene) -> None:
    scene.edit(metadata={"annotations": {"tenantbilling.dev/paused": "true"}})
    await scene.run()
    assert (scene.condition().reason, scene.registry.calls) == (Reason.PAUSED, [])
    scene.edit(
        metadata={"deletionTimestamp": "2026-11-20T10:00:00Z", "finalizers": ["tenantbilling.dev/finalizer"]}
    )
    assert (await scene.run()).result == "gone"


async def test_new_admin_key_is_used_without_a_restart_and_goes_on_with_the_picture(scene: Scene) -> None:
    scene.registry.tenants = {"acme": Tenant("acme", TenantState.APPROVED)}
    await scene.run()
    former, scene.registry = scene.registry, RegistryMemory(tenants=scene.registry.tenants)
    scene.loop.kubernetes.secrets[SECRET] = "0b" * 32
    scene.loop.queue.keys.clear()

    await scene.surroundings.secrets.look()
    assert scene.loop.queue.names() == {"ThingsStackCluster eu1"}
    before = scene.registries.of("eu1")
    await scene.run()

    assert [each["key"] for each in scene.connected] == [ADMIN_KEY, "0b" * 32]
    assert former.closed
    after = scene.registries.of("eu1")
    assert before is not None
    assert after is not None
    assert after.picture is before.picture
    await after.picture.fresh("acme")
    assert scene.registry.count("tenant") == 1, "what is asked is asked of the new connection"


async def test_new_certificates_are_used_without_a_restart(scene: Scene) -> None:
    scene.loop.kubernetes.secrets["billing", "ca", "ca.crt"] = "CERTIFICATE"
    scene.edit(caBundleSecretRef={"name": "ca", "key": "ca.crt"})
    await scene.run()
    scene.loop.kubernetes.secrets["billing", "ca", "ca.crt"] = "RENEWED"
    await scene.surroundings.secrets.look()
    await scene.run()
    assert [each["ca"] for each in scene.connected] == ["CERTIFICATE", "RENEWED"]


async def test_another_address_is_another_registry_with_a_picture_of_its_own(scene: Scene) -> None:
    await scene.run()
    before = scene.registries.of("eu1")
    scene.edit(url="https://other.example.com")
    await scene.run()
    after = scene.registries.of("eu1")
    assert before is not None
    assert after is not None
    assert after.picture is not before.picture


async def test_key_that_was_revoked_is_told_and_a_new_one_taken_at_once(scene: Scene) -> None:
    await scene.run()
    del scene.loop.kubernetes.secrets[SECRET]
    await scene.surroundings.secrets.look()
    await scene.run()
    assert scene.condition().reason == Reason.SECRET_NOT_FOUND
    scene.loop.kubernetes.secrets[SECRET] = "0c" * 32
    await scene.surroundings.secrets.look()
    assert "ThingsStackCluster eu1" in scene.loop.queue.names()
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE


class EditedMeanwhile(RegistryMemory):
    """Something happens while the registry is probed."""

    meanwhile: Callable[[], None] = staticmethod(lambda: None)

    async def probe(self) -> None:
        self.meanwhile()
        await super().probe()


async def test_edit_during_a_probe_is_not_told_as_looked_at(scene: Scene) -> None:
    scene.registry = registry = EditedMeanwhile()
    registry.meanwhile = lambda: scene.edit(requestsPerSecond=3)
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert scene.cluster.status.observed_generation == scene.cluster.metadata.generation - 1


async def test_cluster_that_is_made_anew_during_a_probe_gets_nothing_of_it(scene: Scene) -> None:
    scene.registry = registry = EditedMeanwhile()
    registry.meanwhile = lambda: scene.loop.see(bodies.newer(bodies.a_cluster(), uid="uid-of-another"))
    await scene.run()
    assert scene.cluster.status.conditions == ()
    registry.meanwhile = lambda: None
    await scene.run()
    assert scene.condition().reason == Reason.AVAILABLE
    assert len(scene.connected) == 2, "the new one's key was read"

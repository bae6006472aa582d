"""Kopf, the store, the queue and the Lease together on a real kube-apiserver."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kubernetes_bodies import a_plan, a_subscription, key
from metrics_builders import Samples, scraped
from outside_stubs import ManualClock
from running_operator import RunningOperator, running_operator
from tenant_billing.api.names import API_VERSION
from tenant_billing.clients.kubernetes import KubernetesCluster
from tenant_billing.clients.kubernetes_api import MERGE_PATCH, KubernetesApi
from tenant_billing.clients.lease import KubernetesLease
from tenant_billing.ports import ObjectKey
from tenant_billing.runtime.clock import SystemClock
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment.gateway import KubernetesGateway
from waiting import wait_for

OBJECTS = 300


def path_of(kind: ObjectKey) -> str:
    plural = {"BillingPlan": "billingplans", "TenantSubscription": "tenantsubscriptions"}[kind.kind]
    scope = f"namespaces/{kind.namespace}/" if kind.namespace else ""
    return f"/apis/{API_VERSION}/{scope}{plural}"


async def create(api: KubernetesApi, body: dict[str, Any]) -> ObjectKey:
    bare = body | {"metadata": {"name": body["metadata"]["name"]}}
    await api.call("POST", path_of(key(body)), body=bare)
    return key(body)


async def patch(api: KubernetesApi, which: ObjectKey, change: dict[str, Any]) -> None:
    await api.call("PATCH", f"{path_of(which)}/{which.name}", body=change, content_type=MERGE_PATCH)


async def test_the_first_pass_sees_everything_that_existed_at_the_start(
    control_plane: ControlPlane, api: KubernetesApi, namespace: str
) -> None:
    """An object that is not in the store yet must never be taken for one that does not exist."""
    bodies = [
        a_subscription(f"tenant-{number}", namespace=namespace, plan=namespace) for number in range(OBJECTS)
    ]
    await asyncio.gather(*(create(api, body) for body in bodies))
    async with running_operator(control_plane.kubeconfig, namespace, plan=namespace) as operator:
        await wait_for(lambda: operator.loops, "leadership")
        await wait_for(lambda: len(operator.passes_in(namespace)) >= OBJECTS, "a pass for each object")
        assert min(operator.reconciler.plan_sizes) == OBJECTS
        assert len(operator.passes_in(namespace)) == len(set(operator.passes_in(namespace)))


@pytest.fixture
async def operator(
    control_plane: ControlPlane, api: KubernetesApi, namespace: str
) -> AsyncIterator[RunningOperator]:
    async with running_operator(control_plane.kubeconfig, namespace, plan=namespace) as running:
        await wait_for(lambda: running.loops, "leadership")
        yield running


NUDGE = "tenantbilling.dev/nudge"


async def test_an_edit_and_a_nudge_are_looked_at_and_a_status_is_known(
    operator: RunningOperator, api: KubernetesApi, namespace: str
) -> None:
    """Whom a status brings, and when, is a matter of test_dependents.py and test_arrivals.py."""
    cluster = KubernetesCluster(api, SystemClock(), "test")
    acme = await create(api, a_subscription("acme", namespace=namespace, plan=namespace))
    await wait_for(lambda: operator.reconciler.count(acme), "a pass for the new object")
    body = await api.call("GET", f"{path_of(acme)}/acme")
    await cluster.apply_status(
        "TenantSubscription", namespace, "acme", body["metadata"]["uid"], {"customerID": "c"}
    )

    def nudged() -> bool:
        return any(NUDGE in each.get("annotations", {}) for each in operator.reconciler.seen(acme))

    def edited() -> bool:
        return any(each["generation"] == 2 for each in operator.reconciler.seen(acme))

    await cluster.annotate("TenantSubscription", namespace, "acme", {NUDGE: "evt_1"})
    await wait_for(nudged, "a pass for the nudge")
    assert not edited()
    await patch(api, acme, {"spec": {"tenant": {"name": "Acme"}}})
    await wait_for(edited, "a pass for the edit")
    seen = operator.reconciler.resources.subscription(namespace, "acme")
    assert seen is not None
    assert (seen.spec.tenant.name, seen.status.customer_id) == ("Acme", "c")


async def test_a_changed_plan_brings_its_subscriptions_and_a_deleted_object_leaves_the_store(
    operator: RunningOperator, api: KubernetesApi, namespace: str
) -> None:
    acme = await create(api, a_subscription("acme", namespace=namespace, plan=namespace))
    await wait_for(lambda: operator.reconciler.count(acme), "a pass for the new object")
    plan = await create(api, a_plan(namespace))
    await wait_for(lambda: operator.reconciler.count(plan), "a pass for the plan")
    await wait_for(lambda: operator.reconciler.count(acme) >= 2, "a pass for the plan's subscription")
    await api.call("DELETE", f"{path_of(acme)}/acme")
    await wait_for(lambda: operator.reconciler.resources.body(acme) is None, "the object to leave the store")
    await api.call("DELETE", f"{path_of(plan)}/{namespace}")


async def test_a_second_replica_serves_and_works_only_once_the_first_has_stopped(
    operator: RunningOperator, control_plane: ControlPlane, api: KubernetesApi, namespace: str
) -> None:
    kubeconfig = control_plane.kubeconfig
    async with running_operator(kubeconfig, namespace, plan=namespace, identity="two") as second:
        acme = await create(api, a_subscription("acme", namespace=namespace, plan=namespace))
        await wait_for(lambda: operator.reconciler.count(acme), "a pass of the leader")
        assert second.loops == []
        leading, waiting = await scraped_at(operator), await scraped_at(second)
        assert (leading.of("leader"), waiting.of("leader")) == (1, 0)
        assert leading.all("tenants")
        assert waiting.all("tenants") == [], "it watches them, too, and would make a sum of twice as many"
        operator.stop.set()
        await wait_for(lambda: second.loops, "the second replica to lead")
        await wait_for(lambda: second.reconciler.count(acme), "a pass of the new leader")
        assert (await scraped_at(second)).of("leader") == 1


async def scraped_at(operator: RunningOperator) -> Samples:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{operator.ports.probe}") as client:
        return scraped((await client.get("/metrics")).text)


async def test_a_restarted_process_takes_its_lease_back_at_once(
    kinds: ControlPlane, api: KubernetesApi, namespace: str
) -> None:
    """SIGKILL gives nothing back; waiting for the Lease to run out would be waiting for nobody."""
    kubeconfig, clock = kinds.kubeconfig, SystemClock()
    lease = KubernetesLease(api, clock, namespace, "tenant-billing-operator", "one", duration=600)
    assert await lease.acquire_or_renew()
    async with running_operator(kubeconfig, namespace, identity="two") as stranger:
        async with running_operator(kubeconfig, namespace, identity="one") as restarted:
            await wait_for(lambda: restarted.loops, "the former holder to lead")
        assert stranger.loops == []


async def test_when_anothers_lease_runs_out_is_known_to_who_waits_for_it(
    kinds: ControlPlane, api: KubernetesApi, namespace: str
) -> None:
    """So that it is tried for then, and not at the next of some intervals."""
    clock = ManualClock()
    held, wanted = (
        KubernetesLease(api, clock, namespace, "lease", identity, duration=15) for identity in ("one", "two")
    )
    assert wanted.free_after is None
    assert await held.acquire_or_renew()
    assert not await wanted.acquire_or_renew()
    assert wanted.free_after == 15
    clock.seconds += 10
    assert wanted.free_after == 5
    clock.seconds += 10
    assert wanted.free_after == 0
    assert await wanted.acquire_or_renew()


@pytest.fixture
async def gateway(kinds: ControlPlane) -> AsyncIterator[KubernetesGateway]:
    async with KubernetesGateway.serve(kinds) as serving:
        yield serving


async def test_what_was_deleted_while_the_watches_were_broken_is_noticed(
    gateway: KubernetesGateway, kinds: ControlPlane, api: KubernetesApi, namespace: str, tmp_path: Path
) -> None:
    """Kopf lists what there is after such a break, and says nothing of what is not there any more."""
    kubeconfig = await behind(gateway, kinds, namespace, tmp_path)
    acme = await create(api, a_subscription("acme", namespace=namespace, plan=namespace))
    async with running_operator(kubeconfig, namespace, plan=namespace, roll_call_interval=2.0) as operator:
        await wait_for(lambda: operator.loops, "leadership")
        await wait_for(lambda: operator.reconciler.count(acme), "a pass for the object")
        await wait_for(lambda: is_ready(operator), "readiness")

        gateway.watches.go_deaf()
        await api.call("DELETE", f"{path_of(acme)}/acme")
        beta = await create(api, a_subscription("beta", namespace=namespace, plan=namespace))
        await wait_for(lambda: operator.reconciler.resources.body(acme) is None, "the ghost to be noticed")
        await wait_for(lambda: operator.reconciler.count(acme) >= 2, "a pass for its end")
        await wait_for(lambda: is_unready(operator), "no readiness: the watches are too old")
        assert operator.reconciler.resources.body(beta) is None

        gateway.watches.hear_again()
        await wait_for(lambda: operator.reconciler.count(beta), "a pass for what came meanwhile")
        await wait_for(lambda: is_ready(operator), "readiness")


async def behind(gateway: KubernetesGateway, plane: ControlPlane, namespace: str, directory: Path) -> Path:
    """A kubeconfig for an administrator with a token, which passes the gateway."""
    await plane.run_kubectl("create", "serviceaccount", "operator", "--namespace", namespace)
    whose = f"--serviceaccount={namespace}:operator"
    await plane.run_kubectl("create", "clusterrolebinding", namespace, "--clusterrole=cluster-admin", whose)
    token = await plane.token(namespace, "operator")
    return plane.kubeconfig_for_token(token, directory / "kubeconfig", url=gateway.url)


async def is_ready(operator: RunningOperator) -> bool:
    return (await _readiness(operator)).status_code == httpx.codes.OK


async def is_unready(operator: RunningOperator) -> bool:
    answer = await _readiness(operator)
    return answer.status_code == httpx.codes.SERVICE_UNAVAILABLE and "watches" in answer.text


async def _readiness(operator: RunningOperator) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{operator.ports.probe}/readyz")

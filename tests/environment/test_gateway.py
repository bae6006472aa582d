"""The gateway before kube-apiserver: what passes, what is recorded, and what can be made to go wrong."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment.gateway import KubernetesGateway, is_write, operation
from tenant_billing_sandbox.service.faults import FaultSpecification
from waiting import PATIENCE, wait_for

CONFIG_MAPS = "/api/v1/namespaces/{}/configmaps"


@dataclass
class Behind:
    """A client behind the gateway, with an administrator's token, and what the test needs around it."""

    gateway: KubernetesGateway
    plane: ControlPlane
    client: httpx.AsyncClient
    namespace: str

    @property
    def collection(self) -> str:
        return CONFIG_MAPS.format(self.namespace)

    async def create(self, name: str) -> httpx.Response:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
        return await self.client.post(self.collection, json=body)

    async def exists(self, name: str) -> bool:
        """Asked past the gateway."""
        found = await self.plane.run_kubectl(
            "get", "configmap", name, "--namespace", self.namespace, "--ignore-not-found", "--output", "name"
        )
        return bool(found.strip())

    def fault(self, **specification: Any) -> Any:
        return self.gateway.observed.faults.script(FaultSpecification(**specification))


@pytest.fixture
async def behind(control_plane: ControlPlane, namespace: str) -> AsyncIterator[Behind]:
    await control_plane.run_kubectl("create", "serviceaccount", "caller", "--namespace", namespace)
    where = f"--namespace={namespace}"
    await control_plane.run_kubectl(
        "create", "role", "caller", where, "--verb=get,list,watch,create", "--resource=configmaps,secrets"
    )
    bound = ("--role=caller", f"--serviceaccount={namespace}:caller", where)
    await control_plane.run_kubectl("create", "rolebinding", "caller", *bound)
    token = await control_plane.token(namespace, "caller")
    trust = ssl.create_default_context(cafile=control_plane.authority)
    async with (
        KubernetesGateway.serve(control_plane) as gateway,
        httpx.AsyncClient(
            base_url=gateway.url,
            verify=trust,
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=PATIENCE,
        ) as client,
    ):
        yield Behind(gateway, control_plane, client, namespace)


async def test_a_call_reaches_kube_apiserver_as_its_caller_and_the_answer_comes_back(behind: Behind) -> None:
    made = await behind.create("one")
    refused = await behind.client.get("/api/v1/nodes")
    assert made.status_code == 201
    assert made.json()["metadata"]["name"] == "one"
    assert refused.status_code == 403
    assert f"system:serviceaccount:{behind.namespace}:caller" in refused.json()["message"]


async def test_kubectl_works_through_the_gateway(behind: Behind, tmp_path: Path) -> None:
    token = behind.client.headers["Authorization"].removeprefix("Bearer ")
    kubeconfig = behind.plane.kubeconfig_for_token(
        token, tmp_path / "config", namespace=behind.namespace, url=behind.gateway.url
    )
    await behind.plane.run_kubectl("create", "configmap", "typed", kubeconfig=kubeconfig)
    assert await behind.exists("typed")


async def test_writes_are_recorded_with_what_they_did(behind: Behind) -> None:
    await behind.create("two")
    await behind.create("two")
    await behind.client.get(behind.collection)
    record = behind.gateway.observed.record
    first, second = record.since(writes=True)
    assert (first.operation, first.status, first.committed, first.creates) == (
        "POST /api/v1/namespaces/{}/configmaps",
        201,
        True,
        True,
    )
    assert (second.status, second.committed, second.creates) == (409, False, False)
    assert record.counts().reads == 1


async def test_values_of_secrets_are_not_recorded(behind: Behind) -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "hidden"}}
    answer = await behind.client.post(f"/api/v1/namespaces/{behind.namespace}/secrets", json=body)
    (entry,) = behind.gateway.observed.record.since()
    assert answer.status_code == 201
    assert "hidden" not in json.dumps(entry.model_dump(mode="json"))


async def test_a_call_that_is_held_before_is_never_carried_out_when_its_client_dies(behind: Behind) -> None:
    fault = behind.fault(effect="hold_before", writes=True)
    call = asyncio.create_task(behind.create("never"))
    async with asyncio.timeout(PATIENCE):
        await fault.has_held.wait()
    call.cancel()
    await wait_for(lambda: not fault.held, "the dead client's call to be given up")
    fault.release()
    assert not await behind.exists("never")
    (entry,) = behind.gateway.observed.record.since()
    assert (entry.committed, entry.status) == (False, None)


async def test_a_call_that_is_held_after_is_carried_out_though_its_client_dies(behind: Behind) -> None:
    fault = behind.fault(effect="hold_after", writes=True)
    call = asyncio.create_task(behind.create("done"))
    async with asyncio.timeout(PATIENCE):
        await fault.has_held.wait()
    call.cancel()
    await wait_for(lambda: not fault.held, "the dead client's call to be given up")
    assert await behind.exists("done")
    (entry,) = behind.gateway.observed.record.since()
    assert (entry.committed, entry.status) == (True, None)


@pytest.mark.parametrize(
    ("effect", "carried_out"), [("disconnect_before", False), ("disconnect_after", True)]
)
async def test_a_connection_is_cut_before_or_after_the_write(
    behind: Behind, effect: str, carried_out: bool
) -> None:
    behind.fault(effect=effect, writes=True)
    with pytest.raises(httpx.RemoteProtocolError):
        await behind.create("cut")
    assert await behind.exists("cut") is carried_out


async def test_a_scripted_error_is_a_status_of_kubernetes(behind: Behind) -> None:
    behind.fault(effect="error", status=409, type="Conflict", message="Changed by somebody else.")
    answer = await behind.create("refused")
    assert answer.status_code == 409
    assert answer.json()["kind"] == "Status"
    assert (answer.json()["reason"], answer.json()["code"]) == ("Conflict", 409)
    assert not await behind.exists("refused")


async def test_a_watch_is_streamed_while_it_is_open(behind: Behind) -> None:
    async with behind.client.stream("GET", behind.collection, params={"watch": "true"}) as watch:
        lines = watch.aiter_lines()
        await behind.create("watched")
        async with asyncio.timeout(PATIENCE):
            event = json.loads(await anext(lines))
    assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "watched")


async def test_an_outage_of_kube_apiserver_is_answered_503(behind: Behind) -> None:
    async with KubernetesGateway.serve(_GoneControlPlane(behind.plane)) as gateway:  # type: ignore[arg-type]  # stands in for a plane whose server is gone
        trust = ssl.create_default_context(cafile=behind.plane.authority)
        async with httpx.AsyncClient(
            base_url=gateway.url, verify=trust, trust_env=False, timeout=PATIENCE
        ) as client:
            answer = await client.get("/version")
    assert answer.status_code == 503
    assert answer.json()["reason"] == "ServiceUnavailable"


@pytest.mark.parametrize(
    ("method", "path", "writes"),
    [
        ("GET", "/api/v1/namespaces", False),
        ("PATCH", "/apis/tenantbilling.dev/v1alpha1/billingplans/starter/status", True),
        ("POST", "/apis/events.k8s.io/v1/namespaces/tenants/events", True),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/system/leases/operator", False),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", False),
    ],
)
def test_renewing_a_lease_and_asking_for_a_review_are_no_writes(method: str, path: str, writes: bool) -> None:
    assert is_write(method, path) is writes


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/version", "/version"),
        ("/api/v1/namespaces", "/api/v1/namespaces"),
        ("/api/v1/namespaces/tenants", "/api/v1/namespaces/{}"),
        ("/api/v1/namespaces/tenants/secrets/stripe", "/api/v1/namespaces/{}/secrets/{}"),
        ("/apis/g/v1/plans/starter/status", "/apis/g/v1/plans/{}/status"),
        ("/apis/g/v1/namespaces/a/tsubs/b/status", "/apis/g/v1/namespaces/{}/tsubs/{}/status"),
    ],
)
def test_an_operation_names_no_object(path: str, expected: str) -> None:
    assert operation("GET", path) == f"GET {expected}"


class _GoneControlPlane:
    """A control plane whose kube-apiserver answers no more."""

    def __init__(self, plane: ControlPlane) -> None:
        self.url = "https://127.0.0.1:1"
        self.authority = plane.authority
        self.serving = plane.serving

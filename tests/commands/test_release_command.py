"""``tenant-billing release``: only once no operator works, only our finalizers, and as often as one likes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from command_line import Ran, tenant_billing
from kubernetes_fixtures import api, kinds
from manifests import Manifest, a
from tenant_billing.api import names
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.clients.lease import KubernetesLease
from tenant_billing.commands.releasing import AT_A_TIME, Releasing
from tenant_billing.domain.errors import Unreachable
from tenant_billing.ports import ObjectConflict
from tenant_billing.runtime.clock import SystemClock
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment.installation import apply

__all__ = ["api", "kinds"]

FOREIGN = "somebody.example/keep"
SHORT = "3"
"""Seconds that a Lease lasts here; the least there is."""


async def run_release(
    plane: ControlPlane, namespace: str, directory: Path, *arguments: str, **environment: str
) -> Ran:
    variables = {
        "KUBECONFIG": str(plane.kubeconfig),
        "POD_NAMESPACE": namespace,
        "TENANT_BILLING_LEASE_DURATION": SHORT,
        **environment,
    }
    return await tenant_billing("release", *arguments, directory=directory, environment=variables)


def held(namespace: str, name: str, *more: str) -> Manifest:
    changes = {
        "metadata.name": name,
        "metadata.namespace": namespace,
        "metadata.finalizers": [names.FINALIZER, *more],
    }
    return a("TenantSubscription", changes)


async def finalizers(api: KubernetesApi, namespace: str) -> dict[str, list[str]]:
    path = f"/apis/{names.API_VERSION}/namespaces/{namespace}/tenantsubscriptions"
    listed = await api.call("GET", path)
    return {each["metadata"]["name"]: each["metadata"].get("finalizers", []) for each in listed["items"]}


def a_lease(api: KubernetesApi, namespace: str, duration: float = 3.0) -> KubernetesLease:
    return KubernetesLease(api, SystemClock(), namespace, "tenant-billing-operator", "the-operator", duration)


@asynccontextmanager
async def an_operator_that_works(lease: KubernetesLease) -> AsyncIterator[None]:
    assert await lease.acquire_or_renew()

    async def renew() -> None:
        while True:
            await asyncio.sleep(0.5)
            await lease.acquire_or_renew()

    renewing = asyncio.ensure_future(renew())
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.wait({renewing})


async def test_every_page_of_objects_is_let_go_of_and_what_others_hold_stays(
    kinds: ControlPlane, api: KubernetesApi, namespace: str, tmp_path: Path
) -> None:
    many = [held(namespace, f"tenant-{number}") for number in range(AT_A_TIME + 2)]
    await apply(kinds, *many, held(namespace, "shared", FOREIGN))

    ran = await run_release(kinds, namespace, tmp_path)

    assert (ran.code, ran.errors) == (0, "")
    assert "TenantSubscription. Nothing was deleted.\n" in ran.output
    left = await finalizers(api, namespace)
    assert len(left) == len(many) + 1
    assert {name: each for name, each in left.items() if each} == {"shared": [FOREIGN]}


async def test_it_can_be_repeated(
    kinds: ControlPlane, api: KubernetesApi, namespace: str, tmp_path: Path
) -> None:
    await apply(kinds, held(namespace, "acme"))
    await run_release(kinds, namespace, tmp_path)
    (before,) = await versions(api, namespace)

    again = await run_release(kinds, namespace, tmp_path)

    assert (again.code, again.errors.splitlines()[1:]) == (0, [])
    assert again.output.startswith("No object is held by the operator. Nothing was written.\n")
    assert await versions(api, namespace) == [before]


async def versions(api: KubernetesApi, namespace: str) -> list[str]:
    path = f"/apis/{names.API_VERSION}/namespaces/{namespace}/tenantsubscriptions"
    return [each["metadata"]["resourceVersion"] for each in (await api.call("GET", path))["items"]]


async def test_while_an_operator_works_nothing_is_touched_and_it_is_named(
    kinds: ControlPlane, api: KubernetesApi, namespace: str, tmp_path: Path
) -> None:
    await apply(kinds, held(namespace, "acme"))

    async with an_operator_that_works(a_lease(api, namespace)):
        ran = await run_release(kinds, namespace, tmp_path, "--timeout", "4")

    assert ran.code == 1
    waiting, error = ran.errors.splitlines()
    assert waiting == "Waiting for the-operator to end: it holds the Lease of the operator."
    assert error.startswith(
        f"Error: not done after 4 s; the Lease {namespace}/tenant-billing-operator is held by"
    )
    assert await finalizers(api, namespace) == {"acme": [names.FINALIZER]}


async def test_the_lease_of_a_killed_operator_is_waited_for(
    kinds: ControlPlane, api: KubernetesApi, namespace: str, tmp_path: Path
) -> None:
    await apply(kinds, held(namespace, "acme"))
    assert await a_lease(api, namespace).acquire_or_renew()  # and never again

    ran = await run_release(kinds, namespace, tmp_path)

    assert ran.code == 0
    assert await finalizers(api, namespace) == {"acme": []}


async def test_a_replica_that_ends_late_cannot_begin_and_put_the_finalizers_back(
    kinds: ControlPlane, api: KubernetesApi, namespace: str, tmp_path: Path
) -> None:
    ran = await run_release(kinds, namespace, tmp_path, TENANT_BILLING_LEASE_DURATION="60")
    assert ran.code == 0
    assert not await a_lease(api, namespace).acquire_or_renew()


class Objects(KubernetesApi):
    """TenantSubscriptions by name, with their finalizers; something happens at the first write to the last one."""

    def __init__(self, happens: Callable[["Objects"], None], *named: str) -> None:
        self.finalizers = {name: [names.FINALIZER] for name in named}
        self.version = 1
        self._happens: Callable[[Objects], None] | None = happens

    async def call(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        if method == "GET":
            bodies = [self._body(name) for name in self.finalizers]
            return {"items": bodies if path.endswith("/tenantsubscriptions") else [], "metadata": {}}
        name = path.rpartition("/")[2]
        if name == "last" and self._happens is not None:
            happens, self._happens = self._happens, None
            happens(self)
        metadata: Mapping[str, Any] = sent["body"]["metadata"]
        if metadata["resourceVersion"] != str(self.version):
            raise ObjectConflict("of another version")
        self.finalizers[name] = metadata["finalizers"]
        return self._body(name)

    def _body(self, name: str) -> dict[str, Any]:
        found = {"name": name, "namespace": "tenants", "uid": name, "resourceVersion": str(self.version)}
        return {"metadata": found | {"finalizers": self.finalizers[name]}}


def holds_it_too(api: Objects) -> None:
    api.version = 2
    api.finalizers["last"].append(FOREIGN)


def goes_away(_api: Objects) -> None:
    raise Unreachable("the API server is gone", operation="PATCH", outcome_unknown=True)


async def test_an_object_that_is_changed_meanwhile_keeps_what_was_added() -> None:
    api = Objects(holds_it_too, "last")
    releasing = Releasing(api)
    await releasing.run()
    assert api.finalizers == {"last": [FOREIGN]}
    assert releasing.released == {"TenantSubscription": 1}


async def test_a_run_that_breaks_off_leaves_what_it_has_done_and_the_next_does_the_rest() -> None:
    api = Objects(goes_away, "first", "last")
    with pytest.raises(Unreachable):
        await Releasing(api).run()
    assert api.finalizers == {"first": [], "last": [names.FINALIZER]}

    again = Releasing(api)
    await again.run()

    assert api.finalizers == {"first": [], "last": []}
    assert again.released == {"TenantSubscription": 1}
    assert set(again.seen) == {"first", "last"}


async def test_without_the_rights_it_says_so_in_one_line(
    kinds: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    await kinds.run_kubectl("create", "serviceaccount", "nobody", "--namespace", namespace)
    token = await kinds.token(namespace, "nobody")
    path = kinds.kubeconfig_for_token(token, tmp_path / "config")
    ran = await run_release(kinds, namespace, tmp_path, KUBECONFIG=str(path))
    assert ran.code == 1
    (line,) = ran.errors.splitlines()
    assert line.startswith("Error: the Kubernetes API server: leases.coordination.k8s.io")
    assert "Traceback" not in ran.errors


async def test_a_namespace_that_does_not_exist_is_told_at_once(kinds: ControlPlane, tmp_path: Path) -> None:
    ran = await run_release(kinds, "nowhere", tmp_path)
    assert ran.code == 1
    assert ran.errors == (
        "Error: there is no namespace nowhere, where the operator's Lease lies. Name its namespace by "
        "TENANT_BILLING_NAMESPACE; if it was deleted, make it once more: kubectl create namespace nowhere\n"
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "told"),
    [
        (("--timeout", "0"), {}, 2, "Invalid value for '--timeout'"),
        (("--kubeconfig", "nowhere"), {}, 2, "File 'nowhere' does not exist"),
        ((), {"KUBECONFIG": "/nowhere"}, 1, "Error: no usable kubeconfig"),
        (
            (),
            {"TENANT_BILLING_LEASE_DURATION": "1"},
            1,
            "TENANT_BILLING_LEASE_DURATION='1': expected at least 3",
        ),
    ],
)
async def test_a_wrong_call_is_told(
    tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], code: int, told: str
) -> None:
    ran = await tenant_billing("release", *arguments, directory=tmp_path, environment=environment)
    assert ran.code == code
    assert told in ran.errors
    assert "Traceback" not in ran.errors

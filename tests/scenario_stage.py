"""Where scenarios play: the operator in the test's process, before a real kube-apiserver and both simulators."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx

from manifests import REMOVED, a
from tenant_billing.settings import Settings
from tenant_billing.wiring import Operator, Ports, build_loop_of
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment.outside import Outside, connected
from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator
from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from tenant_billing_sandbox.things_stack.simulator import ThingsStackSimulator
from waiting import wait_for

Object = dict[str, Any]

API: Final = "/apis/tenantbilling.dev/v1alpha1"
CORE: Final = "/api/v1/namespaces"
TRUSTED: Final = {"tenantbilling.example/trusted": "true"}
"""Label of the namespaces that backend and cluster trust."""
UNREACHED: Final = 1000
"""A number of disruptions that no test comes near."""


class SkippingClock:
    """The process's time, which a test can move on: what the operator waits for on its own clock takes no time."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._skipped)

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped

    def skip(self, seconds: float) -> None:
        self._skipped += seconds


@dataclass(frozen=True)
class Stage:
    """A running operator with one account and one cluster.

    Attributes:
        outside: The three public APIs, and the controls of the simulators.
        stripe: The simulator that the account lives in.
        things_stack: The simulator of the cluster.
        clock: The operator's own.
        namespace: The operator's own.
        backend: Name of the BillingBackend, which trusts the namespaces with the label.
        cluster: Name of the ThingsStackCluster, likewise; its brake is never reached.
        probes: Address of the operator's probes and metrics.
    """

    outside: Outside
    stripe: StripeSimulator
    things_stack: ThingsStackSimulator
    clock: SkippingClock
    namespace: str
    backend: str
    cluster: str
    probes: str = ""

    async def is_ready(self) -> bool:
        """What the kubelet is told."""
        return (await self._probe("/readyz")).is_success

    async def scrape(self) -> str:
        """What Prometheus is told."""
        answer = await self._probe("/metrics")
        assert answer.is_success, answer.text
        return answer.text

    async def _probe(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=self.probes, timeout=30.0) as client:
            return await client.get(path)

    async def dunning(self) -> Object:
        """What the account's owner has set about invoices that stay unpaid."""
        account = (await self.outside.stripe.get("/_sandbox/account")).json()
        return {name: account[name] for name in ("terminal_action", "retry_intervals")}

    async def apply(self, path: str, manifest: Object) -> Object:
        """Apply an object server-side, as kubectl does, and give it as it is stored then."""
        answer = await self.outside.kubernetes.patch(
            path,
            content=json.dumps(manifest),
            params={"fieldManager": "scenario", "force": "true"},
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        assert answer.is_success, answer.text
        applied: Object = answer.json()
        return applied

    async def merge(self, path: str, change: Object) -> None:
        """Merge a change into an object; ``None`` takes a field away."""
        answer = await self.outside.kubernetes.patch(
            path, content=json.dumps(change), headers={"Content-Type": "application/merge-patch+json"}
        )
        assert answer.is_success or answer.status_code == 404, answer.text

    async def release(self, path: str) -> None:
        """Delete an object and let nobody hold it back."""
        await self.outside.kubernetes.delete(path)
        await self.merge(path, {"metadata": {"finalizers": None}})

    async def make_namespace(self, name: str, labels: dict[str, str] | None = None) -> None:
        """Make a namespace, or give it exactly these labels."""
        metadata = {"name": name, "labels": labels or {}}
        await self.apply(f"{CORE}/{name}", {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    async def make_secret(self, namespace: str, name: str, key: str, value: str) -> None:
        """Make a Secret with one key."""
        path = f"{CORE}/{namespace}/secrets/{name}"
        metadata = {"name": name, "namespace": namespace}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {key: value}}
        await self.apply(path, body)

    async def make_cluster(self, name: str, changes: Object | None = None) -> None:
        """Make a ThingsStackCluster of the simulator, and wait until it is ready."""
        manifest = a(
            "ThingsStackCluster",
            {
                "metadata.name": name,
                "spec.url": self.things_stack.url,
                "spec.requestsPerSecond": 1000,
                "spec.brake": {"maxDisruptionsPerHour": UNREACHED},
                "spec.trustedNamespaces": _TRUSTING,
                **(changes or {}),
            },
        )
        await self.apply(f"{API}/thingsstackclusters/{name}", manifest)
        await self.until_ready(f"{API}/thingsstackclusters/{name}", "Available")

    async def make_backend(self, name: str, changes: Object | None = None) -> None:
        """Make a BillingBackend of the simulator, and wait until it is ready."""
        manifest = a(
            "BillingBackend",
            {
                "metadata.name": name,
                "spec.stripe.apiURL": self.stripe.url,
                "spec.stripe.requestsPerSecond": 100,
                "spec.trustedNamespaces": _TRUSTING,
                "spec.owner": REMOVED,
                **(changes or {}),
            },
        )
        await self.apply(f"{API}/billingbackends/{name}", manifest)
        await self.until_ready(f"{API}/billingbackends/{name}", "Available")

    async def until_ready(self, path: str, reason: str) -> Object:
        """Wait until Ready has a reason that speaks of the present spec; gives the object."""

        async def look() -> Object:
            found = await self.outside.from_kubernetes(path)
            assert found is not None, "there is no such object"
            status = found.get("status", {})
            seen = (reason_of(found, "Ready"), status.get("observedGeneration"))
            assert seen == (reason, found["metadata"]["generation"]), json.dumps(status)
            return found

        return await wait_for(look, f"{path} to be {reason}", interval=0.05)


_TRUSTING: Final = {"from": "Selector", "selector": {"matchLabels": TRUSTED}}


def reason_of(resource: Object, kind: str) -> str:
    """The reason of a condition; empty where there is none."""
    return str(_condition(resource, kind).get("reason", ""))


def message_of(resource: Object, kind: str = "Ready") -> str:
    """The message of a condition; empty where there is none."""
    return str(_condition(resource, kind).get("message", ""))


def _condition(resource: Object, kind: str) -> Object:
    conditions = resource.get("status", {}).get("conditions", [])
    return next((each for each in conditions if each["type"] == kind), {})


@asynccontextmanager
async def set_stage(plane: ControlPlane) -> AsyncIterator[Stage]:
    """Run the operator beside both simulators, with one account and one cluster that are ready."""
    token = secrets.token_hex(3)
    async with (
        StripeSimulator.serve(StripeSettings(rate_limits="none")) as stripe,
        ThingsStackSimulator.serve(ThingsStackSettings()) as things_stack,
        connected(plane, stripe, things_stack) as outside,
    ):
        clock = SkippingClock()
        names = (f"operator-{token}", f"main-{token}", f"eu1-{token}")
        stage = Stage(outside, stripe, things_stack, clock, *names)
        await stage.make_namespace(stage.namespace)
        async with _operator(plane, stage) as ports:
            stage = replace(stage, probes=f"http://127.0.0.1:{ports.probe}")
            await _furnish(stage, ports.webhook)
            yield stage
        for path in (f"billingbackends/{stage.backend}", f"thingsstackclusters/{stage.cluster}"):
            await stage.release(f"{API}/{path}")


async def _furnish(stage: Stage, port: int) -> None:
    url = f"http://127.0.0.1:{port}/webhooks/stripe/{stage.backend}"
    endpoint = await stage.outside.to_stripe("/v1/webhook_endpoints", {"url": url, "enabled_events[0]": "*"})
    await stage.make_secret(stage.namespace, "stripe", "api-key", stage.stripe.api_key)
    await stage.make_secret(stage.namespace, "stripe-webhook", "secret", endpoint["secret"])
    await stage.make_secret(
        stage.namespace, "things-stack", "tenant-admin-key", stage.things_stack.tenant_admin_key
    )
    await asyncio.gather(stage.make_backend(stage.backend), stage.make_cluster(stage.cluster))


@asynccontextmanager
async def _operator(plane: ControlPlane, stage: Stage) -> AsyncIterator[Ports]:
    """Run an operator that leads for as long as it runs; gives the ports that it listens on."""
    settings = Settings(
        namespace=stage.namespace,
        kubeconfig=plane.kubeconfig,
        host="127.0.0.1",
        port=0,
        probe_port=0,
        identity="scenario",
        secret_interval=0.5,
        lease_duration=7200.0,  # longer than any test moves the clock on
        stop_timeout=5.0,
    )
    stop = asyncio.Event()
    listening: asyncio.Future[Ports] = asyncio.get_running_loop().create_future()
    operator = Operator(settings, build_loop_of(settings), clock=stage.clock)
    running = asyncio.create_task(operator.run(stop, listening.set_result))
    running.add_done_callback(lambda _: listening.cancel())
    try:
        yield await listening
    finally:
        stop.set()
        await running

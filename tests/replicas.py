"""Two replicas of the operator beside one another: real processes, each with a gateway of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from running_product import EVENTS, OPERATOR, Product, accounts, hear_of
from tenant_billing_sandbox.environment.environment import (
    OPERATOR_SETTINGS,
    Environment,
    EnvironmentSettings,
)
from tenant_billing_sandbox.environment.gateway import KubernetesGateway
from tenant_billing_sandbox.environment.installation import operator_kubeconfig, samples
from tenant_billing_sandbox.environment.operator_process import OperatorProcess
from tenant_billing_sandbox.environment.places import SYSTEM_NAMESPACE
from tenant_billing_sandbox.service.record import RecordedRequest
from tenant_billing_sandbox.stripe.server import StripeSettings
from waiting import wait_for

LEASE: Final = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM_NAMESPACE}/leases/tenant-billing-operator"


@dataclass
class Replica:
    """One replica; what it writes to Kubernetes passes its own gateway.

    Attributes:
        name: Its identity.
        gateway: What stands between it and kube-apiserver.
        lease_seconds: How long its Lease lasts; 0 before its first start.
    """

    name: str
    environment: Environment
    gateway: KubernetesGateway
    kubeconfig: Path
    process: OperatorProcess
    lease_seconds: float = 0.0

    async def run(self, lease_seconds: float) -> None:
        """Have it run with a Lease that lasts so long, and be ready; one that runs with another is started anew."""
        if self.lease_seconds != lease_seconds:
            await self.process.stop()
        self.lease_seconds = lease_seconds
        settings = {
            "TENANT_BILLING_IDENTITY": self.name,
            "TENANT_BILLING_LEASE_DURATION": f"{lease_seconds:g}",
        }
        await self.process.start(self.kubeconfig, settings=settings)

    def log(self, event: str) -> list[dict[str, Any]]:
        """Its log lines of an event, oldest first."""
        lines = (json.loads(each) for each in self.process.log.read_text().splitlines() if each[:1] == "{")
        return [each for each in lines if each.get("event") == event]

    def last(self, event: str) -> datetime:
        """When it logged an event last."""
        return datetime.fromisoformat(self.log(event)[-1]["timestamp"])

    @property
    def is_leading(self) -> bool:
        """Whether it has begun to lead and not ended, as its log says."""
        begun, ended = self.log("leading"), self.log("no longer leading")
        return bool(begun) and (not ended or ended[-1]["timestamp"] < begun[-1]["timestamp"])

    def losses(self) -> int:
        """How often it has lost the Lease, which is not giving it back."""
        return len([each for each in self.log("no longer leading") if each["lost"]])

    def gave_back(self, since: int) -> bool:
        """Whether it has left the Lease without a holder since a place in the record."""
        calls = self.gateway.observed.record.since(since)
        changes = [
            each.params.get("spec", {}) for each in calls if each.method == "PUT" and each.path == LEASE
        ]
        return any(spec.get("holderIdentity") == "" for spec in changes)

    def sequence(self) -> int:
        """The present end of the record of its calls to Kubernetes."""
        return self.gateway.observed.record.counts().last_sequence

    def writes(self, since: int = 0) -> list[RecordedRequest]:
        """What it has written to Kubernetes, the Lease aside."""
        return self.gateway.observed.record.since(since, writes=True)

    def work(self, since: int = 0) -> list[RecordedRequest]:
        """What it has written as a leader: everything but the nudges of its webhook."""
        return [each for each in self.writes(since) if "annotations" not in each.params.get("metadata", {})]


@dataclass(frozen=True)
class Pair:
    """Two replicas of one installation."""

    product: Product
    first: Replica
    second: Replica

    async def holder(self) -> str:
        """Who holds the Lease; empty where nobody does."""
        lease = await self.product.environment.outside.from_kubernetes(LEASE)
        return str((lease or {}).get("spec", {}).get("holderIdentity", ""))

    async def until_leading(self, replica: Replica, deadline: float = 60.0) -> None:
        """Wait until the Lease is a replica's."""

        async def leads() -> bool:
            return await self.holder() == replica.name

        await wait_for(leads, f"replica {replica.name} to lead", deadline, 0.1)

    async def roles(self, lease_seconds: float) -> tuple[Replica, Replica]:
        """The one that leads and the one that follows, both running with a Lease that lasts so long."""
        self.mend()
        await asyncio.gather(self.first.run(lease_seconds), self.second.run(lease_seconds))
        holder = await wait_for(self._holds, "one of both to lead")
        return (self.first, self.second) if holder == self.first.name else (self.second, self.first)

    def mend(self) -> None:
        """Remove all faults; what was held goes on."""
        self.product.mend()
        self.second.gateway.observed.faults.clear()

    async def _holds(self) -> str:
        """The name of the one that leads and is alive."""
        holder = await self.holder()
        alive = {each.name for each in (self.first, self.second) if each.process.alive and each.is_leading}
        return holder if holder in alive else ""

    async def deliver_to(self, replica: Replica) -> None:
        """Have Stripe deliver to one of them from now on."""
        environment = self.product.environment
        (endpoint,) = environment.stripe.account.table("webhook_endpoint")
        url = f"{replica.process.webhook_url}/webhooks/stripe/main"
        await environment.outside.to_stripe(f"/v1/webhook_endpoints/{endpoint}", {"url": url})


@asynccontextmanager
async def running_pair(directory: Path) -> AsyncIterator[Pair]:
    """Install the product, with both plans offered; no replica runs yet."""
    settings = EnvironmentSettings(gateway=True, stripe=StripeSettings(rate_limits="none"), operator=OPERATOR)
    async with Environment.start(settings, directory) as environment:
        await hear_of(environment, EVENTS)
        product = Product(environment)
        await product.apply(*accounts(environment), *samples("billingplan"))
        async with KubernetesGateway.serve(environment.plane) as gateway:
            first = await _replica(environment, "first", product.gateway, environment.operator)
            second = await _replica(environment, "second", gateway, _process(environment, "second"))
            try:
                yield Pair(product, first, second)
            finally:
                await asyncio.gather(first.process.stop(), second.process.stop())


async def _replica(
    environment: Environment, name: str, gateway: KubernetesGateway, process: OperatorProcess
) -> Replica:
    path = environment.plane.directory / f"{name}.kubeconfig"
    return Replica(
        name, environment, gateway, await operator_kubeconfig(environment.plane, path, gateway.url), process
    )


def _process(environment: Environment, name: str) -> OperatorProcess:
    home = environment.plane.directory / name
    home.mkdir()
    settings: Mapping[str, str] = {**OPERATOR_SETTINGS, **OPERATOR}
    return OperatorProcess(home, environment.logs / f"{name}.log", SYSTEM_NAMESPACE, settings)

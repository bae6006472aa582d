"""What a scenario is written in: plans and tenants that are applied, time that passes, and what is seen then."""

import json
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from manifests import Manifest, a
from scenario_stage import API, TRUSTED, Object, Stage
from scenario_tenant import LOOK_INTERVAL, PREFIX, Tenant, bracketed
from tenant_billing_sandbox.service.faults import FaultSpecification
from waiting import PATIENCE, wait_for

ENDING: Final = 10.0
"""Seconds that a plan gets to end in before it is taken away."""


@dataclass
class Scene:
    """One scenario: a namespace, plans and tenants of its own, on a stage that it shares with others."""

    stage: Stage
    token: str = field(default_factory=lambda: secrets.token_hex(3))
    tenants: list[Tenant] = field(default_factory=list)
    plans: list[str] = field(default_factory=list)
    clusters: list[str] = field(default_factory=list)
    namespaces: list[str] = field(default_factory=list)
    customers: list[str] = field(default_factory=list)

    @property
    def namespace(self) -> str:
        """Where tenants are, unless another is named."""
        return self.namespaces[0]

    def named(self, name: str) -> str:
        """A name of this scenario's own."""
        return f"{name}-{self.token}"

    async def open(self) -> "Scene":
        """Make the namespace, which nobody trusts."""
        await self.another_namespace("tenants")
        return self

    async def another_namespace(self, name: str, *, trusted: bool = False) -> str:
        """Make one more namespace; gives its name."""
        self.namespaces.append(self.named(name))
        await self.stage.make_namespace(self.namespaces[-1], TRUSTED if trusted else None)
        return self.namespaces[-1]

    async def trust(self, *, granted: bool = True) -> None:
        """Let backend and cluster trust the namespace, or no more."""
        await self.stage.make_namespace(self.namespace, TRUSTED if granted else None)

    async def apply_plan(self, name: str, changes: Manifest) -> str:
        """Apply a BillingPlan of this scenario's own; gives its name."""
        own = self.named(name)
        manifest = a("BillingPlan", {"spec.backendRef.name": self.stage.backend, **changes})
        manifest["metadata"]["name"] = own
        self.plans += [] if own in self.plans else [own]
        await self.stage.apply(self.plan_path(own), manifest)
        return own

    async def plan(self, name: str = "starter", changes: Manifest | None = None) -> str:
        """Apply a BillingPlan and wait until it is sold; gives its name. Changes are by dotted path."""
        own = await self.apply_plan(name, changes or {})
        await self.until_plan(own)
        return own

    def plan_path(self, name: str) -> str:
        """Where a plan is."""
        return f"{API}/billingplans/{name}"

    async def until_plan(self, name: str, ready: str = "Available") -> Object:
        """Wait until a plan has a reason; gives it."""
        return await self.stage.until_ready(self.plan_path(name), ready)

    async def until_plan_status(self, name: str, holds: Callable[[Object], bool]) -> Object:
        """Wait until something holds of a plan's status; gives the plan."""

        async def look() -> Object:
            found = await self.stage.outside.from_kubernetes(self.plan_path(name))
            assert found is not None, "there is no such plan"
            assert holds(found.get("status", {})), json.dumps(found.get("status"))
            return found

        return await wait_for(look, f"plan {name} to be as told", interval=LOOK_INTERVAL)

    async def count_again(self, plan: str) -> None:
        """Have the operator look at a plan now; it counts subscribers every ten seconds."""
        annotations = {f"{PREFIX}/reconcile": secrets.token_hex(4)}
        await self.stage.merge(self.plan_path(plan), {"metadata": {"annotations": annotations}})

    async def pause_plan(self, plan: str, *, paused: bool = True) -> None:
        """Have the operator leave a plan alone, or look at it again; waits until it does."""
        annotations = {f"{PREFIX}/paused": "true" if paused else None}
        await self.stage.merge(self.plan_path(plan), {"metadata": {"annotations": annotations}})
        await self.until_plan(plan, "Paused" if paused else "Available")

    async def delete_plan(self, name: str) -> None:
        """Ask for the deletion of a plan."""
        answer = await self.stage.outside.kubernetes.delete(self.plan_path(name))
        assert answer.is_success, answer.text

    async def until_plan_is_gone(self, name: str, deadline: float = PATIENCE) -> None:
        """Wait until there is no such plan any more."""

        async def look() -> bool:
            return await self.stage.outside.from_kubernetes(self.plan_path(name)) is None

        await wait_for(look, f"plan {name} to be gone", deadline, LOOK_INTERVAL)

    async def cluster(self, name: str, changes: Manifest | None = None) -> str:
        """Make a ThingsStackCluster of this scenario's own, such as one with another brake; gives its name."""
        self.clusters.append(self.named(name))
        await self.stage.make_cluster(self.clusters[-1], changes)
        return self.clusters[-1]

    def cluster_path(self, name: str) -> str:
        """Where a ThingsStackCluster is."""
        return f"{API}/thingsstackclusters/{name}"

    async def until_cluster(self, name: str, holds: Callable[[Object], bool]) -> Object:
        """Wait until something holds of a cluster's status; gives the cluster."""

        async def look() -> Object:
            found = await self.stage.outside.from_kubernetes(self.cluster_path(name))
            assert found is not None, "there is no such cluster"
            assert holds(found.get("status", {})), json.dumps(found.get("status"))
            return found

        return await wait_for(look, f"cluster {name} to be as told", interval=LOOK_INTERVAL)

    async def until_cluster_is_gone(self, name: str) -> None:
        """Wait until there is no such cluster any more."""

        async def look() -> bool:
            return await self.stage.outside.from_kubernetes(self.cluster_path(name)) is None

        await wait_for(look, f"cluster {name} to be gone", interval=LOOK_INTERVAL)

    async def approve(self, cluster: str, batch: str) -> None:
        """Approve what the brake of a cluster holds."""
        annotations = {f"{PREFIX}/approve-disruptions": batch}
        await self.stage.merge(self.cluster_path(cluster), {"metadata": {"annotations": annotations}})

    async def apply(
        self,
        plan: str,
        changes: Manifest | None = None,
        *,
        name: str = "acme",
        namespace: str = "",
        tenant_id: str = "",
    ) -> Tenant:
        """Apply a TenantSubscription; changes are by dotted path."""
        tenant_id = tenant_id or self.named(name)
        tenant = Tenant(self.stage, namespace or self.namespace, name, tenant_id)
        manifest = a(
            "TenantSubscription",
            {
                "metadata.name": name,
                "metadata.namespace": tenant.namespace,
                "spec.planRef.name": plan,
                "spec.clusterRef.name": self.stage.cluster,
                "spec.tenant.id": tenant_id,
                **(changes or {}),
            },
        )
        self.tenants.append(tenant)
        await self.stage.apply(tenant.path, manifest)
        return tenant

    async def subscribe(self, plan: str, changes: Manifest | None = None, **where: str) -> Tenant:
        """Apply a TenantSubscription, pay for it, and wait until its tenant is approved."""
        tenant = await self.apply(plan, changes, **where)
        await tenant.until(ready="AwaitingPayment", stripe="incomplete")
        await tenant.pays()
        await tenant.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
        return tenant

    async def advance(self, **duration: float) -> datetime:
        """Let time pass at Stripe and in The Things Stack, as ``days=21``; gives the time then."""
        seconds = int(timedelta(**duration).total_seconds())
        return datetime.fromtimestamp(await self.stage.outside.advance(seconds), UTC)

    async def at_stripe(self, path: str, **fields: str) -> Object:
        """Make or change something at Stripe as its dashboard does; brackets are double underscores."""
        return await self.stage.outside.to_stripe(f"/v1/{path}", bracketed(fields))

    async def card_of(self, customer_id: str) -> str:
        """A good card that the customer has saved."""
        card = await self.at_stripe("payment_methods/pm_card_visa/attach", customer=customer_id)
        return str(card["id"])

    async def look_at_all_tenants(self) -> None:
        """Have the operator check the cluster, and with it see all tenants."""
        path = self.cluster_path(self.stage.cluster)
        token = secrets.token_hex(4)
        await self.stage.merge(path, {"metadata": {"annotations": {f"{PREFIX}/reconcile": token}}})

        async def look() -> bool:
            found = await self.stage.outside.from_kubernetes(path) or {}
            return bool(found["status"].get("lastHandledReconcile") == token)

        await wait_for(look, "the cluster to be checked", interval=LOOK_INTERVAL)

    async def until_clock_is_ready(self, clock_id: str) -> None:
        """Wait until a test clock has arrived where it was sent."""

        async def look() -> bool:
            clock = await self.stage.outside.from_stripe(f"/v1/test_helpers/test_clocks/{clock_id}")
            return bool(clock["status"] == "ready")

        await wait_for(look, "the test clock to be ready")

    def totals_fail(self) -> None:
        """From now on The Things Stack does not tell how much is registered."""
        failure = FaultSpecification(
            effect="error", path="/api/v3/**/registry-totals", status=403, times=None
        )
        self.stage.things_stack.observed.faults.script(failure)

    def writes(self) -> int:
        """How many writes Stripe and The Things Stack have seen so far."""
        records = (self.stage.stripe.observed.record, self.stage.things_stack.observed.record)
        return sum(record.writes for record in records)

    async def close(self) -> None:
        """Leave nothing that goes on: time passes for the next scenario too."""
        for name in self.plans:
            await self.stage.merge(self.plan_path(name), {"spec": {"discovery": None}})
        self.stage.things_stack.observed.faults.clear()
        for tenant in self.tenants:
            seen = await tenant.look()
            await tenant.annotate(paused="true")
            await self.stage.release(tenant.path)
            self.customers += [seen.status["customerID"]] if "customerID" in seen.status else []
        for customer in dict.fromkeys(self.customers):
            await self.stage.outside.stripe.delete(f"/v1/customers/{customer}")
        for name in self.plans:
            await self.stage.outside.kubernetes.delete(self.plan_path(name))
        for name in self.plans:
            await self._until_plan_has_ended(name)
        for name in self.clusters:
            await self.stage.release(self.cluster_path(name))

    async def _until_plan_has_ended(self, name: str) -> None:
        """What it sold is taken out of sale by then: the next scenario counts the writes outside for itself."""
        with suppress(AssertionError):  # where that cannot be, the plan goes all the same
            await self.until_plan_is_gone(name, ENDING)
        await self.stage.release(self.plan_path(name))

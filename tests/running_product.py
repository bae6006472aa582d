"""The whole product in its environment, as tests drive it: objects applied, customers who pay, what is seen then."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

import manifests
from metrics_builders import scraped
from tenant_billing_sandbox.environment.environment import Environment, EnvironmentSettings
from tenant_billing_sandbox.environment.gateway import KubernetesGateway
from tenant_billing_sandbox.environment.installation import apply, backend, cluster, samples
from tenant_billing_sandbox.service.faults import Fault, FaultSpecification
from tenant_billing_sandbox.service.interception import Observed
from tenant_billing_sandbox.stripe.server import StripeSettings
from tenant_billing_sandbox.things_stack.message_json import write_message
from waiting import PATIENCE, wait_for

API: Final = "/apis/tenantbilling.dev/v1alpha1"
NAMESPACE: Final = "tenants"
TRUSTED: Final = {"billing": "trusted"}
DAY: Final = 86_400
LOOK_INTERVAL: Final = 0.1

EVENTS: Final = (
    "customer.deleted",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "invoice.payment_failed",
    "invoice.paid",
)
"""Types that are delivered to the operator: of each change at least one, so that tests do not wait for the others."""

OPERATOR: Final[Mapping[str, str]] = {
    "TENANT_BILLING_WORKERS": "100",  # one held call must not keep another tenant from going on
    "TENANT_BILLING_LOG_LEVEL": "DEBUG",
}

Manifest = dict[str, Any]


def a_tenant(name: str, changes: Mapping[str, object] | None = None) -> Manifest:
    """The sample TenantSubscription under another name, which is also the tenant's id."""
    named = {
        "metadata.name": name,
        "spec.tenant.id": name,
        "spec.customer.details.email": f"billing@{name}.example",
    }
    return manifests.a("TenantSubscription", named | dict(changes or {}))


def condition(resource: Mapping[str, Any] | None, kind: str = "Ready") -> tuple[str, str]:
    """Status and reason of a condition; empty where there is none."""
    for each in ((resource or {}).get("status") or {}).get("conditions", []):
        if each["type"] == kind:
            return each["status"], each["reason"]
    return "", ""


def message(resource: Mapping[str, Any] | None, kind: str = "Ready") -> str:
    """Message of a condition; empty where there is none."""
    for each in ((resource or {}).get("status") or {}).get("conditions", []):
        if each["type"] == kind:
            return str(each.get("message", ""))
    return ""


def is_observed(resource: Mapping[str, Any]) -> bool:
    """Whether the status speaks of the present spec."""
    observed = resource.get("status", {}).get("observedGeneration")
    return bool(observed == resource["metadata"]["generation"])


@dataclass(frozen=True)
class Product:
    """A running environment and the ways in which people use what is installed there."""

    environment: Environment

    @property
    def gateway(self) -> KubernetesGateway:
        """What stands between the operator and kube-apiserver."""
        gateway = self.environment.gateway
        assert gateway is not None
        return gateway

    @property
    def systems(self) -> Mapping[str, Observed]:
        """Everything that the operator writes to: its record and its faults."""
        return {
            "Kubernetes": self.gateway.observed,
            "Stripe": self.environment.stripe.observed,
            "TheThingsStack": self.environment.things_stack.observed,
        }

    async def apply(self, *resources: Manifest) -> None:
        """Apply objects as the administrator."""
        await apply(self.environment.plane, *resources)

    async def change(
        self, name: str, change: Mapping[str, Any], *, plural: str = "tenantsubscriptions"
    ) -> None:
        """Merge a change into an object."""
        answer = await self.environment.outside.kubernetes.patch(
            _path(plural, name),
            content=json.dumps(change),
            headers={"Content-Type": "application/merge-patch+json"},
        )
        answer.raise_for_status()

    async def trust(self) -> None:
        """Have backend and cluster trust the tenants' namespace."""
        answer = await self.environment.outside.kubernetes.patch(
            f"/api/v1/namespaces/{NAMESPACE}",
            content=json.dumps({"metadata": {"labels": TRUSTED}}),
            headers={"Content-Type": "application/merge-patch+json"},
        )
        answer.raise_for_status()

    async def delete(self, name: str, *, plural: str = "tenantsubscriptions") -> None:
        """Ask for the deletion of an object; it may take its time."""
        (await self.environment.outside.kubernetes.delete(_path(plural, name))).raise_for_status()

    async def get(self, name: str, *, plural: str = "tenantsubscriptions") -> Manifest | None:
        """An object as it is now; None if there is none."""
        return await self.environment.outside.from_kubernetes(_path(plural, name))

    async def tenants(self) -> dict[str, Manifest]:
        """All TenantSubscriptions by name."""
        listed = await self.environment.outside.from_kubernetes(_path("tenantsubscriptions", ""))
        return {each["metadata"]["name"]: each for each in (listed or {})["items"]}

    async def until(
        self,
        names: Collection[str],
        holds: Callable[[Manifest | None], bool],
        expected: str,
        deadline: float = PATIENCE,
    ) -> dict[str, Manifest]:
        """Wait until something holds of all TenantSubscriptions named; gives them as they are then."""

        async def look() -> dict[str, Manifest]:
            found = await self.tenants()
            without = {name: _told(found.get(name)) for name in names if not holds(found.get(name))}
            first = dict(list(without.items())[:3])
            assert not without, f"{len(without)} of {len(names)} are not: {json.dumps(first)}"
            return found | {"": {}}

        return await wait_for(look, f"TenantSubscriptions that are {expected}", deadline, LOOK_INTERVAL)

    async def until_ready(self, name: str, reason: str, *, plural: str = "tenantsubscriptions") -> Manifest:
        """Wait until Ready has a reason, of the present spec; gives the object."""

        async def look() -> Manifest:
            found = await self.get(name, plural=plural)
            assert found is not None, "there is no such object"
            assert (condition(found)[1], is_observed(found)) == (reason, True), _told(found)
            return found

        return await wait_for(look, f"{plural} {name} to be {reason}", PATIENCE, LOOK_INTERVAL)

    async def until_quiet(self, seconds: float = 1.0) -> None:
        """Wait until nothing was written anywhere for a while, and the operator has nothing left to look at."""

        last, since = -1, 0.0

        async def look() -> bool:
            nonlocal last, since
            now = asyncio.get_running_loop().time()
            present = self.written()
            if present != last:
                last, since = present, now
            return now - since >= seconds and await self._is_idle()

        await wait_for(look, "nothing to be written any more", PATIENCE, LOOK_INTERVAL)

    async def _is_idle(self) -> bool:
        """Whether no pass waits or is under way: on a busy machine one may take its time before it writes."""
        async with httpx.AsyncClient(base_url=self.environment.operator.probe_url, trust_env=False) as client:
            answer = await client.get("/metrics")
        seen = scraped(answer.raise_for_status().text)
        return not any(seen.of(f"queue_{each}") for each in ("depth", "running"))

    def written(self) -> int:
        """How many writes the operator has sent so far, to whomever."""
        return sum(observed.record.writes for observed in self.systems.values())

    async def look_again(self, names: Collection[str], token: str) -> None:
        """Have each object reconciled once more, and wait until that was done."""
        change = {"metadata": {"annotations": {"tenantbilling.dev/reconcile": token}}}
        await asyncio.gather(*(self.change(name, change) for name in names))
        handled = _handled(token)
        await self.until(names, handled, "looked at once more")

    # -- customers

    def customers(self, tenant_id: str) -> list[Manifest]:
        """Customers that carry the tenant's mark, as Stripe holds them."""
        return [each for each in self.stripe_objects("customer") if _is_marked(each, tenant_id)]

    def subscriptions(self, tenant_id: str) -> list[Manifest]:
        """Subscriptions that carry the tenant's mark, as Stripe holds them."""
        return [each for each in self.stripe_objects("subscription") if _is_marked(each, tenant_id)]

    def invoices(self, tenant_id: str) -> list[Manifest]:
        """Invoices of the tenant's customers."""
        customers = {each["id"] for each in self.customers(tenant_id)}
        return [each for each in self.stripe_objects("invoice") if each["customer"] in customers]

    def stripe_objects(self, kind: str) -> list[Manifest]:
        """All objects of a kind, such as ``price``, that Stripe holds, oldest first."""
        return list(self.environment.stripe.account.table(kind).values())

    def tenant(self, tenant_id: str) -> Manifest | None:
        """The tenant as The Things Stack holds it; None if there is none."""
        record = self.environment.things_stack.registry.store.get(tenant_id)
        if record is None or record.deleted_at is not None:
            return None
        found: Manifest = write_message("Tenant", record.tenant)
        return found

    async def pay(self, tenant_id: str) -> None:
        """The customer pays every open invoice of the tenant with a new card."""
        for customer in self.customers(tenant_id):
            await self.environment.outside.drive_stripe(f"/_sandbox/customers/{customer['id']}/pay")

    async def card(self, tenant_id: str, behavior: str) -> None:
        """From now on the customer's cards behave so; ``none`` takes them away."""
        for customer in self.customers(tenant_id):
            path = f"/_sandbox/customers/{customer['id']}/card"
            await self.environment.outside.drive_stripe(path, {"behavior": behavior})

    async def pay_when_asked(self, names: Collection[str]) -> None:
        """Every customer pays the first invoice as soon as the object says how."""

        async def look() -> bool:
            found = await self.tenants()
            unpaid = [name for name in names if not self.has_paid_once(name)]
            for name in unpaid:
                if _awaits_payment(found.get(name)):
                    await self.pay(name)
            return not unpaid

        await wait_for(look, "every customer to be asked for the first payment", PATIENCE, LOOK_INTERVAL)

    def has_paid_once(self, tenant_id: str) -> bool:
        """Whether the tenant has a subscription whose first invoice is paid."""
        return any(each["status"] != "incomplete" for each in self.subscriptions(tenant_id))

    async def subscribe(self, names: Sequence[str], changes: Mapping[str, object] | None = None) -> None:
        """Apply tenants, pay for them, and wait until they are approved."""
        await self.apply(*(a_tenant(name, changes) for name in names))
        await self.pay_when_asked(names)
        await self.until(names, is_provisioned, "provisioned")

    # -- what goes wrong

    def script(self, system: str, **specification: Any) -> Fault:
        """Script a fault of one system."""
        return self.systems[system].faults.script(FaultSpecification(**specification))

    def mend(self) -> None:
        """Remove all faults of all systems; what was held for a client that is alive goes on."""
        for observed in self.systems.values():
            observed.faults.clear()

    def log(self) -> str:
        """Everything that the operator has logged."""
        return self.environment.operator.log.read_text()

    async def kill(self) -> None:
        """SIGKILL the operator, and let nothing be held or faulty any more."""
        await self.environment.operator.kill()
        self.mend()


def is_provisioned(resource: Manifest | None) -> bool:
    """Whether the tenant is approved and paid for, and the object says so of its present spec."""
    return (
        resource is not None
        and is_observed(resource)
        and condition(resource) == ("True", "Provisioned")
        and resource["status"].get("tenantState") == "Approved"
        and condition(resource, "PaymentCurrent")[0] == "True"
    )


def is_gone(resource: Manifest | None) -> bool:
    """Whether there is no such object any more."""
    return resource is None


def _awaits_payment(resource: Manifest | None) -> bool:
    status = (resource or {}).get("status", {})
    return status.get("subscriptionStatus") == "incomplete" and "hostedInvoiceURL" in status


def _handled(token: str) -> Callable[[Manifest | None], bool]:
    def handled(resource: Manifest | None) -> bool:
        return resource is None or resource.get("status", {}).get("lastHandledReconcile") == token

    return handled


def _is_marked(stripe_object: Manifest, tenant_id: str) -> bool:
    return bool(stripe_object.get("metadata", {}).get("tenantbilling.dev/tenant-id") == tenant_id)


def _told(resource: Manifest | None) -> object:
    return (
        None if resource is None else {"metadata": resource["metadata"]["name"], **resource.get("status", {})}
    )


def _path(plural: str, name: str) -> str:
    where = f"/namespaces/{NAMESPACE}" if plural == "tenantsubscriptions" else ""
    return f"{API}{where}/{plural}/{name}".rstrip("/")


@asynccontextmanager
async def running_product(directory: Path) -> AsyncIterator[Product]:
    """Install the product, start the operator, and offer both sample plans to everybody.

    Args:
        directory: Where everything lies; logs stay there for whoever wonders why a test failed.
    """
    settings = EnvironmentSettings(
        gateway=True,
        stripe=StripeSettings(rate_limits="none"),
        operator=OPERATOR,
    )
    async with Environment.start(settings, directory) as environment:
        product = Product(environment)
        await hear_of(environment, EVENTS)
        await product.apply(*accounts(environment), *samples("billingplan"))
        await environment.start_operator()
        for plan in ("starter", "growth"):
            await product.until_ready(plan, "Available", plural="billingplans")
        yield product


async def hear_of(environment: Environment, events: Sequence[str]) -> None:
    """Have Stripe deliver only some types of events to the operator."""
    (endpoint,) = environment.stripe.account.table("webhook_endpoint")
    fields = {f"enabled_events[{number}]": event for number, event in enumerate(events)}
    await environment.outside.to_stripe(f"/v1/webhook_endpoints/{endpoint}", fields)


def accounts(environment: Environment) -> list[Manifest]:
    """BillingBackend and ThingsStackCluster for tests that wait for no budget and no brake.

    Both trust the namespaces that are labelled as such, see :meth:`Product.trust`.
    """
    stripe, things_stack = backend(environment.accounts), cluster(environment.accounts)
    trusted = {"from": "Selector", "selector": {"matchLabels": TRUSTED}}
    stripe["spec"]["stripe"]["requestsPerSecond"] = 100
    stripe["spec"]["trustedNamespaces"] = trusted
    things_stack["spec"] |= {
        "requestsPerSecond": 1000,
        "brake": {"maxDisruptionsPerHour": 1000},
        "trustedNamespaces": trusted,
    }
    return [stripe, things_stack]

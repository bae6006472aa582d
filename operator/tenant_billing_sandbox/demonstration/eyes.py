"""Reading the three public APIs as words: what a person would look at in each answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from tenant_billing_sandbox.demonstration.observation import Words
from tenant_billing_sandbox.environment.outside import Answer, Outside
from tenant_billing_sandbox.environment.places import SERVICE_ACCOUNT, SYSTEM_NAMESPACE

API: Final = "/apis/tenantbilling.dev/v1alpha1"
LEASE: Final = (
    f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM_NAMESPACE}/leases/{SERVICE_ACCOUNT}"  # the same name
)
TENANT_ID_KEY: Final = "tenantbilling.dev/tenant-id"
NO_TENANT: Final = "not there"


@dataclass(frozen=True)
class Eyes:
    """Looks at one tenant and at what stands around it.

    Attributes:
        outside: Connections to the public APIs.
        tenant_id: The tenant's id, which is also the name of its TenantSubscription.
        namespace: Where the TenantSubscription lies.
    """

    outside: Outside
    tenant_id: str
    namespace: str

    async def lease(self) -> Words:
        """The operator's Lease: ``lease``, who holds it; empty while nobody does."""
        found = await self.outside.from_kubernetes(LEASE)
        return {"lease": (found or {}).get("spec", {}).get("holderIdentity", "")}

    async def kind(self, plural: str, name: str) -> Words:
        """A cluster-scoped object: ``ready``, ``reason``, ``price``."""
        found = await self.outside.from_kubernetes(f"{API}/{plural}/{name}")
        status = (found or {}).get("status", {})
        return _condition(status, "Ready") | {"price": status.get("displayPrice", "")}

    async def subscription(self) -> Words:
        """The TenantSubscription: ``object``, ``ready``, ``reason``, ``payment``, ``state``, ``plan`` and more."""
        found = await self.subscription_object()
        if found is None:
            return {"object": "gone"}
        status = found.get("status", {})
        return _condition(status, "Ready") | {
            "object": "there",
            "payment": _condition(status, "PaymentCurrent")["reason"],
            "state": status.get("tenantState", ""),
            "plan": status.get("planRef", {}).get("name", ""),
            "invoice": status.get("hostedInvoiceURL", ""),
            "suspension": _day(status.get("suspensionTime")),
        }

    async def subscription_object(self) -> Answer | None:
        """The TenantSubscription as Kubernetes gives it; None if there is none."""
        path = f"{API}/namespaces/{self.namespace}/tenantsubscriptions/{self.tenant_id}"
        return await self.outside.from_kubernetes(path)

    async def prices(self) -> Words:
        """Active prices in Stripe: ``prices``, in order of their amount."""
        listed = await self.outside.from_stripe("/v1/prices", active="true")
        ordered = sorted(listed["data"], key=lambda price: int(price["unit_amount"]))
        return {"prices": ", ".join(_amount(price) for price in ordered)}

    async def payments(self) -> Words:
        """The subscription in Stripe: ``status``, ``price``, and of its latest invoice ``invoice`` and ``due``."""
        subscription = await self.stripe_subscription()
        if subscription is None:
            return {}
        (item,) = subscription["items"]["data"]
        invoice = subscription["latest_invoice"]
        return {
            "status": subscription["status"],
            "price": _amount(item["price"]),
            "invoice": invoice["status"] or "",
            "due": _money(invoice["amount_due"], invoice["currency"]),
        }

    async def stripe_subscription(self) -> Answer | None:
        """The newest subscription of the tenant as Stripe gives it, its invoice included; None if there is none."""
        listed = await self.outside.from_stripe(
            "/v1/subscriptions", status="all", **{"expand[0]": "data.latest_invoice"}
        )
        ours = (each for each in listed["data"] if each["metadata"].get(TENANT_ID_KEY) == self.tenant_id)
        return next(ours, None)

    async def tenant(self) -> Words:
        """The tenant in The Things Stack: ``state`` as people write it, ``description``, ``limit`` of devices."""
        tenant = await self.outside.tenant(self.tenant_id)
        if tenant is None:
            return {"state": NO_TENANT}
        return {
            "state": tenant.get("state", "STATE_REQUESTED").removeprefix("STATE_").lower(),
            "description": tenant.get("state_description", ""),
            "limit": str(tenant.get("max_end_devices", "")),
        }


def _condition(status: Mapping[str, Any], kind: str) -> dict[str, str]:
    for condition in status.get("conditions", []):
        if condition["type"] == kind:
            return {"ready": condition["status"], "reason": condition["reason"]}
    return {"ready": "", "reason": ""}


def _amount(price: Mapping[str, Any]) -> str:
    return f"{_money(price['unit_amount'], price['currency'])} / {price['recurring']['interval']}"


def _money(amount: int, currency: str) -> str:
    """An amount of the story's currency, which has two decimals."""
    units, cents = divmod(amount, 100)
    return f"{currency.upper()} {units}.{cents:02d}"


def _day(moment: str | None) -> str:
    if not moment:
        return ""
    return datetime.fromisoformat(moment).astimezone(UTC).date().isoformat()

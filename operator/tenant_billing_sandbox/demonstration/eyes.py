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
DOCUMENTED_TENANT_ID_KEY: Final = "tenant-id"
NO_TENANT: Final = "not there"
MINUTE: Final = 60
"""Seconds: where Stripe's summaries begin and end."""


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
        """A cluster-scoped object: ``ready``, ``reason``; of a plan ``price``, who is ``waiting``, who ``moved``."""
        found = await self.outside.from_kubernetes(f"{API}/{plural}/{name}")
        status = (found or {}).get("status", {})
        migration = status.get("migration", {})
        return _condition(status, "Ready") | {
            "price": status.get("displayPrice", ""),
            "waiting": str(status.get("waiting", {}).get("count", "")),
            "moved": f"{migration.get('moved', 0)} of {migration.get('total', 0)}",
            "migrated": _condition(status, "PricesMigrated")["reason"],
        }

    async def price_id(self, plan: str) -> str:
        """The price at Stripe of a plan; empty while it has none."""
        found = await self.outside.from_kubernetes(f"{API}/billingplans/{plan}")
        return str((found or {}).get("status", {}).get("priceID", ""))

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
            "reported": str(status.get("usage", {}).get("lastReported", "")),
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
        return _payments(subscription)

    async def newest(self) -> Words:
        """The newest subscription in Stripe, whosever it is: the words of `payments`, and the ``tenant`` it names."""
        subscriptions = await self._subscriptions()
        if not subscriptions:
            return {}
        return {**_payments(subscriptions[0]), "tenant": _named(subscriptions[0])}

    async def metered(self) -> Words:
        """The usage that Stripe's meter counts in the period: ``metered``; empty without a metered subscription."""
        subscription = await self.stripe_subscription()
        meter = subscription and subscription["items"]["data"][0]["price"]["recurring"]["meter"]
        if subscription is None or not meter:
            return {}
        item = subscription["items"]["data"][0]
        summaries = await self.outside.from_stripe(
            f"/v1/billing/meters/{meter}/event_summaries",
            customer=subscription["customer"],
            start_time=str(item["current_period_start"] // MINUTE * MINUTE),
            end_time=str(item["current_period_end"] // MINUTE * MINUTE),
        )
        return {"metered": f"{sum(each['aggregated_value'] for each in summaries['data']):.0f}"}

    async def newest_subscription_id(self) -> str:
        """The id of the newest subscription in Stripe; empty if there is none."""
        return next((str(each["id"]) for each in await self._subscriptions()), "")

    async def stripe_subscription(self) -> Answer | None:
        """The newest subscription of the tenant as Stripe gives it, its invoice included; None if there is none."""
        ours = (each for each in await self._subscriptions() if _named(each) == self.tenant_id)
        return next(ours, None)

    async def _subscriptions(self) -> list[Answer]:
        """All subscriptions, the newest first."""
        listed = await self.outside.from_stripe(
            "/v1/subscriptions", status="all", **{"expand[0]": "data.latest_invoice"}
        )
        found: list[Answer] = listed["data"]
        return found

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


def _payments(subscription: Answer) -> Words:
    (item,) = subscription["items"]["data"]
    invoice = subscription["latest_invoice"]
    return {
        "status": subscription["status"],
        "price": _amount(item["price"]),
        "invoice": invoice["status"] or "",
        "due": _money(invoice["amount_due"], invoice["currency"]),
    }


def _named(subscription: Answer) -> str:
    """The tenant that a subscription names, by our own mark or by the documented one; empty if none."""
    metadata = subscription["metadata"]
    return str(metadata.get(TENANT_ID_KEY) or metadata.get(DOCUMENTED_TENANT_ID_KEY, ""))


def _condition(status: Mapping[str, Any], kind: str) -> dict[str, str]:
    for condition in status.get("conditions", []):
        if condition["type"] == kind:
            return {"ready": condition["status"], "reason": condition["reason"]}
    return {"ready": "", "reason": ""}


def _amount(price: Mapping[str, Any]) -> str:
    per = "device / " if price["recurring"]["usage_type"] == "metered" else ""
    return f"{_money(price['unit_amount'], price['currency'])} / {per}{price['recurring']['interval']}"


def _money(amount: int, currency: str) -> str:
    """An amount of the story's currency, which has two decimals."""
    units, cents = divmod(amount, 100)
    return f"{currency.upper()} {units}.{cents:02d}"


def _day(moment: str | None) -> str:
    if not moment:
        return ""
    return datetime.fromisoformat(moment).astimezone(UTC).date().isoformat()

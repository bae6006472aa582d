"""Customers who subscribe in Stripe: in the dashboard, at Checkout, by a Payment Link."""

from collections.abc import Mapping
from dataclasses import dataclass

from scenario_scene import Scene
from scenario_stage import Object
from scenario_tenant import Tenant
from tenant_billing_sandbox.service.record import RecordedRequest

GOOD_CARD = "pm_card_visa"
DECLINED_CARD = "pm_card_chargeCustomerFail"


@dataclass(frozen=True)
class Shop:
    """Where customers find the prices of the platform team, without any object in Kubernetes."""

    scene: Scene

    async def customer(self, *, card: str = GOOD_CARD, **fields: str) -> str:
        """Somebody leaves an address and a card; gives the customer's id."""
        made = await self.scene.at_stripe(
            "customers", **({"email": "ann@acme.example", "name": "Acme Ltd"} | fields)
        )
        identity = str(made["id"])
        self.scene.customers.append(identity)
        if card:
            saved = await self.scene.at_stripe(f"payment_methods/{card}/attach", customer=identity)
            path = f"customers/{identity}"
            await self.scene.at_stripe(path, invoice_settings__default_payment_method=str(saved["id"]))
        return identity

    async def buys(
        self, customer: str, plan: str, metadata: Mapping[str, str] | None = None, **fields: str
    ) -> Object:
        """The customer subscribes to the plan's price; gives the subscription."""
        price = (await self.scene.until_plan(plan))["status"]["priceID"]
        keys = {f"metadata__{key}": value for key, value in (metadata or {}).items()}
        return await self.scene.at_stripe(
            "subscriptions", customer=customer, items__0__price=price, **keys, **fields
        )

    async def edits(self, subscription: Object, metadata: Mapping[str, str]) -> None:
        """Somebody edits the metadata of a subscription in the dashboard."""
        keys = {f"metadata__{key}": value for key, value in metadata.items()}
        await self.scene.at_stripe(f"subscriptions/{subscription['id']}", **keys)

    async def ends(self, subscription: Object) -> None:
        """Somebody ends a subscription in the dashboard."""
        answer = await self.scene.stage.outside.stripe.delete(f"/v1/subscriptions/{subscription['id']}")
        assert answer.is_success, answer.text

    def tenant(self, tenant_id: str, namespace: str = "") -> Tenant:
        """The tenant whose object carries its own id as its name."""
        tenant = Tenant(self.scene.stage, namespace or self.scene.namespace, tenant_id, tenant_id)
        self.scene.tenants.append(tenant)
        return tenant

    def position(self) -> int:
        """A place in Stripe's record, to count from."""
        return self.scene.stage.stripe.observed.record.counts().last_sequence

    def payer_writes(self, since: int) -> list[RecordedRequest]:
        """Writes to subscriptions and customers since a place in the record, whoever made them."""
        written = self.scene.stage.stripe.observed.record.since(since, writes=True)
        return [each for each in written if each.path.startswith(("/v1/subscriptions", "/v1/customers"))]

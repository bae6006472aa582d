"""One tenant of a scenario: its object, its customer, and how it is seen from all three sides."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from manifests import changed
from scenario_stage import API, Object, Stage, message_of, reason_of
from waiting import wait_for

PREFIX: Final = "tenantbilling.dev"
LOOK_INTERVAL: Final = 0.05
TENANT_FIELDS: Final = (
    "name,description,state,state_description,attributes,billing,max_applications,max_clients,"
    "max_end_devices,max_gateways,max_organizations,max_users"
)


@dataclass(frozen=True)
class Seen:
    """One look at a tenant from all three sides.

    Attributes:
        resource: The TenantSubscription; empty if there is none.
        subscription: At Stripe; empty if the object names none that is there.
        tenant: In The Things Stack; empty if there is none.
    """

    resource: Object
    subscription: Object
    tenant: Object

    @property
    def status(self) -> Object:
        """What the object says."""
        found: Object = self.resource.get("status", {})
        return found

    @property
    def description(self) -> str:
        """Why the tenant is in its state."""
        return str(self.tenant.get("state_description", ""))

    def message(self, kind: str = "Ready") -> str:
        """Message of a condition."""
        return message_of(self.resource, kind)

    def reason(self, kind: str = "Ready") -> str:
        """Reason of a condition."""
        return reason_of(self.resource, kind)

    def limit(self, name: str = "end_devices") -> int | None:
        """A limit of the tenant; None is unlimited."""
        value = self.tenant.get(f"max_{name}")
        return None if value is None else int(value)

    def instant(self, name: str) -> int:
        """A time of the status, in seconds since the epoch."""
        return int(datetime.fromisoformat(self.status[name]).timestamp())

    def condensed(self) -> str:
        """What a failed wait tells."""
        conditions = {
            each["type"]: f"{each['status']} {each['reason']}: {each.get('message', '')}"
            for each in self.status.get("conditions", [])
        }
        told = {
            "state": (self.tenant.get("state"), self.description, self.limit()),
            "stripe": self.subscription.get("status"),
            "status": {**self.status, "conditions": conditions},
        }
        return json.dumps(told)


@dataclass
class Tenant:
    """One TenantSubscription, its customer, and its tenant, as a scenario speaks of them."""

    stage: Stage
    namespace: str
    name: str
    tenant_id: str

    @property
    def path(self) -> str:
        """Where the object is."""
        return f"{API}/namespaces/{self.namespace}/tenantsubscriptions/{self.name}"

    async def look(self) -> Seen:
        """How it is now."""
        resource = await self.stage.outside.from_kubernetes(self.path) or {}
        subscription_id = resource.get("status", {}).get("subscriptionID")
        subscription: Object = {}
        if subscription_id:
            found = await self.stage.outside.stripe.get(f"/v1/subscriptions/{subscription_id}")
            subscription = found.json() if found.is_success else {}
        answer = await self.stage.outside.things_stack.get(
            f"/api/v3/tenants/{self.tenant_id}", params={"field_mask": TENANT_FIELDS}
        )
        return Seen(resource, subscription, answer.json() if answer.is_success else {})

    async def until(
        self,
        *,
        ready: str | None = None,
        payment: str | None = None,
        synced: str | None = None,
        tenant_synced: str | None = None,
        within: str | None = None,
        tenant: str | None = None,
        description: str | None = None,
        stripe: str | None = None,
        plan: str | None = None,
        limits: dict[str, int | None] | None = None,
        status: Object | None = None,
    ) -> Seen:
        """Wait until all that is named is so, and the object speaks of its present spec.

        Args:
            ready: Reason of Ready.
            payment: Reason of PaymentCurrent.
            synced: Reason of SubscriptionSynced.
            tenant_synced: Reason of TenantSynced.
            within: Reason of WithinLimits.
            tenant: State in The Things Stack, such as ``Approved``, or ``Absent``; the object says the same.
            description: Why it is in that state, as The Things Stack tells its users.
            stripe: Status at Stripe, raw.
            plan: Name of the plan in force.
            limits: Some limits of the tenant.
            status: Some fields of the object's status.
        """
        named = {
            "ready": ready,
            "payment": payment,
            "synced": synced,
            "tenant_synced": tenant_synced,
            "within": within,
            "tenant": tenant,
            "told": tenant,
            "description": description,
            "stripe": stripe,
            "plan": plan,
        }
        wanted: Object = {name: value for name, value in named.items() if value is not None}
        wanted |= {**(limits or {}), **(status or {})}

        async def look() -> Seen:
            seen = await self.look()
            assert seen.resource, "there is no such object"
            assert seen.status.get("observedGeneration") == seen.resource["metadata"]["generation"]
            present = _summary(seen, limits or {}, status or {})
            differing = {name: (to, present[name]) for name, to in wanted.items() if present[name] != to}
            assert not differing, f"wanted, seen: {differing}; {seen.condensed()}"
            return seen

        return await wait_for(look, f"{self.name} to be as told", interval=LOOK_INTERVAL)

    async def until_on_price(self, price_id: str) -> None:
        """Wait until the subscription's only item has a price."""

        async def look() -> bool:
            seen = await self.look()
            return [each["price"]["id"] for each in seen.subscription["items"]["data"]] == [price_id]

        await wait_for(look, f"{self.name} to be on {price_id}", interval=LOOK_INTERVAL)

    async def until_counting(self, which: str) -> None:
        """Wait until The Things Stack counts these of the tenant's devices, such as ``ALL``."""

        async def look() -> bool:
            billing = (await self.look()).tenant.get("billing", {})
            counted: str = billing.get("counting", {}).get("end_devices", "ALL")
            return counted == which

        await wait_for(look, f"devices of {self.name} to be counted: {which}", interval=LOOK_INTERVAL)

    async def until_subscription(self, **fields: object) -> Seen:
        """Wait until the subscription at Stripe has these values."""

        async def look() -> Seen:
            seen = await self.look()
            assert {name: seen.subscription.get(name) for name in fields} == fields
            return seen

        return await wait_for(look, f"the subscription of {self.name} to be as told", interval=LOOK_INTERVAL)

    async def until_gone(self) -> Seen:
        """Wait until there is no such object any more; gives what it left."""
        last = await self.look()

        async def look() -> bool:
            nonlocal last
            seen = await self.look()
            assert not seen.resource, seen.condensed()
            return True

        await wait_for(look, f"{self.name} to be gone", interval=LOOK_INTERVAL)
        left: Object = {}
        if last.subscription:
            left = await self.stage.outside.from_stripe(f"/v1/subscriptions/{last.subscription['id']}")
        return Seen({}, left, (await self.look()).tenant)

    async def settled(self) -> Seen:
        """Have the operator look at the object once more, and give what is so after that: also what did not happen."""
        token = secrets.token_hex(4)
        await self.annotate(reconcile=token)
        return await self.until(status={"lastHandledReconcile": token})

    async def change(self, changes: dict[str, Any]) -> None:
        """Merge changes into the spec by dotted path; ``None`` takes a field away."""
        await self.stage.merge(self.path, changed({}, {f"spec.{path}": to for path, to in changes.items()}))

    async def annotate(self, **annotations: str | None) -> None:
        """Set annotations of the product, underscores for dashes."""
        named = {f"{PREFIX}/{name.replace('_', '-')}": value for name, value in annotations.items()}
        await self.stage.merge(self.path, {"metadata": {"annotations": named}})

    async def delete(self) -> None:
        """Ask for the deletion of the object."""
        answer = await self.stage.outside.kubernetes.delete(self.path)
        assert answer.is_success, answer.text

    # -- the customer, and the dashboard

    async def customer_id(self) -> str:
        """The customer, as the object records it."""
        seen = await self.look()
        return str(seen.status["customerID"])

    async def pays(self) -> None:
        """The customer pays the open invoice with a new card that stays good."""
        await self._drive(f"customers/{await self.customer_id()}/pay")

    async def card(self, behavior: str) -> None:
        """From now on the customer's cards behave so; ``none`` takes them away."""
        await self._drive(f"customers/{await self.customer_id()}/card", behavior=behavior)

    async def in_the_dashboard(self, **fields: str) -> Object:
        """Somebody edits the subscription at Stripe; brackets are written as double underscores."""
        seen = await self.look()
        path = f"/v1/subscriptions/{seen.subscription['id']}"
        return await self.stage.outside.to_stripe(path, bracketed(fields))

    async def cancelled_in_the_dashboard(self) -> None:
        """Somebody ends the subscription at Stripe."""
        seen = await self.look()
        answer = await self.stage.outside.stripe.delete(f"/v1/subscriptions/{seen.subscription['id']}")
        assert answer.is_success, answer.text

    async def in_the_console(self, fields: Object) -> None:
        """Another administrator edits the tenant in The Things Stack."""
        path = f"/_sandbox/tenants/{self.tenant_id}"
        answer = await self.stage.outside.things_stack.post(path, json=fields)
        assert answer.is_success, answer.text

    async def deleted_in_the_console(self) -> None:
        """Another administrator deletes the tenant in The Things Stack."""
        answer = await self.stage.outside.things_stack.delete(f"/_sandbox/tenants/{self.tenant_id}")
        assert answer.is_success, answer.text

    async def registers(self, **entities: int) -> None:
        """The tenant's users register so many more entities."""
        await self._entities("POST", entities)

    async def removes(self, **entities: int) -> None:
        """The tenant's users remove so many entities."""
        await self._entities("DELETE", entities)

    async def _entities(self, method: str, entities: dict[str, int]) -> None:
        path = f"/_sandbox/tenants/{self.tenant_id}/entities"
        answer = await self.stage.outside.things_stack.request(method, path, json=entities)
        assert answer.is_success, answer.text

    async def _drive(self, path: str, **body: Any) -> None:
        await self.stage.outside.drive_stripe(f"/_sandbox/{path}", body)


def _summary(seen: Seen, limits: dict[str, int | None], status: Object) -> Object:
    """What is compared, by the names under which it is asked for."""
    state = str(seen.tenant.get("state", "STATE_REQUESTED")).removeprefix("STATE_").capitalize()
    return {
        "ready": seen.reason(),
        "payment": seen.reason("PaymentCurrent"),
        "synced": seen.reason("SubscriptionSynced"),
        "tenant_synced": seen.reason("TenantSynced"),
        "within": seen.reason("WithinLimits"),
        "tenant": state if seen.tenant else "Absent",
        "told": seen.status.get("tenantState"),
        "description": seen.description,
        "stripe": seen.subscription.get("status"),
        "plan": seen.status.get("planRef", {}).get("name"),
        **{name: seen.limit(name) for name in limits},
        **{name: seen.status.get(name) for name in status},
    }


def bracketed(fields: dict[str, str]) -> dict[str, str]:
    """Form fields: ``items__0__price`` is ``items[0][price]``."""
    written = {}
    for name, value in fields.items():
        first, *rest = name.split("__")
        written[first + "".join(f"[{each}]" for each in rest)] = value
    return written

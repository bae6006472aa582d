"""A client of the sandbox's simulators: it drives them over HTTP, by the routes that docs/simulators.md describes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click
import httpx

from tenant_billing.api.names import BillingServerMetadata, StripeMetadata
from tenant_billing.domain.access import ENDED

STATE_FILE: Final = Path(".sandbox") / "state.json"
TIMEOUT: Final = 30.0

Answer = dict[str, Any]


class SandboxProblem(click.ClickException):
    """The sandbox cannot do what was asked; the message says why and what to do. Exit status 1."""


@dataclass(frozen=True)
class TenantOverview:
    """One tenant as both simulators know it.

    Attributes:
        tenant: Its id.
        state: Its state in The Things Stack; None where there is no such tenant.
        description: Why it is in that state.
        devices: How many it has.
        limit: How many it may have; None: any number.
        payment: Status of its subscription in Stripe, raw; None without one.
    """

    tenant: str
    state: str | None
    description: str
    devices: int
    limit: int | None
    payment: str | None


class Simulators:
    """The simulators of a running sandbox.

    Args:
        stripe: Address of Stripe's simulator.
        things_stack: Address of The Things Stack's.
    """

    def __init__(self, stripe: str, things_stack: str) -> None:
        self._stripe = stripe
        self._things_stack = things_stack

    @classmethod
    def found_from(cls, directory: Path) -> "Simulators":
        """Find the sandbox that was started in a directory or above it.

        Raises:
            SandboxProblem: There is none.
        """
        for place in (directory, *directory.parents):
            try:
                state = json.loads((place / STATE_FILE).read_text())
            except FileNotFoundError:
                continue
            return cls(state["stripe"], state["thingsStack"])
        raise SandboxProblem("no sandbox was started here or above. Start one: make sandbox")

    def now(self) -> datetime:
        """The time of the sandbox, UTC."""
        return _moment(self._ask("GET", self._stripe, "/_sandbox/clock"))

    def advance(self, seconds: int) -> datetime:
        """Let time pass, with everything that falls due; gives the new time."""
        moment = _moment(self._ask("POST", self._stripe, "/_sandbox/clock/advance", {"seconds": seconds}))
        self._ask("POST", self._things_stack, "/_sandbox/clock", {"time": moment.isoformat()})
        return moment

    def let_payments_fail(self, tenant: str) -> str:
        """From now on every card of the tenant's customer declines; gives the customer's id."""
        customer = self._customer(tenant)
        self._ask("POST", self._stripe, f"/_sandbox/customers/{customer}/card", {"behavior": "declines"})
        return customer

    def pay(self, tenant: str) -> Answer:
        """The tenant's customer pays the open invoice with another card; gives the invoice, or the set-up."""
        return self._ask("POST", self._stripe, f"/_sandbox/customers/{self._customer(tenant)}/pay")

    def subscribe(self, price: str, metadata: Mapping[str, str], **customer: str | bool | None) -> Answer:
        """A customer subscribes in Stripe, without any object in Kubernetes; gives the subscription.

        Args:
            price: Id or lookup key of the price.
            metadata: What the subscription carries, such as ``tenant-id``.
            customer: ``email`` and ``name`` of a new one or the id of a known ``customer``, and whether it ``pays``.
        """
        chosen = {name: value for name, value in customer.items() if value is not None}
        body = {"price": price, "metadata": dict(metadata)} | chosen
        return self._ask("POST", self._stripe, "/_sandbox/checkout", body)

    def edit_metadata(self, subscription: str, metadata: Mapping[str, str]) -> Answer:
        """Somebody edits the metadata of a subscription in Stripe; gives the subscription."""
        return self._ask("POST", self._stripe, f"/_sandbox/subscriptions/{subscription}/metadata", metadata)

    def register_devices(self, tenant: str, count: int) -> TenantOverview:
        """The tenant's users register so many more devices, or with a negative number remove some."""
        verb = "POST" if count >= 0 else "DELETE"
        path = f"/_sandbox/tenants/{tenant}/entities"
        shown = self._ask(verb, self._things_stack, path, {"end_devices": abs(count)})
        return _overview(shown, None)

    def tenants(self) -> list[TenantOverview]:
        """Every tenant, those included for which there is only a subscription yet; sorted by id."""
        payments = {tenant: str(each["status"]) for tenant, each in self._subscriptions().items()}
        shown = self._ask("GET", self._things_stack, "/_sandbox/state")["tenants"]
        known = [
            _overview(each, payments.get(each["tenant"]["ids"]["tenant_id"]))
            for each in shown
            if each["deleted_at"] is None
        ]
        missing = payments.keys() - {each.tenant for each in known}
        awaited = [TenantOverview(tenant, None, "", 0, None, payments[tenant]) for tenant in missing]
        return sorted([*known, *awaited], key=lambda each: each.tenant)

    def _customer(self, tenant: str) -> str:
        subscription = self._subscriptions().get(tenant)
        if subscription is None:
            raise SandboxProblem(f"Stripe has no subscription for the tenant {tenant!r}")
        return str(subscription["customer"])

    def _subscriptions(self) -> dict[str, Answer]:
        """The subscription of each tenant that counts: a live one before an ended one, then the newest."""
        found: dict[str, Answer] = {}
        for account in self._ask("GET", self._stripe, "/_sandbox/state")["accounts"]:
            everything = account["objects"].get("subscription", {}).values()
            for subscription in sorted(everything, key=lambda each: each["status"] not in ENDED):
                metadata = subscription["metadata"]
                tenant = metadata.get(StripeMetadata.TENANT_ID) or metadata.get(
                    BillingServerMetadata.TENANT_ID
                )
                if tenant:
                    found[tenant] = subscription
        return found

    def _ask(self, method: str, server: str, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        try:
            answer = httpx.request(method, f"{server}{path}", json=body, timeout=TIMEOUT, trust_env=False)
            content: Any = answer.json()
        except httpx.ReadTimeout:
            raise SandboxProblem(f"the sandbox at {server} is still at work after {TIMEOUT:.0f} s") from None
        except (httpx.HTTPError, ValueError):
            raise SandboxProblem(f"no sandbox answers at {server}. Start one: make sandbox") from None
        if answer.is_error:
            raise SandboxProblem(f"refused: {_complaint(content)}")
        found: Answer = content
        return found


def _moment(answer: Answer) -> datetime:
    return datetime.fromtimestamp(int(answer["now"]), UTC)


def _overview(shown: Answer, payment: str | None) -> TenantOverview:
    tenant = shown["tenant"]
    limit = tenant.get("max_end_devices")
    return TenantOverview(
        tenant["ids"]["tenant_id"],
        str(tenant.get("state", "STATE_REQUESTED")).removeprefix("STATE_").lower(),
        tenant.get("state_description", ""),
        shown["entities"]["end_devices"],
        None if limit is None else int(limit),
        payment,
    )


def _complaint(content: Any) -> str:
    """The message of an error of Stripe, of The Things Stack or of a control route."""
    error = content.get("error", content) if isinstance(content, dict) else content
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)

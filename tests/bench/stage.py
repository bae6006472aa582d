"""What a measurement runs on: a control plane, both simulators, Stripe's clock, and the product installed."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from bench.simulators import simulator
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment import places
from tenant_billing_sandbox.environment.installation import (
    Accounts,
    apply,
    backend,
    cluster,
    install,
    operator_kubeconfig,
    samples,
)
from tenant_billing_sandbox.environment.operator_process import OperatorProcess
from tenant_billing_sandbox.environment.outside import Outside

STRIPE_RATE_LIMITS: Final = "none"
"""Profile of Stripe's simulator, for the operator and for the floor: it refuses nobody."""
REQUESTS_PER_SECOND: Final = 100
"""The most that a BillingBackend allows."""
THINGS_STACK_REQUESTS_PER_SECOND: Final = 1000
"""The most that a ThingsStackCluster allows."""
TIMEOUT: Final = 60.0
USER: Final = f"system:serviceaccount:{places.SYSTEM_NAMESPACE}:{places.SERVICE_ACCOUNT}"
PROBE_PLAN: Final = "daily"
PLAN: Final = "starter"


@dataclass(frozen=True)
class Stage:
    """Ready for the operator, or for a floor in its place.

    Attributes:
        plane: The control plane.
        outside: Clients of all three.
        accounts: Addresses and keys.
        kubeconfig: The operator's.
        operator: Its process, not started yet; its webhook address is the one that Stripe delivers to.
        token: The operator's token, for a floor in its place.
    """

    plane: ControlPlane
    outside: Outside
    accounts: Accounts
    kubeconfig: Path
    operator: OperatorProcess
    token: str = field(repr=False)

    @property
    def webhook_port(self) -> int:
        """Where Stripe delivers to."""
        return int(self.operator.webhook_url.rpartition(":")[2])


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Run a stage until the block is left; nothing is left running."""
    async with AsyncExitStack() as running:
        plane = await running.enter_async_context(ControlPlane.start())
        logs = plane.directory / "logs"
        stripe = await running.enter_async_context(
            simulator("stripe", logs / "stripe.log", "--rate-limits", STRIPE_RATE_LIMITS)
        )
        things_stack = await running.enter_async_context(simulator("things-stack", logs / "things-stack.log"))
        outside = await running.enter_async_context(_connected(plane, stripe, things_stack))
        home = plane.directory / "operator"
        home.mkdir()
        operator = OperatorProcess(home, logs / "operator.log", places.SYSTEM_NAMESPACE, {})
        secret = await _register_webhook(outside, operator.webhook_url)
        accounts = Accounts(
            stripe["url"], stripe["keys"][0], secret, things_stack["url"], things_stack["tenantAdminKey"]
        )
        await install(plane, accounts)
        kubeconfig = await operator_kubeconfig(plane, plane.directory / "operator.kubeconfig", None)
        token = await plane.token(places.SYSTEM_NAMESPACE, places.SERVICE_ACCOUNT)
        await apply(plane, *_accounts_and_plans(accounts))
        ticking = asyncio.create_task(_tick(outside))
        try:
            yield Stage(plane, outside, accounts, kubeconfig, operator, token)
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
            await operator.stop()


@asynccontextmanager
async def _connected(
    plane: ControlPlane, stripe: dict[str, Any], things_stack: dict[str, Any]
) -> AsyncIterator[Outside]:
    trust = ssl.create_default_context(cafile=plane.authority)
    trust.load_cert_chain(*plane.administrator)
    admin_key = {"Authorization": f"TenantAdminKey {things_stack['tenantAdminKey']}"}
    key = (stripe["keys"][0], "")
    async with (
        httpx.AsyncClient(base_url=plane.url, verify=trust, timeout=TIMEOUT, trust_env=False) as kubernetes,
        httpx.AsyncClient(base_url=stripe["url"], auth=key, timeout=TIMEOUT, trust_env=False) as of_stripe,
        httpx.AsyncClient(
            base_url=things_stack["url"], headers=admin_key, timeout=TIMEOUT, trust_env=False
        ) as of_things_stack,
    ):
        yield Outside(kubernetes, of_stripe, of_things_stack)


async def _register_webhook(outside: Outside, operator_url: str) -> str:
    """The endpoint that delivers to the operator, or to the floor: the events that an operator needs."""
    url = f"{operator_url}/webhooks/stripe/{places.BACKEND}"
    types = {f"enabled_events[{index}]": name for index, name in enumerate(EVENT_TYPES)}
    return str((await outside.to_stripe("/v1/webhook_endpoints", {"url": url, **types}))["secret"])


def _accounts_and_plans(accounts: Accounts) -> list[dict[str, Any]]:
    """The samples with the highest budgets, and a plan whose renewals come every day."""
    account, registry = backend(accounts), cluster(accounts)
    account["spec"]["stripe"]["requestsPerSecond"] = REQUESTS_PER_SECOND
    registry["spec"]["requestsPerSecond"] = THINGS_STACK_REQUESTS_PER_SECOND
    plan, _ = samples("billingplan")
    daily, _ = samples("billingplan")
    daily["metadata"]["name"] = PROBE_PLAN
    daily["spec"]["price"]["recurring"]["interval"] = "Day"
    return [account, registry, plan, daily]


async def _tick(outside: Outside) -> None:
    """Let Stripe's clock go as ours does: an account whose time stands still makes all events of one second."""
    while True:
        await asyncio.sleep(1.0)
        await outside.drive_stripe("/_sandbox/clock/advance", {"seconds": 1})

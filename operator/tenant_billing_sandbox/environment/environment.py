"""The whole environment: a control plane, Stripe, The Things Stack, and the operator between them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.environment import places
from tenant_billing_sandbox.environment.gateway import KubernetesGateway
from tenant_billing_sandbox.environment.installation import (
    Accounts,
    apply,
    backend,
    cluster,
    install,
    operator_kubeconfig,
    register_webhook,
    write_manifests,
)
from tenant_billing_sandbox.environment.operator_process import OperatorProcess
from tenant_billing_sandbox.environment.outside import Outside, connected
from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator
from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from tenant_billing_sandbox.things_stack.simulator import ThingsStackSimulator

OPERATOR_SETTINGS: Mapping[str, str] = {
    "TENANT_BILLING_EVENT_INTERVAL": "2",  # so that the simulated clock is followed without a webhook too
    "TENANT_BILLING_EVENT_INTERVAL_WITHOUT_WEBHOOK": "2",
    "TENANT_BILLING_LEASE_DURATION": "60",  # nobody else wants it, and a busy machine may renew it late
}


@dataclass(frozen=True)
class EnvironmentSettings:
    """What differs from one environment to the next.

    Attributes:
        stripe: How Stripe's simulator starts.
        things_stack: How The Things Stack's simulator starts.
        operator: Further environment variables of the operator.
        gateway: Whether a gateway stands between the operator and kube-apiserver.
        controller_manager: Whether garbage is collected and namespaces end.
        workloads: Whether, beyond that, Deployments get pods that seem to run.
        installed: Whether the product is installed from the start; else by `Environment.install`.
    """

    stripe: StripeSettings = field(default_factory=StripeSettings)
    things_stack: ThingsStackSettings = field(default_factory=ThingsStackSettings)
    operator: Mapping[str, str] = field(default_factory=dict)
    gateway: bool = False
    controller_manager: bool = False
    workloads: bool = False
    installed: bool = True


@dataclass(frozen=True)
class Environment:
    """A running environment; the operator runs when it is started.

    Attributes:
        plane: The control plane.
        stripe: Stripe's simulator, in this process.
        things_stack: The Things Stack's simulator, in this process.
        gateway: What stands between the operator and kube-apiserver, or None.
        operator: The operator's process; see `start_operator`.
        outside: Clients of both outside APIs.
        manifests: Folder with the BillingBackend and the ThingsStackCluster of this environment.
        accounts: Addresses and keys, as the Secrets carry them.
    """

    plane: ControlPlane
    stripe: StripeSimulator
    things_stack: ThingsStackSimulator
    gateway: KubernetesGateway | None
    operator: OperatorProcess
    outside: Outside
    manifests: Path
    accounts: Accounts

    @property
    def logs(self) -> Path:
        """Where the logs of all processes lie; they stay when the environment ends with an exception."""
        return self.operator.log.parent

    @classmethod
    @asynccontextmanager
    async def start(
        cls, settings: EnvironmentSettings | None = None, directory: Path | None = None
    ) -> AsyncIterator["Environment"]:
        """Run everything but the operator until the block is left; nothing is left running then.

        Args:
            settings: What differs; the defaults if None.
            directory: Where everything goes, and stays; absent: a temporary one. See `ControlPlane.running`.

        Raises:
            ControlPlaneError: A program is missing, a server doesn't start, or kubectl is refused.
        """
        chosen = settings or EnvironmentSettings()
        async with AsyncExitStack() as running:
            stripe = await running.enter_async_context(StripeSimulator.serve(chosen.stripe))
            things_stack = await running.enter_async_context(ThingsStackSimulator.serve(chosen.things_stack))
            plane = await running.enter_async_context(
                ControlPlane.start(
                    directory, controller_manager=chosen.controller_manager, workloads=chosen.workloads
                )
            )
            async with _around(plane, stripe, things_stack, chosen) as environment:
                yield environment

    async def install(self) -> None:
        """Install the product, or install it again into a control plane that lost everything."""
        await install(self.plane, self.accounts)
        server = None if self.gateway is None else self.gateway.url
        await operator_kubeconfig(self.plane, self._kubeconfig, server)

    async def start_operator(self, *, wait: bool = True) -> None:
        """Start the operator, unless it runs, and wait until it is ready.

        Raises:
            ServerFailedError: It ended, or isn't ready in time.
        """
        await self.operator.start(self._kubeconfig, wait=wait)

    async def register_accounts(self) -> None:
        """Apply the BillingBackend ``main`` and the ThingsStackCluster ``eu1``."""
        await apply(self.plane, backend(self.accounts), cluster(self.accounts))

    @property
    def _kubeconfig(self) -> Path:
        return self.plane.directory / "operator.kubeconfig"


@asynccontextmanager
async def _around(
    plane: ControlPlane,
    stripe: StripeSimulator,
    things_stack: ThingsStackSimulator,
    settings: EnvironmentSettings,
) -> AsyncIterator[Environment]:
    """Put gateway, clients and the operator's process around what runs, and install the product."""
    home = plane.directory / "operator"
    home.mkdir(exist_ok=True)
    operator = OperatorProcess(
        home,
        plane.directory / "logs" / "operator.log",
        places.SYSTEM_NAMESPACE,
        {**OPERATOR_SETTINGS, **settings.operator},
    )
    async with AsyncExitStack() as running:
        outside = await running.enter_async_context(connected(plane, stripe, things_stack))
        gateway = (
            await running.enter_async_context(KubernetesGateway.serve(plane)) if settings.gateway else None
        )
        secret = await register_webhook(outside, operator.webhook_url)
        accounts = Accounts(
            stripe.url, stripe.api_key, secret, things_stack.url, things_stack.tenant_admin_key
        )
        manifests = plane.directory / "manifests"
        write_manifests(manifests, [backend(accounts), cluster(accounts)])
        environment = Environment(
            plane, stripe, things_stack, gateway, operator, outside, manifests, accounts
        )
        if settings.installed:
            await environment.install()
        try:
            yield environment
        finally:
            await operator.stop()

"""The simulator as a server on the loopback address."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from tenant_billing_sandbox.service.control import add_control_routes
from tenant_billing_sandbox.service.interception import Observed, interception
from tenant_billing_sandbox.service.listening import listening
from tenant_billing_sandbox.things_stack.answering import answering
from tenant_billing_sandbox.things_stack.clock import Clock
from tenant_billing_sandbox.things_stack.control import Control
from tenant_billing_sandbox.things_stack.rate_limits import RateLimits
from tenant_billing_sandbox.things_stack.registry import TenantRegistry
from tenant_billing_sandbox.things_stack.routes import RegistryRoutes, is_write
from tenant_billing_sandbox.things_stack.scripted import scripted_answer
from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from tenant_billing_sandbox.things_stack.store import TenantStore
from tenant_billing_sandbox.things_stack.totals import RegistryTotals

LARGEST_BODY = 16 * 1024 * 1024


@dataclass(frozen=True)
class ThingsStackSimulator:
    """A running simulator of The Things Stack.

    Attributes:
        url: Its address without ``/api/v3``, such as ``http://127.0.0.1:41234``.
        tenant_admin_key: The first of its tenant admin keys.
        registry: The tenants, for tests in the same process.
        observed: Its scripted faults and its record of requests, likewise.
    """

    url: str
    tenant_admin_key: str
    registry: TenantRegistry
    observed: Observed

    @classmethod
    @asynccontextmanager
    async def serve(
        cls, settings: ThingsStackSettings | None = None, *, port: int = 0
    ) -> AsyncIterator["ThingsStackSimulator"]:
        """Serve until the block is left.

        Args:
            settings: What the installation is like; the defaults if None.
            port: The port on the loopback address; 0 takes a free one.
        """
        settings = settings or ThingsStackSettings()
        clock = Clock(settings.real_clock)
        store = TenantStore(settings.monotonic, settings.read_replica_lag)
        registry = TenantRegistry(settings, store, clock)
        app, observed = _application(registry)
        async with listening(app, port=port) as url:
            yield cls(url, settings.tenant_admin_keys[0], registry, observed)


def _application(registry: TenantRegistry) -> tuple[web.Application, Observed]:
    control = Control(registry)
    observed = Observed(writes=is_write, error=scripted_answer, state=control.state)
    app = web.Application(
        middlewares=[interception(observed), answering(observed.faulty_answer)], client_max_size=LARGEST_BODY
    )
    settings = registry.settings
    rate_limits = RateLimits(settings.rate_limits, settings.monotonic)
    RegistryRoutes(registry, RegistryTotals(registry), rate_limits).add_to(app)
    add_control_routes(app, observed)
    control.add_to(app)
    return app, observed

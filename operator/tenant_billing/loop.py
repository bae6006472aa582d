"""What a leader works with: the reconcilers, connected to the real outside."""

import functools
import random
from datetime import datetime

from tenant_billing.clients.stripe_provider import connect_stripe
from tenant_billing.clients.things_stack_registry import connect_things_stack
from tenant_billing.ports import Clock, Cluster, Queue, Resources
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.assembly import assemble
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.reconcilers.reporting import Surroundings
from tenant_billing.settings import Settings
from tenant_billing.wiring import Loop


def build_loop(
    settings: Settings, resources: Resources, kubernetes: Cluster, queue: Queue, clock: Clock
) -> Loop:
    """Build the loop of one leadership; with settings bound it is a ``LoopFactory``."""
    surroundings = Surroundings(resources, kubernetes, queue, clock, settings.namespace, random.random)
    accounts = Accounts(clock, queue)
    registries = Registries(clock, queue, resources, kubernetes)
    reconcilers = assemble(
        surroundings,
        accounts,
        registries,
        functools.partial(connect_stripe, clock=clock),
        functools.partial(connect_things_stack, clock=clock),
        resync_interval=settings.resync_interval,
        event_interval=settings.event_interval,
    )

    def account_time(backend: str) -> datetime | None:
        return accounts.now(backend) if accounts.connection(backend) is not None else None

    async def close() -> None:
        await accounts.close()
        await registries.close()

    return Loop(reconcilers, account_time, close)

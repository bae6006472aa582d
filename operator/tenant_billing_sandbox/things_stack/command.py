"""``python -m tenant_billing_sandbox things-stack``: serve the simulator until a signal ends it."""

import asyncio
import json
import signal
from typing import Any

import click

from tenant_billing_sandbox.things_stack.settings import (
    DEFAULT_TENANT_ADMIN_KEY,
    RateLimit,
    ThingsStackSettings,
)
from tenant_billing_sandbox.things_stack.simulator import ThingsStackSimulator


@click.command("things-stack")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; 0 takes a free one.")
@click.option(
    "--tenant-admin-key",
    "keys",
    multiple=True,
    default=[DEFAULT_TENANT_ADMIN_KEY],
    help="A tenant admin key as hex; repeat it for a rotation.",
)
@click.option("--reserved-id", "reserved_ids", multiple=True, help="A further id that no tenant may have.")
@click.option(
    "--multi-tenancy/--no-multi-tenancy", default=True, help="Whether the licence has multi-tenancy."
)
@click.option("--activated/--no-activated", default=True, help="Whether activated devices are counted.")
@click.option(
    "--calls-per-minute", type=click.IntRange(min=1), help="Limit each method; without it: no limits."
)
@click.option("--replica-lag", type=click.FloatRange(min=0), default=0, help="Seconds by which reads lag.")
def things_stack(
    port: int, keys: tuple[str, ...], reserved_ids: tuple[str, ...], **installation: Any
) -> None:
    """The tenant registry of The Things Stack."""
    calls = installation["calls_per_minute"]
    settings = ThingsStackSettings(
        tenant_admin_keys=keys,
        reserved_ids=frozenset(reserved_ids),
        multi_tenancy=installation["multi_tenancy"],
        supports_activated=installation["activated"],
        rate_limits={} if calls is None else {"*": RateLimit(per_minute=calls, burst=calls)},
        read_replica_lag=installation["replica_lag"],
    )
    asyncio.run(_serve(settings, port))


async def _serve(settings: ThingsStackSettings, port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with ThingsStackSimulator.serve(settings, port=port) as simulator:
        started = {"url": simulator.url, "tenantAdminKey": simulator.tenant_admin_key}
        click.echo(json.dumps(started))
        await ended.wait()

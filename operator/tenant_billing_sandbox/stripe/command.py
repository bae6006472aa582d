"""``python -m tenant_billing_sandbox stripe``: the simulator on its own."""

import asyncio
import json
import signal
from datetime import UTC, datetime
from typing import get_args

import click
from pydantic import ValidationError

from tenant_billing_sandbox.stripe.keys import ApiKey
from tenant_billing_sandbox.stripe.rate_limits import Profile
from tenant_billing_sandbox.stripe.server import DEFAULT_KEY, StripeSettings, StripeSimulator


@click.command("stripe")
@click.option(
    "--key", "keys", multiple=True, help="A key it knows, such as sk_test_1; may be given many times."
)
@click.option("--account", default=DEFAULT_KEY.account, show_default=True, help="The account of the keys.")
@click.option("--rate-limits", type=click.Choice(get_args(Profile)), default="sandbox", show_default=True)
@click.option("--initial-time", type=click.DateTime(), help="The account's time at the start, UTC; else now.")
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Other seeds make other ids.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
def stripe(
    keys: tuple[str, ...],
    account: str,
    rate_limits: Profile,
    initial_time: datetime | None,
    seed: int,
    port: int,
) -> None:
    """Simulate Stripe until interrupted; prints one line of JSON with the URL and the keys."""
    try:
        settings = StripeSettings(
            keys=tuple(ApiKey(secret=secret, account=account) for secret in keys or (DEFAULT_KEY.secret,)),
            rate_limits=rate_limits,
            initial_time=initial_time.replace(tzinfo=UTC) if initial_time else None,
            seed=seed,
            port=port,
        )
    except ValidationError as error:
        raise click.UsageError("; ".join(detail["msg"] for detail in error.errors())) from None
    asyncio.run(_serve(settings))


async def _serve(settings: StripeSettings) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    async with StripeSimulator.serve(settings) as simulator:
        line = {
            "url": simulator.url,
            "account": settings.keys[0].account,
            "keys": [key.secret for key in settings.keys],
        }
        print(json.dumps(line), flush=True)
        await stopped.wait()

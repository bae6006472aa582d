"""``tenant-billing run``: the operator."""

import asyncio
import os
import signal
import sys

import aiohttp
import click

from tenant_billing.clients.kubeconfig import NoConfiguration
from tenant_billing.commands.problems import CannotGoOn
from tenant_billing.runtime.logs import configure_logs
from tenant_billing.settings import PREFIX, LogFormat, Settings, SettingsError
from tenant_billing.webhooks.listening import CannotListen
from tenant_billing.wiring import Operator, build_loop_of


@click.command(short_help="Run the operator; what the container does.")
def run() -> None:
    """Run the operator until it is told to stop. Settings come from the environment (docs/settings.md)."""
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        raise CannotGoOn(str(error)) from None
    on_terminal = settings.log_format is LogFormat.AUTO and sys.stderr.isatty()
    json_lines = not on_terminal and settings.log_format is not LogFormat.CONSOLE
    configure_logs(settings.log_level, json_lines=json_lines)
    try:
        asyncio.run(_run(settings))
    except NoConfiguration as error:
        raise CannotGoOn(f"no way to the Kubernetes API server: {error}. Set {PREFIX}KUBECONFIG.") from None
    except ExceptionGroup as failures:
        _, others = failures.split(aiohttp.ClientError)
        if others is not None:
            raise
        raise CannotGoOn(f"the Kubernetes API server does not answer: {_first(failures)}") from None
    except CannotListen as error:
        raise CannotGoOn(f"{error}. Set {PREFIX}HOST, {PREFIX}PORT and {PREFIX}PROBE_PORT.") from None


def _first(failures: ExceptionGroup[Exception]) -> Exception:
    """One of several failures, however deep they are nested."""
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()

    def take_signals() -> None:
        """Once kopf has taken them for itself: told to stop, the work ends first and the watches last."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)

    await Operator(settings, build_loop_of(settings), on_watching=take_signals).run(stop)

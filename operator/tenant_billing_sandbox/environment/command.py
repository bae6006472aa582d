"""``python -m tenant_billing_sandbox up``: the environment, left running until Ctrl-C."""

import asyncio
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from tenant_billing_sandbox.control_plane.binaries import Binaries
from tenant_billing_sandbox.control_plane.problems import ControlPlaneError
from tenant_billing_sandbox.control_plane.reports import ConsoleReport
from tenant_billing_sandbox.environment.environment import Environment
from tenant_billing_sandbox.environment.installation import offer_plans
from tenant_billing_sandbox.environment.interruption import Interrupted, interruptible
from tenant_billing_sandbox.environment.places import SAMPLES, STATE_FILE

COMMENT_COLUMN: Final = 58


@click.command()
def up() -> None:
    """Run control plane, simulators and operator until Ctrl-C, to try the product by hand."""
    console = Console(highlight=False)
    try:
        Binaries(report=ConsoleReport(console)).install()
        asyncio.run(_run(console, Path.cwd()))
    except ControlPlaneError as error:
        notes = "\n".join(getattr(error, "__notes__", []))
        raise click.ClickException(f"{error}\n{notes}".strip()) from None


async def _run(console: Console, directory: Path) -> None:
    console.print("Starting etcd, kube-apiserver, the simulators and the operator …", style="dim")
    try:
        await interruptible(_serve(console, directory), lambda: console.print("Stopping …", style="dim"))
    except Interrupted:
        console.print("Nothing is left running.", style="dim")


async def _serve(console: Console, directory: Path) -> None:
    """Run everything until this is cancelled."""
    async with Environment.start() as environment:
        await environment.start_operator()
        await environment.register_accounts()
        await offer_plans(environment.plane)
        with state_file(directory / STATE_FILE, _state(environment)):
            for line in welcome(environment, directory):
                console.print(line, soft_wrap=True)
            await _operator_ends(environment)
            log = environment.operator.log
            console.print(f"The operator has ended; its log is {log}", style="red", soft_wrap=True)
            await asyncio.get_running_loop().create_future()


async def _operator_ends(environment: Environment) -> None:
    while environment.operator.alive:  # noqa: ASYNC110 - a process tells nobody that it ends
        await asyncio.sleep(1)


def _state(environment: Environment) -> dict[str, str]:
    """What ``tenant-billing sandbox`` needs to know."""
    return {
        "stripe": environment.stripe.url,
        "thingsStack": environment.things_stack.url,
        "kubeconfig": str(environment.plane.kubeconfig),
        "kubectl": str(environment.plane.kubectl),
        "operatorLog": str(environment.operator.log),
    }


@contextmanager
def state_file(path: Path, state: Mapping[str, str]) -> Iterator[None]:
    """Tell ``tenant-billing sandbox`` where the simulators are, for as long as they run.

    Whoever finds the file finds all of it. Where another sandbox has written its own since, that one stays.
    """
    content = json.dumps(state, indent=2)
    path.parent.mkdir(exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=path.parent)  # readable by its owner only
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    Path(unfinished).replace(path)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            if path.read_text() == content:
                path.unlink()


def welcome(environment: Environment, directory: Path) -> Iterator[Text]:
    """Say how to use what runs, in lines that can be copied into another terminal."""
    samples = SAMPLES.relative_to(directory) if SAMPLES.is_relative_to(directory) else SAMPLES
    yield Text()
    yield Text("The sandbox runs. In another terminal:", style="bold")
    yield Text()
    yield Text(f"  export KUBECONFIG={shlex.quote(str(environment.plane.kubeconfig))}")
    for command in (environment.plane.kubectl, Path(sys.executable).parent / "tenant-billing"):
        yield Text(f"  alias {command.name}={shlex.quote(shlex.quote(str(command)))}")
    yield Text()
    for line, comment in (
        (f"kubectl apply -f {samples}/tenantsubscription.yaml", "subscribe a tenant"),
        ("kubectl get tenantbilling -A", "the state of everything"),
        ("tenant-billing status -A", "the same, tenants only"),
        ("tenant-billing sandbox pay acme-iot", "the customer pays"),
        ("tenant-billing sandbox devices acme-iot 300", "the tenant registers devices"),
        ("tenant-billing sandbox fail-payment acme-iot", "from now on the card declines"),
        ("tenant-billing sandbox advance 32d", "let time pass: the renewal fails"),
        ("tenant-billing sandbox advance 21d", "three weeks more: suspended"),
        ("tenant-billing sandbox tenants", "what both simulators know"),
    ):
        yield Text.assemble("  ", f"{line:<{COMMENT_COLUMN}}", (f"# {comment}", "dim"))
    yield Text()
    for name, place in (
        ("Stripe", f"{environment.stripe.url} (key {environment.stripe.api_key})"),
        ("The Things Stack", environment.things_stack.url),
        ("Operator's log", environment.operator.log),
    ):
        yield Text.assemble("  ", (f"{name:<18}", "dim"), str(place))
    yield Text()
    yield Text("Ctrl-C ends it, and leaves nothing running.")

"""``python -m tenant_billing_sandbox demo``: the main job once, on a real control plane."""

import asyncio
import sys

import click

from tenant_billing_sandbox.control_plane.binaries import Binaries
from tenant_billing_sandbox.control_plane.problems import ControlPlaneError
from tenant_billing_sandbox.control_plane.reports import ConsoleReport
from tenant_billing_sandbox.demonstration.narration import Narrator, a_console
from tenant_billing_sandbox.demonstration.telling import PATIENCE, demonstrate
from tenant_billing_sandbox.environment.interruption import Interrupted, interruptible


@click.command()
@click.option("--without-operator", is_flag=True, help="Leave the operator out, to see the demo fail.")
@click.option(
    "--patience",
    type=click.FloatRange(min=0, min_open=True),
    default=PATIENCE,
    show_default=True,
    help="Seconds in which each fact must be seen.",
)
def demo(*, without_operator: bool, patience: float) -> None:
    """Sell two tenants, from the first plan to the last invoice; exits 0 only if every step was observed."""
    console = a_console()
    try:
        Binaries(report=ConsoleReport(console)).install()
    except ControlPlaneError as error:
        raise click.ClickException(str(error)) from None
    narrator = Narrator(console)
    telling = demonstrate(narrator, with_operator=not without_operator, patience=patience)
    try:
        seen = asyncio.run(interruptible(telling, narrator.stopping))
    except Interrupted:
        narrator.close(done=False, text="Interrupted. Nothing is left running.")
        seen = False
    sys.exit(0 if seen else 1)

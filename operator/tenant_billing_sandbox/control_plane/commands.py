"""``control-plane``: have the programs of the local control plane at hand."""

import os

import click
from rich.console import Console

from tenant_billing_sandbox.control_plane.binaries import Binaries
from tenant_billing_sandbox.control_plane.pins import CORE_PROGRAMS, KUBERNETES_VERSION, Program
from tenant_billing_sandbox.control_plane.problems import ControlPlaneError
from tenant_billing_sandbox.control_plane.reports import ConsoleReport
from tenant_billing_sandbox.control_plane.tools import TOOLS

EXTRAS = {
    "controller-manager": Program.KUBE_CONTROLLER_MANAGER,
    "scheduler": Program.KUBE_SCHEDULER,
    **{str(tool): tool for tool in TOOLS},
}


@click.group("control-plane", no_args_is_help=True)
def control_plane() -> None:
    """A real kube-apiserver and etcd on this machine, without containers."""


def _extras(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[Program]:
    names = [name.strip() for name in (value or "").split(",") if name.strip()]
    unknown = [name for name in names if name not in EXTRAS]
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)} is none of {', '.join(EXTRAS)}")
    return [EXTRAS[name] for name in names]


@control_plane.command()
@click.option(
    "--with",
    "extras",
    metavar="NAMES",
    callback=_extras,
    help=f"More programs, separated by commas: {', '.join(EXTRAS)}.",
)
def install(extras: list[Program]) -> None:
    """Find etcd, kube-apiserver and kubectl, or download or compile them, once per machine."""
    console = Console()
    console.print(f"[bold]Control plane[/bold] Kubernetes {KUBERNETES_VERSION}", highlight=False)
    programs = [*CORE_PROGRAMS, *extras]
    try:
        found = Binaries(os.environ, ConsoleReport(console)).install(programs)
    except ControlPlaneError as error:
        console.print("  [red]✗[/red] not ready", highlight=False)
        raise click.ClickException(str(error)) from error
    width = max(len(program) for program in programs)
    for program in programs:
        console.print(
            f"  [green]✓[/green] {program:<{width}}  [dim]{found[program]}[/dim]",
            highlight=False,
            soft_wrap=True,
        )

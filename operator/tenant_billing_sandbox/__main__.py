"""``python -m tenant_billing_sandbox``: the control plane, the simulators, and the demo that uses them.

Each command lives in the room it belongs to and is imported when it is asked for, so that one command
doesn't pay for the imports of all.
"""

import importlib
from dataclasses import dataclass

import click


@dataclass(frozen=True)
class LazyCommand:
    """Where a command is found.

    Attributes:
        module: The module to import.
        attribute: The click command in it.
        summary: Its line in the list of commands.
    """

    module: str
    attribute: str
    summary: str


COMMANDS: dict[str, LazyCommand] = {
    "demo": LazyCommand(
        "tenant_billing_sandbox.demonstration.command", "demo", "The main job once, each step observed."
    ),
    "up": LazyCommand("tenant_billing_sandbox.environment.command", "up", "The same, left running."),
    "control-plane": LazyCommand(
        "tenant_billing_sandbox.control_plane.commands", "control_plane", "A real kube-apiserver and etcd."
    ),
    "stripe": LazyCommand(
        "tenant_billing_sandbox.stripe.command", "stripe", "The parts of Stripe that we use."
    ),
    "things-stack": LazyCommand(
        "tenant_billing_sandbox.things_stack.command",
        "things_stack",
        "The tenant registry of The Things Stack.",
    ),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is run, and lists commands without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """List the names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the signature is click's
        """Import one command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        command = getattr(importlib.import_module(place.module), place.attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{place.module}.{place.attribute} is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in COMMANDS.items()])


@click.group(cls=LazyGroup, no_args_is_help=True)
def main() -> None:
    """The sandbox of the Tenant Billing Operator: for demo, tests and benchmarks, never for production."""


if __name__ == "__main__":
    main(prog_name="python -m tenant_billing_sandbox")

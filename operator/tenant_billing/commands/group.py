"""``tenant-billing``: finds its commands by name and imports only the one that runs."""

import importlib
from collections.abc import Mapping
from typing import Final

import click

COMMANDS: Final[Mapping[str, str]] = {
    "doctor": "tenant_billing.commands.doctor:doctor",
    "import": "tenant_billing.commands.import_:import_",
    "migrate-meter": "tenant_billing.commands.migrate_meter:migrate_meter",
    "plan": "tenant_billing.commands.plan:plan",
    "release": "tenant_billing.commands.release:release",
    "run": "tenant_billing.commands.run:run",
    "sandbox": "tenant_billing.commands.sandbox:sandbox",
    "status": "tenant_billing.commands.status:status",
}
"""Where each command is: module and attribute."""


class LazyGroup(click.Group):
    """Imports a command when it is asked for: the operator's libraries take a second that ``status`` need not wait."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, None where there is none."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tenant-billing-operator", prog_name="tenant-billing")
def group() -> None:
    """Sell tenants of The Things Stack: plans and subscriptions as Kubernetes objects, kept true against Stripe."""

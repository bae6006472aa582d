"""``tenant-billing status``: one table of all tenants, from Kubernetes alone."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from tenant_billing.api import names
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import InvalidResourceError
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.commands.cluster_options import kubeconfig_option
from tenant_billing.commands.reading import CannotRead, KubernetesReader
from tenant_billing.commands.status_lines import METERING, StatusLine, status_line
from tenant_billing.commands.tables import print_table

HEADS: Final = ("TENANT", "PLAN", "PAYMENT", "STATE", "PERIOD END", "USAGE", "READY")
REPORTED: Final = METERING[Reason.REPORTED]
STYLES: Final = {"approved": "green", "flagged": "yellow", "suspended": "red", "rejected": "red"}


@click.command(short_help="Show every tenant: plan, payment, state, usage against limits.")
@click.option("-n", "--namespace", help="Only TenantSubscriptions of this namespace.")
@click.option("-A", "--all-namespaces", is_flag=True, help="Of all namespaces.")
@click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True, help="Format."
)
@kubeconfig_option
def status(namespace: str | None, output: str, kubeconfig: Path | None, *, all_namespaces: bool) -> None:
    """Show every tenant: plan, payment, state, usage against limits.

    Exits with 0 when the tenants were read, whatever their state; with 1 when one, or all, could not be read.
    """
    if namespace is not None and all_namespaces:
        raise click.UsageError("--namespace and --all-namespaces exclude each other")
    reader = KubernetesReader(kubeconfig)
    chosen = None if all_namespaces else namespace or reader.namespace
    lines, problems = _read(reader, chosen)
    if output == "json":
        click.echo(json.dumps([line.to_json() for line in lines], indent=2))
    elif lines:
        _print(lines, with_namespace=all_namespaces)
    elif not problems:
        where = (
            "in any namespace" if chosen is None else f"in the namespace {chosen}; -A shows all namespaces"
        )
        click.echo(f"No TenantSubscription {where}.", err=True)
    if problems:
        raise CannotRead(f"{'; '.join(problems)}. Is this tenant-billing older than the definitions?")


def _read(reader: KubernetesReader, namespace: str | None) -> tuple[list[StatusLine], list[str]]:
    """All tenants, and what is wrong with the objects that cannot be read: one of them hides no other."""
    lines, problems = [], []
    for body in reader.list(names.TENANT_SUBSCRIPTION, namespace):
        try:
            lines.append(status_line(TenantSubscription.from_kubernetes(body)))
        except InvalidResourceError as error:
            problems.append(str(error))
    return lines, problems


def _print(lines: Sequence[StatusLine], *, with_namespace: bool) -> None:
    rows = [[Text(line.namespace), *cells_of(line)] if with_namespace else cells_of(line) for line in lines]
    print_table(("NAMESPACE", *HEADS) if with_namespace else HEADS, rows)


def cells_of(line: StatusLine) -> list[Text]:
    """One row of the table, without the namespace."""
    return [
        Text(line.tenant),
        Text(line.plan or "none"),
        Text(_payment(line)),
        Text(line.state, style=STYLES.get(line.state, "")),
        Text("" if line.period_end is None else f"{line.period_end:%Y-%m-%d}"),
        _usage(line),
        _ready(line),
    ]


def _payment(line: StatusLine) -> str:
    if line.suspension is None:
        return line.payment
    return f"{line.payment}, suspension {line.suspension:%Y-%m-%d}"


def _usage(line: StatusLine) -> Text:
    """The devices, whatever else is full, and for a metered plan what was reported."""
    told = [str(usage) for usage in line.usage if usage.entity == "devices" or usage.is_full]
    if not line.metering:
        return Text("; ".join(told))
    reported = line.metering if line.reported is None else f"{line.metering} {line.reported}"
    return Text("; ").join(
        [*map(Text, told), Text(reported, style="" if line.metering == REPORTED else "yellow")]
    )


def _ready(line: StatusLine) -> Text:
    if line.ready:
        return Text("yes" if line.reason == "Provisioned" else f"yes, {line.reason}", style="green")
    return Text(line.reason if line.ready is None else f"no, {line.reason}", style="yellow")

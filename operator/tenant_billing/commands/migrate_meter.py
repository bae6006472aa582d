"""``tenant-billing migrate-meter``: move subscriptions off an old metered price, at the end of their period."""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from rich.text import Text

from tenant_billing.commands.cluster_options import kubeconfig_option
from tenant_billing.commands.forecast_output import print_calls
from tenant_billing.commands.meter_move_objects import Wanted
from tenant_billing.commands.meter_moves import Moved, migrate
from tenant_billing.commands.reading import KubernetesReader
from tenant_billing.commands.tables import print_table
from tenant_billing.domain.forecast import Call
from tenant_billing.domain.meter_migration import Stage
from tenant_billing.runtime.logs import configure_logs
from tenant_billing.settings import DEFAULT_NAMESPACE, PREFIX

WOULD_CHANGE: Final = 2
_STYLES: Final = {Stage.REFUSED: "red", Stage.DUE: "yellow", Stage.PLANNED: "green", Stage.MOVED: "green"}
_WORDS: Final = {
    Stage.DUE: "to be moved at the period's end",
    Stage.PLANNED: "moves at the period's end",
    Stage.MOVED: "moved",
    Stage.REFUSED: "cannot be moved",
}


@click.command("migrate-meter", short_help="Move subscriptions off an old metered price.")
@click.argument("subscriptions", nargs=-1, metavar="[TENANTSUBSCRIPTION]...")
@click.option("--to", "target", required=True, metavar="PLAN", help="The BillingPlan with the meter.")
@click.option(
    "--from", "source", metavar="PLAN", help="All TenantSubscriptions that are on this BillingPlan."
)
@click.option("-n", "--namespace", help="Of the TenantSubscriptions; otherwise kubectl's.")
@click.option("-A", "--all-namespaces", is_flag=True, help="Of all namespaces, with --from.")
@click.option("--yes", is_flag=True, help="Do it; without it the calls are shown and nothing is written.")
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format."
)
@kubeconfig_option
def migrate_meter(
    subscriptions: tuple[str, ...],
    target: str,
    source: str | None,
    namespace: str | None,
    output: str,
    kubeconfig: Path | None,
    *,
    all_namespaces: bool,
    yes: bool,
) -> None:
    """Move observed subscriptions from an old metered price, which has no meter, to the price of a plan with one.

    Each is moved by a schedule in Stripe at the end of its running period: usage up to then is billed as it was, usage
    from then on by the meter. Until then the Tenant Billing Server goes on metering. The command can be repeated at
    any time: what was done stands, and what is missing is done.

    Exits with 0 where everything is planned or moved, with 2 where --yes would write, and with 1 where something
    cannot be moved.
    """
    if bool(subscriptions) == (source is not None):
        raise click.UsageError("give TenantSubscriptions by name, or --from PLAN")
    if all_namespaces and (namespace is not None or subscriptions):
        raise click.UsageError("--all-namespaces goes with --from, and without --namespace")
    configure_logs("ERROR", json_lines=False)
    reader = KubernetesReader(kubeconfig)
    wanted = Wanted(
        target=target,
        source=source,
        names=subscriptions,
        namespace=None if all_namespaces else namespace or reader.namespace,
        operator_namespace=os.environ.get(f"{PREFIX}NAMESPACE", DEFAULT_NAMESPACE),
    )
    moved, calls = asyncio.run(migrate(reader, wanted, carry_out=yes))
    _tell(moved, calls, output)
    if any(each.stage is Stage.REFUSED for each in moved):
        raise SystemExit(1)
    if calls and not yes:
        raise SystemExit(WOULD_CHANGE)


def _tell(moved: Sequence[Moved], calls: Sequence[Call], output: str) -> None:
    if output == "json":
        told = {
            "calls": [each.to_json() for each in calls],
            "subscriptions": [each.to_json() for each in moved],
        }
        click.echo(json.dumps(told, indent=2))
        return
    print_calls(calls)
    rows = [
        [
            Text(f"{each.namespace}/{each.name}"),
            Text(each.subscription_id),
            Text(_WORDS[each.stage], style=_STYLES[each.stage]),
            Text(each.period_end),
            Text(each.message),
        ]
        for each in moved
    ]
    if rows:
        print_table(("TENANTSUBSCRIPTION", "STRIPE", "STATE", "PERIOD END", "MESSAGE"), rows)
    else:
        click.echo("No TenantSubscription to move.", err=True)

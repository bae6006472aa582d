"""``tenant-billing import``: the objects for what stands in Stripe and in The Things Stack already, as YAML."""

import asyncio
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import click

from tenant_billing.clients.stripe_provider import connect_stripe
from tenant_billing.clients.things_stack_registry import connect_things_stack
from tenant_billing.commands.access_options import with_access
from tenant_billing.commands.import_output import as_yaml, print_report, summary, write_files
from tenant_billing.commands.outside_reading import Access, named_by_marks, read_source
from tenant_billing.commands.problems import told_in_one_line
from tenant_billing.domain.importing.result import Import, imported, without_writes
from tenant_billing.domain.importing.sources import Names
from tenant_billing.ports import StoredSecret
from tenant_billing.rehearsal.rehearsal import Outside, rehearse
from tenant_billing.runtime.clock import SystemClock
from tenant_billing.runtime.logs import configure_logs

DEFAULTS: Final = Names()


@click.command("import", short_help="Write the objects for tenants that are sold already.")
@with_access
@click.option(
    "--plan-price",
    "plan_prices",
    multiple=True,
    metavar="PRICE",
    help="A price that is sold as a plan although no tenant names it: a plan id of the Tenant Billing Server's "
    "configuration. May be given several times.",
)
@click.option("--backend-name", default=DEFAULTS.backend, show_default=True, help="Of the BillingBackend.")
@click.option("--cluster-name", help="Of the ThingsStackCluster; else as marks in Stripe say, else main.")
@click.option("--owner", help="spec.owner of the backend; else as marks in Stripe say, else default.")
@click.option(
    "-n", "--namespace", default=DEFAULTS.namespace, show_default=True, help="Of TenantSubscriptions."
)
@click.option(
    "-d", "--directory", type=click.Path(file_okay=False, path_type=Path), help="Where files go; else stdout."
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(["yaml", "json"]),
    default="yaml",
    show_default=True,
    help="json: the report on stdout, with the objects unless they went into files.",
)
def import_(
    access: Access,
    plan_prices: tuple[str, ...],
    backend_name: str,
    cluster_name: str | None,
    owner: str | None,
    namespace: str,
    directory: Path | None,
    output: str,
) -> None:
    """Write the objects for tenants that the Tenant Billing Server, or a lost installation of this operator, sells.

    Nothing is written in Stripe or in The Things Stack, neither now nor when the objects are applied: one whose
    application would write carries the annotation tenantbilling.dev/paused, and the report says what it would do.

    The report goes to the standard error output. Exits with 0 when everything was read, whatever could not be
    mapped; with 1 when it could not be read.
    """
    configure_logs("ERROR", json_lines=False)
    names = replace(
        DEFAULTS,
        backend=backend_name,
        namespace=namespace,
        ca_bundle_secret="things-stack-ca" if access.ca_bundle is not None else None,
    )
    result = asyncio.run(_import(access, names, frozenset(plan_prices), owner, cluster_name))
    _give(result, directory, output)


async def _import(
    access: Access, names: Names, plan_prices: frozenset[str], owner: str | None, cluster: str | None
) -> Import:
    source = await read_source(access, names, plan_prices)
    source = replace(source, names=named_by_marks(source, owner, cluster))
    result = imported(source)
    clock = SystemClock()
    outside = Outside(
        connect_provider=partial(connect_stripe, clock=clock),
        connect_registry=partial(connect_things_stack, clock=clock),
        read_secret=partial(_secret, access, source.names),
        namespace=DEFAULTS.namespace,
        clock=clock,
    )
    with told_in_one_line():
        return without_writes(result, await rehearse(outside, (), result.resources))


async def _secret(access: Access, names: Names, namespace: str, name: str) -> StoredSecret | None:  # noqa: ARG001 - as a rehearsal asks
    """What the Secrets will hold that the report asks to be made."""
    given = [
        (names.api_key_secret, "api-key", access.api_key),
        (names.admin_key_secret, "tenant-admin-key", access.admin_key),
        (names.ca_bundle_secret, "ca.crt", access.ca_bundle),
    ]
    values = {key: value for secret, key, value in given if secret == name and value is not None}
    return StoredSecret("", {}, values) if values else None


def _give(result: Import, directory: Path | None, output: str) -> None:
    if directory is not None:
        for path in write_files(directory, result.resources):
            click.echo(f"Wrote {path}", err=True)
    if output == "json":
        given = {"report": [each.to_json() for each in result.remarks]}
        objects = {} if directory is not None else {"resources": list(result.resources)}
        click.echo(json.dumps({**given, **objects}, indent=2))
    else:
        if directory is None:
            click.echo(as_yaml(result.resources), nl=False)
        print_report(result.remarks)
    click.echo(summary(result.resources, result.remarks), err=True)

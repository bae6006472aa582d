"""``tenant-billing plan``: what applying manifests would do outside, call by call, without doing it."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import click

from tenant_billing.api import names
from tenant_billing.clients.stripe_provider import connect_stripe
from tenant_billing.clients.things_stack_registry import connect_things_stack
from tenant_billing.commands.cluster_options import kubeconfig_option, operator_namespace_option
from tenant_billing.commands.forecast_output import print_forecast
from tenant_billing.commands.manifest_files import Manifests, read_manifests
from tenant_billing.commands.problems import CannotGoOn, told_in_one_line
from tenant_billing.commands.reading import CannotRead, KubernetesReader
from tenant_billing.domain.forecast import Forecast
from tenant_billing.ports import StoredSecret
from tenant_billing.rehearsal.rehearsal import Outside, rehearse
from tenant_billing.runtime.clock import SystemClock
from tenant_billing.runtime.logs import configure_logs

WOULD_CHANGE: Final = 2
"""Exit status where something would be written outside, as ``terraform plan -detailed-exitcode`` has it."""

_CONNECTING: Final = (names.BILLING_BACKEND.kind, names.THINGS_STACK_CLUSTER.kind)


@click.command(short_help="Show what applying manifests would do outside, without doing it.")
@click.option(
    "-f",
    "--filename",
    "sources",
    multiple=True,
    required=True,
    metavar="FILE",
    help="Manifests: a file, a directory, or - for the standard input. May be given several times.",
)
@click.option("-n", "--namespace", help="Of objects that name no namespace; otherwise kubectl's.")
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format."
)
@operator_namespace_option("Where the Secrets of BillingBackends and ThingsStackClusters lie.")
@kubeconfig_option
def plan(
    sources: tuple[str, ...],
    namespace: str | None,
    output: str,
    operator_namespace: str,
    kubeconfig: Path | None,
) -> None:
    """Show what applying manifests would do in Stripe and in The Things Stack, call by call, without doing it.

    The operator's own decisions are made on what stands there now, with the manifests laid over what is in the
    cluster; nothing is written anywhere. Secrets are read from the manifests, else from the cluster.

    Exits with 0 where nothing would be written outside, with 2 where something would, and with 1 where it cannot be
    told.
    """
    configure_logs("ERROR", json_lines=False)
    reader = KubernetesReader(kubeconfig)
    manifests = read_manifests(sources, namespace or reader.namespace)
    for each in manifests.ignored:
        click.echo(f"Ignored: {each}", err=True)
    forecast = asyncio.run(_rehearse(reader, manifests, operator_namespace))
    problem = _untold(forecast)
    if output == "json":
        click.echo(json.dumps(forecast.to_json(), indent=2))
    else:
        print_forecast(forecast, is_whole=not problem)
    if problem:
        raise CannotGoOn(problem)
    if forecast.calls:
        raise SystemExit(WOULD_CHANGE)


async def _rehearse(reader: KubernetesReader, manifests: Manifests, operator_namespace: str) -> Forecast:
    clock = SystemClock()
    outside = Outside(
        connect_provider=partial(connect_stripe, clock=clock),
        connect_registry=partial(connect_things_stack, clock=clock),
        read_secret=partial(_secret, reader, manifests),
        namespace=operator_namespace,
        clock=clock,
    )
    existing = await asyncio.to_thread(_existing, reader)
    with told_in_one_line():
        return await rehearse(outside, existing, manifests.objects)


def _existing(reader: KubernetesReader) -> Sequence[dict[str, Any]]:
    """Everything of our kinds, and all Namespaces, each with its kind as a watch would bring it."""
    found = [
        {"apiVersion": names.API_VERSION, "kind": kind.kind, **body}
        for kind in names.KINDS
        for body in reader.list(kind, None)
    ]
    return [*found, *({"apiVersion": "v1", "kind": "Namespace", **each} for each in reader.namespaces())]


async def _secret(
    reader: KubernetesReader, manifests: Manifests, namespace: str, name: str
) -> StoredSecret | None:
    """A Secret as it would be: what the manifests give lies over what is in the cluster."""
    given = {
        key: value
        for (where, which, key), value in manifests.secrets.items()
        if (where, which) == (namespace, name)
    }
    try:
        found = await asyncio.to_thread(reader.secret, namespace, name)
    except CannotRead:
        if not given:
            raise
        found = None  # who applies a Secret may lack the right to read it
    if found is None:
        return StoredSecret("", {}, given) if given else None
    return replace(found, values={**found.values, **given})


def _untold(forecast: Forecast) -> str:
    """Why it cannot be told wholly, empty where it can.

    Without an account, or a registry, nothing is known of what would be written there.
    """
    for each in forecast.outlooks:
        if each.subject.startswith(_CONNECTING) and each.ready == "False":
            return f"this cannot be told wholly: {each.subject} is {each.reason}: {each.message}"
    return ""

"""``tenant-billing release``: let go of every object once the operator is gone; what the chart's uninstall runs."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from tenant_billing.api import names
from tenant_billing.clients.kubeconfig import NoConfiguration
from tenant_billing.clients.kubernetes_api import KubernetesApi
from tenant_billing.clients.kubernetes_configuration import connected, load_configuration
from tenant_billing.commands.leftovers import Leftovers, left_outside
from tenant_billing.commands.problems import OF_THE_CLUSTER, CannotGoOn, no_kubeconfig, told_in_one_line
from tenant_billing.commands.releasing import Releasing, release_everything
from tenant_billing.ports import ObjectConflict, ObjectGone
from tenant_billing.runtime.logs import configure_logs
from tenant_billing.settings import PREFIX, Settings, SettingsError

PATIENCE: Final = 120.0
"""Seconds: a pod's grace period, a Lease that runs out, and some thousand objects."""

REMEDY: Final = """
Installed again, the operator goes on with all of it. To end it instead, cancel each subscription in Stripe's dashboard
(or by `stripe subscriptions cancel ID`), delete the webhook endpoints there, and suspend or delete the tenants in the
console of The Things Stack."""


@click.command(short_help="Let go of every object once the operator is gone; for uninstalling.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=PATIENCE,
    show_default=True,
    metavar="SECONDS",
    help="How long it may take until the operator has ended and everything is done.",
)
@click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The kubeconfig to use; otherwise as for `run`.",
)
def release(timeout: float, kubeconfig: Path | None) -> None:
    """Let go of every object once the operator is gone, so that objects, namespaces and definitions can be deleted.

    The operator's finalizer is taken off every object. Nothing is deleted, and nothing is written to Stripe or to The
    Things Stack: what goes on there is printed. Where the operator's Lease lies is read from the environment, as
    `tenant-billing run` does (docs/settings.md). It can be repeated at any time.

    Exits with 0 when no object is held any more; with 1 when the operator still works, or the API server refused.
    """
    try:
        settings = Settings.from_environment(os.environ)
    except SettingsError as error:
        raise CannotGoOn(str(error)) from None
    configure_logs("WARNING", json_lines=False)
    chosen = settings if kubeconfig is None else replace(settings, kubeconfig=kubeconfig)
    try:
        _tell(asyncio.run(_release(chosen, timeout)))
    except NoConfiguration as error:
        raise CannotGoOn(no_kubeconfig(str(error))) from None


async def _release(settings: Settings, patience: float) -> Releasing:
    configuration = await load_configuration(settings.kubeconfig)
    async with connected(configuration) as api_client:
        api = KubernetesApi(api_client)
        with told_in_one_line(remedies=OF_THE_CLUSTER):
            holder = await _holder(api, settings)
            if holder is None:
                await _check_namespace(api, settings)
            if holder:
                click.echo(f"Waiting for {holder} to end: it holds the Lease of the operator.", err=True)
            try:
                return await release_everything(api, settings, patience)
            except TimeoutError:
                raise CannotGoOn(await _unfinished(api, settings, patience)) from None


async def _check_namespace(api: KubernetesApi, settings: Settings) -> None:
    """Stop at once where the Lease cannot be held, instead of trying until the time is over.

    Tried by making the Lease without storing it: the uninstall's ServiceAccount may do that, and read no namespace.

    Raises:
        CannotGoOn: There is no such namespace.
    """
    namespace = settings.namespace
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": settings.lease_name},
    }
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    try:
        await api.call("POST", path, body=lease, query={"dryRun": "All"})
    except ObjectConflict:
        return  # somebody has just made it
    except ObjectGone:
        raise CannotGoOn(
            f"there is no namespace {namespace}, where the operator's Lease lies. Name its namespace by "
            f"{PREFIX}NAMESPACE; if it was deleted, make it once more: kubectl create namespace {namespace}"
        ) from None


async def _holder(api: KubernetesApi, settings: Settings) -> str | None:
    """Who holds the Lease of the operator, or held it last without giving it back; None where there is no Lease."""
    path = f"/apis/coordination.k8s.io/v1/namespaces/{settings.namespace}/leases/{settings.lease_name}"
    try:
        return str((await api.call("GET", path))["spec"].get("holderIdentity") or "")
    except ObjectGone:
        return None


async def _unfinished(api: KubernetesApi, settings: Settings, patience: float) -> str:
    lease, holder = f"{settings.namespace}/{settings.lease_name}", await _holder(api, settings)
    return (
        f"not done after {patience:g} s; the Lease {lease} is held by {holder or 'nobody'}. Remove the operator, or "
        "scale its Deployment to 0, and try again: what was done stands."
    )


def _tell(releasing: Releasing) -> None:
    counts = ", ".join(
        f"{releasing.released[each.kind]} {each.kind}"
        for each in names.KINDS
        if each.kind in releasing.released
    )
    if counts:
        click.echo(f"No longer held by the operator: {counts}. Nothing was deleted.")
    else:
        click.echo("No object is held by the operator. Nothing was written.")
    _tell_leftovers(left_outside(releasing.seen.values()))


def _tell_leftovers(left: Leftovers) -> None:
    _tell_lines("In Stripe, subscriptions that go on billing", left.subscriptions)
    _tell_lines("  of which these were about to be cancelled, and are not", left.unfinished)
    _tell_lines("In Stripe, webhook endpoints that are still delivered to", left.endpoints)
    _tell_lines("In Stripe, products and meters", left.catalogue)
    _tell_lines("In The Things Stack, tenants that stay as they are", left.tenants)
    if left == Leftovers():
        click.echo("Nothing is known to be left in Stripe or in The Things Stack.")
        return
    click.echo(REMEDY)


def _tell_lines(head: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(f"\n{head}: {len(lines)}")
        for line in lines:
            click.echo(f"  {line}")

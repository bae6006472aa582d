"""``tenant-billing doctor``: what is wrong with an installation, and what to do."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final

import click

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.prices import DeviceCounting
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.commands.account_diagnosis import AccountExaminer
from tenant_billing.commands.cluster_diagnosis import ClusterExaminer, Installation, Objects, read_objects
from tenant_billing.commands.cluster_options import kubeconfig_option, operator_namespace_option
from tenant_billing.commands.cluster_reading import ClusterReader
from tenant_billing.commands.doctor_output import print_findings, to_json
from tenant_billing.commands.outside_answers import Means
from tenant_billing.commands.reading import CannotRead
from tenant_billing.commands.registry_diagnosis import RegistryExaminer
from tenant_billing.domain.diagnosis.results import EXIT_NOTHING_SEEN, Finding, Status, exit_status
from tenant_billing.domain.diagnosis.secrets import SecretAnswer
from tenant_billing.runtime.clock import SystemClock
from tenant_billing.runtime.logs import configure_logs
from tenant_billing.settings import PREFIX, Settings

SECONDS_PER_CHECK: Final = 60.0
"""For all questions about one account or one deployment; each single one has its own, shorter time."""


class NothingSeen(click.ClickException):
    """Nothing could be looked at; the message says why and what to do."""

    exit_code = EXIT_NOTHING_SEEN


@click.command(short_help="Look for what is wrong, and say what to do.")
@click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Format."
)
@operator_namespace_option("The operator's own: its Secrets and its Lease.")
@click.option("--service-account", help="The operator's; otherwise that of the pod that leads.")
@click.option(
    "--lease-name",
    default=lambda: os.environ.get(f"{PREFIX}LEASE_NAME", Settings.lease_name),
    help="Name of the operator's Lease.",
)
@kubeconfig_option
def doctor(
    output: str,
    operator_namespace: str,
    service_account: str | None,
    lease_name: str,
    kubeconfig: Path | None,
) -> None:
    """Look for what is wrong in the cluster, at Stripe and at The Things Stack, and say what to do.

    Nothing is written anywhere. One delivery that tells nothing is sent to the operator's own webhook address.

    Exits with 0 where no error was found, warnings or not; with 1 where one was; with 2 where nothing could be
    looked at.
    """
    configure_logs("CRITICAL", json_lines=False)
    place = Installation(operator_namespace, lease_name, service_account)
    try:
        reader = ClusterReader(kubeconfig)
        findings = [_server(reader), *_of_cluster(reader, place)]
    except CannotRead as error:
        raise NothingSeen(error.message) from None
    if output == "json":
        click.echo(json.dumps(to_json(findings), indent=2))
    else:
        print_findings(findings)
    raise SystemExit(exit_status(findings))


def _server(reader: ClusterReader) -> Finding:
    """The API server; without it there is nothing to look at.

    Raises:
        CannotRead: It gives no usable answer.
    """
    seen = reader.server()
    return Finding("api-server", "Kubernetes", Status.OK, f"{seen.version} answers at {seen.address}")


def _of_cluster(reader: ClusterReader, place: Installation) -> Iterator[Finding]:
    found = read_objects(reader)
    examiner = ClusterExaminer(reader, place, found)
    for check in examiner.checks():
        yield from _looked_at(check)
    yield from asyncio.run(_outside(reader, place, found))
    yield from _looked_at(examiner.said_by_objects)


async def _outside(reader: ClusterReader, place: Installation, found: Objects) -> list[Finding]:
    """What is found at all accounts and deployments, all at once."""
    reading = Lock()  # examinations go on at once, and the reader has one connection

    @cache
    def kept(name: str) -> SecretAnswer:
        with reading:
            return reader.kept(place.namespace, name)

    means = Means(kept, place.namespace, SystemClock())
    activated = _counts_activated(found.plans)
    examiners: list[AccountExaminer | RegistryExaminer] = [
        *(AccountExaminer(each, means, _is_metered(each, found)) for each in found.backends),
        *(RegistryExaminer(each, means, _known_tenant(each, found), activated) for each in found.clusters),
    ]
    answers = await asyncio.gather(*(_examined(each.subject, each.examine()) for each in examiners))
    return [finding for findings in answers for finding in findings]


async def _examined(subject: str, examination: Awaitable[Sequence[Finding]]) -> Sequence[Finding]:
    """The findings; where a defect of ours, or the time, ends the examination, one that says so."""
    try:
        async with asyncio.timeout(SECONDS_PER_CHECK):
            return await examination
    except Exception as error:  # noqa: BLE001 - one check that fails stops no other
        return [_defect(subject, error)]


def _looked_at(check: Callable[[], Iterator[Finding]]) -> Sequence[Finding]:
    try:
        return list(check())
    except Exception as error:  # noqa: BLE001 - one check that fails stops no other
        return [_defect(check.__name__.replace("_", " "), error)]


def _defect(subject: str, error: Exception) -> Finding:
    """Only the kind of the error is told: its text may hold what was read."""
    finding = f"could not be looked at wholly: {type(error).__name__}"
    return Finding(
        "doctor", subject, Status.ERROR, finding, "this is a defect of tenant-billing: please report it"
    )


def _is_metered(backend: BillingBackend, found: Objects) -> bool:
    plans = [each for each in found.plans if each.spec.backend_ref.name == backend.metadata.name]
    return any(each.spec.price.metered is not None or each.status.meter_id is not None for each in plans)


def _known_tenant(cluster: ThingsStackCluster, found: Objects) -> str | None:
    """A tenant that an object says is there."""
    absent = (None, TenantState.ABSENT, TenantState.UNKNOWN)
    return next(
        (
            each.spec.tenant.id
            for each in found.subscriptions
            if each.spec.cluster_ref.name == cluster.metadata.name and each.status.tenant_state not in absent
        ),
        None,
    )


def _counts_activated(plans: Sequence[BillingPlan]) -> bool:
    arms = (each for plan in plans for each in (plan.spec.price.metered, plan.spec.price.existing))
    return any(each is not None and each.counting is DeviceCounting.ONLY_ACTIVATED for each in arms)

"""The product installed by Helm: used by somebody with few rights, upgraded, uninstalled, and installed again.

The phases follow one another on one control plane, each once; a test looks at what was seen in one of them.
"""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

import helm_story as story
from audited_rights import granted
from helm_client import Helm
from helm_installation import SYSTEM, HelmInstallation
from tenant_billing_sandbox.control_plane.audit import AuditEntry
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.environment.environment import Environment, EnvironmentSettings
from tenant_billing_sandbox.stripe.server import StripeSettings

pytestmark = pytest.mark.timeout(400)

SETTINGS = EnvironmentSettings(stripe=StripeSettings(rate_limits="none"), workloads=True, installed=False)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installation(
    control_plane_programs: Mapping[Program, Path],
    tool_programs: Mapping[Program, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[HelmInstallation]:
    directory = tmp_path_factory.mktemp("helm")
    async with Environment.start(SETTINGS, directory) as environment:
        home = directory / "home"
        home.mkdir()
        helm = Helm(tool_programs[Program.HELM], environment.plane.kubeconfig, home, "tenant-billing", SYSTEM)
        yield HelmInstallation(environment, helm)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def installed(installation: HelmInstallation) -> story.Installed:
    return await story.install(installation)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def used(installation: HelmInstallation, installed: story.Installed) -> story.Used:
    return await story.use(installation)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def upgraded(installation: HelmInstallation, used: story.Used) -> story.Compared:
    return await story.upgrade(installation)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def uninstalled(installation: HelmInstallation, upgraded: story.Compared) -> story.Uninstalled:
    return await story.uninstall(installation)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def again(installation: HelmInstallation, uninstalled: story.Uninstalled) -> story.InstalledAgain:
    return await story.install_again(installation)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def removed(installation: HelmInstallation, again: story.InstalledAgain) -> story.Removed:
    return await story.remove(installation)


@pytest.fixture(scope="module")
def audited(installation: HelmInstallation, again: story.InstalledAgain) -> list[AuditEntry]:
    """Every request to kube-apiserver, of all phases."""
    return installation.plane.audit.entries()


def test_both_pods_of_the_deployment_are_accepted_where_only_restricted_ones_are(
    installed: story.Installed,
) -> None:
    assert installed.enforced == "restricted"
    assert installed.deployment["status"]["availableReplicas"] == 2
    assert [each["status"]["phase"] for each in installed.pods] == ["Running", "Running"]


@pytest.mark.parametrize("what", ["a plan", "another namespace"])
def test_a_user_of_one_namespace_writes_subscriptions_there_and_nothing_else(
    used: story.Used, what: str
) -> None:
    assert "forbidden" in used.refused[what]


@pytest.mark.parametrize("field", story.NEEDS_TRUST)
def test_a_field_that_needs_trust_is_not_allowed_to_such_a_user(used: story.Used, field: str) -> None:
    reason, message = used.untrusted[field]
    assert reason == "NotAllowed"
    assert field in message


def test_what_is_not_allowed_reaches_nobody_outside(used: story.Used) -> None:
    assert used.untrusted_outside == []


def test_a_tenant_whose_object_such_a_user_deletes_is_suspended(used: story.Used) -> None:
    assert used.suspended["state"] == "STATE_SUSPENDED"


def test_a_tenant_born_in_stripe_gets_its_object_where_the_plan_says(used: story.Used) -> None:
    assert used.discovered["metadata"]["namespace"] == "from-stripe"
    assert used.discovered["spec"]["managementPolicy"] == "Observe"


def test_an_upgrade_from_an_earlier_chart_changes_nothing_outside(upgraded: story.Compared) -> None:
    assert upgraded.written == []
    assert upgraded.outside_after == upgraded.outside_before


def test_an_upgrade_changes_no_object(upgraded: story.Compared) -> None:
    assert upgraded.objects_after == upgraded.objects_before


def test_an_uninstall_leaves_nothing_terminating(uninstalled: story.Uninstalled) -> None:
    assert uninstalled.first.code == 0, uninstalled.first.errors
    assert uninstalled.terminating_before == ["tenantsubscriptions/acme-iot"]
    assert uninstalled.terminating == []


def test_an_uninstall_keeps_every_other_object_as_it_was(uninstalled: story.Uninstalled) -> None:
    kept = dict(uninstalled.compared.objects_before)
    del kept["tenantsubscriptions/acme-iot"]
    assert uninstalled.compared.objects_after == kept


def test_an_uninstall_takes_only_our_finalizers(uninstalled: story.Uninstalled) -> None:
    held = {name: each for name, each in uninstalled.finalizers.items() if each}
    assert held == {"billingplans/growth": [story.FOREIGN]}


def test_an_uninstall_writes_nothing_outside(uninstalled: story.Uninstalled) -> None:
    assert uninstalled.compared.written == []
    assert uninstalled.compared.outside_after == uninstalled.compared.outside_before


def test_an_uninstall_says_what_goes_on_billing(uninstalled: story.Uninstalled) -> None:
    line = f"  {uninstalled.doomed_subscription} (active): TenantSubscription tenants/acme-iot"
    assert uninstalled.first.output.count(line) == 2  # it goes on, and it was about to be cancelled
    assert "  acme-iot on eu1 (Approved): TenantSubscription tenants/acme-iot" in uninstalled.first.output


def test_the_hook_can_be_repeated(uninstalled: story.Uninstalled) -> None:
    assert uninstalled.second.code == 0, uninstalled.second.errors
    assert uninstalled.second.output.startswith("No object is held by the operator. Nothing was written.\n")


def test_an_installation_after_an_uninstall_finds_all_again_and_makes_nothing_twice(
    again: story.InstalledAgain, uninstalled: story.Uninstalled
) -> None:
    assert again.subscriptions == [uninstalled.doomed_subscription]
    assert again.customers == 1
    assert again.compared.outside_after == again.compared.outside_before
    assert again.compared.written == []


def test_an_uninstall_with_the_definitions_leaves_no_object_of_ours_and_changes_nothing_outside(
    removed: story.Removed,
) -> None:
    assert removed.ran.code == 0, removed.ran.errors
    assert removed.definitions == []
    assert removed.written == []
    assert removed.outside_after == removed.outside_before


@pytest.mark.parametrize("component", ["operator", "release"])
def test_every_right_that_the_chart_grants_is_used(
    installation: HelmInstallation, audited: list[AuditEntry], component: str
) -> None:
    """By this tree's chart, once with all Secrets of its namespace and once with those that are named."""
    account = f"{installation.helm.release}-{component}"
    rights = {right for revision in installation.revisions[1:] for right in granted(revision, account)}
    assert rights
    own = [each for each in audited if each.user == f"system:serviceaccount:{SYSTEM}:{account}"]
    unused = [each for each in sorted(rights) if not any(each.covers(entry) for entry in own)]
    assert unused == []


@pytest.mark.parametrize("component", ["operator", "release"])
def test_nothing_that_the_product_asks_for_is_forbidden(
    installation: HelmInstallation, audited: list[AuditEntry], component: str
) -> None:
    account = f"system:serviceaccount:{SYSTEM}:{installation.helm.release}-{component}"
    own = [each for each in audited if each.user == account]
    assert own
    assert [each for each in own if each.code in (401, 403)] == []

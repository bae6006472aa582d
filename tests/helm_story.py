"""One release's life and what was seen in each phase: installed, used, upgraded, uninstalled, installed again."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from command_line import Ran
from helm_client import Manifest
from helm_installation import (
    SYSTEM,
    TENANTS,
    HelmInstallation,
    applied_by,
    intents,
    is_operator,
)
from manifests import REMOVED, REPOSITORY, SAMPLES, a
from running_product import a_tenant, condition, is_gone, message
from tenant_billing.api.names import FINALIZER
from tenant_billing_sandbox.control_plane.problems import KubectlError
from tenant_billing_sandbox.environment.installation import samples
from waiting import wait_for

CHART: Final = REPOSITORY / "deploy" / "helm" / "tenant-billing"
EARLIER_CHART: Final = Path(__file__).parent / "end_to_end" / "charts" / "tenant-billing-0.1.0-alpha.1.tgz"
"""Made by `helm package --version 0.1.0-alpha.1` when the chart had just been written."""

FOREIGN: Final = "somebody.example/keep"
"""A finalizer of somebody else's."""

NEEDS_TRUST: Final[Mapping[str, Mapping[str, object]]] = {
    "spec.managementPolicy": {
        "spec.managementPolicy": "Observe",
        "spec.planRef": REMOVED,
        "spec.customer": REMOVED,
        "spec.backendRef": {"name": "main"},
        "spec.subscriptionID": "sub_of_somebody",
    },
    "spec.subscriptionID": {"spec.subscriptionID": "sub_of_somebody"},
    "spec.tenant.adoptionPolicy": {"spec.tenant.adoptionPolicy": "IfUnmanaged"},
    "spec.customer": {"spec.customer": {"id": "cus_of_somebody"}},
    "spec.collection": {"spec.collection": {"method": "Invoice", "daysUntilDue": 14}},
    "spec.discounts": {"spec.discounts": [{"couponID": "PILOT20"}]},
    "spec.limitOverrides": {"spec.limitOverrides": {"limits": {"gateways": 20}}},
    "spec.accessPolicy": {"spec.accessPolicy": "KeepActive"},
    "spec.deletionPolicy": {"spec.deletionPolicy": "CancelAndDeleteTenant"},
}
"""Every field that api.md marks with [T], and an object that uses it."""


@dataclass(frozen=True)
class Installed:
    """The first installation, by the earlier chart."""

    pods: list[Manifest]
    deployment: Manifest
    enforced: str


@dataclass(frozen=True)
class Used:
    """What a user had who may write TenantSubscriptions in one namespace and nothing else."""

    refused: Mapping[str, str]
    untrusted: Mapping[str, tuple[str, str]]
    untrusted_outside: list[str]
    discovered: Manifest
    suspended: Manifest


@dataclass(frozen=True)
class Compared:
    """What there was before something and after it."""

    objects_before: Mapping[str, Any]
    objects_after: Mapping[str, Any]
    outside_before: Mapping[str, Any]
    outside_after: Mapping[str, Any]
    written: list[str]


@dataclass(frozen=True)
class Uninstalled:
    """The end of the release and what its hook did."""

    compared: Compared
    terminating_before: list[str]
    terminating: list[str]
    finalizers: Mapping[str, list[str]]
    first: Ran
    second: Ran
    doomed_subscription: str


@dataclass(frozen=True)
class InstalledAgain:
    """The release once more, and the same manifests applied to it."""

    compared: Compared
    customers: int
    subscriptions: list[str]


@dataclass(frozen=True)
class Removed:
    """The release and the definitions gone."""

    ran: Ran
    definitions: list[str]
    outside_before: Mapping[str, Any]
    outside_after: Mapping[str, Any]
    written: list[str]


async def install(on: HelmInstallation) -> Installed:
    """A platform engineer installs the earlier chart, and waits for it."""
    await on.prepare()
    await on.apply("install", EARLIER_CHART)
    api = on.environment.outside
    deployments = await api.from_kubernetes(f"/apis/apps/v1/namespaces/{SYSTEM}/deployments")
    namespace = await api.from_kubernetes(f"/api/v1/namespaces/{SYSTEM}") or {}
    (deployment,) = (deployments or {})["items"]
    pods = [each for each in await on.pods() if is_operator(each)]
    return Installed(pods, deployment, namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"])


async def use(on: HelmInstallation) -> Used:
    """Tenants are bought by a user of one namespace, and one in Stripe; one is given up."""
    product = on.product
    await product.apply(*samples("billingplan"), *samples("metered-billingplan"))
    for plan in ("starter", "growth", "per-device"):
        await product.until_ready(plan, "Available", plural="billingplans")
    ann = await _user_of_one_namespace(on)
    refused = {
        what: await _refusal(on, ann, manifest)
        for what, manifest in {
            "a plan": a("BillingPlan", {"metadata.name": "free"}),
            "another namespace": a_tenant("elsewhere", {"metadata.namespace": SYSTEM}),
        }.items()
    }
    before = on.written()
    names = {path: path.removeprefix("spec.").replace(".", "-").lower() for path in NEEDS_TRUST}
    for path, changes in NEEDS_TRUST.items():
        await applied_by(on.plane, ann, a_tenant(names[path], changes))
    untrusted = {path: await product.until_ready(name, "NotAllowed") for path, name in names.items()}
    outside = on.written()[len(before) :]
    await _buy(on, ann)
    await _born_in_stripe(on, "gamma")
    await on.plane.run_kubectl("delete", "tenantsubscription", "beta-farm", "--wait=false", kubeconfig=ann)
    await product.until(["beta-farm"], is_gone, "gone")
    await on.until_provisioned("acme-iot", "gamma")
    return Used(
        refused,
        {path: (condition(each)[1], message(each)) for path, each in untrusted.items()},
        outside,
        (await on.objects())["tenantsubscriptions/gamma"],
        product.tenant("beta-farm") or {},
    )


async def upgrade(on: HelmInstallation) -> Compared:
    """To the chart of this tree, once everything has settled."""
    await on.look_again("settled")
    return await _compared(on, "upgrade")


async def uninstall(on: HelmInstallation) -> Uninstalled:
    """While one object is being deleted, and another is held by somebody else too."""
    keep = {"op": "add", "path": "/metadata/finalizers/-", "value": FOREIGN}
    await on.plane.run_kubectl("patch", "billingplan", "growth", "--type=json", "-p", json.dumps([keep]))
    await on.environment.operator.stop()
    doomed = await on.product.get("acme-iot") or {}
    await on.plane.run_kubectl("delete", "tenantsubscription", "acme-iot", f"-n{TENANTS}", "--wait=false")
    objects, outside, written = await on.objects(), on.outside(), on.written()
    await on.helm.run("uninstall", "--wait", "--timeout=90s")
    before = await _terminating(on)
    first = await _run_hook_with_its_rights(on)
    finalizers = {name: each["metadata"].get("finalizers", []) for name, each in (await on.objects()).items()}
    await on.plane.run_kubectl("delete", "leases", f"-n{SYSTEM}", "--all")  # the next one has to make it
    second = await on.run_hook()
    compared = Compared(
        intents(objects), intents(await on.objects()), outside, on.outside(), on.written()[len(written) :]
    )
    subscription = doomed["status"]["subscriptionID"]
    terminating = await _terminating(on)
    return Uninstalled(compared, before, terminating, finalizers, first, second, subscription)


async def install_again(on: HelmInstallation) -> InstalledAgain:
    """The chart of this tree with fewer rights, and the sample that was applied before, as from Git."""
    sample = SAMPLES / "tenantsubscription.yaml"
    await on.plane.run_kubectl("apply", "--filename", str(sample))
    compared = await _compared(on, "install", ("acme-iot", "gamma"), secrets="Names")
    return InstalledAgain(
        compared,
        len(on.product.customers("acme-iot")),
        [each["id"] for each in on.product.subscriptions("acme-iot")],
    )


async def remove(on: HelmInstallation) -> Removed:
    """The release and with it the definitions, which the values do not have kept any more."""
    ours_only = json.dumps({"metadata": {"finalizers": [FINALIZER]}})
    await on.plane.run_kubectl("patch", "billingplan", "growth", "--type=merge", "-p", ours_only)
    await on.environment.operator.stop()
    outside, written = on.outside(), on.written()
    await on.helm.apply("upgrade", CHART, {**on.values("Names"), "crds": {"keep": False}})
    await on.helm.run("uninstall")
    ran = await _run_hook_with_its_rights(on)

    async def definitions() -> list[str]:
        listed = (await on.plane.run_kubectl("get", "crds", "--output=name")).split()
        return [each for each in listed if "tenantbilling.dev" in each]

    async def are_gone() -> bool:
        return not await definitions()

    with suppress(AssertionError):  # the test tells what is left
        await wait_for(are_gone, "the definitions to be gone")
    return Removed(ran, await definitions(), outside, on.outside(), on.written()[len(written) :])


async def _run_hook_with_its_rights(on: HelmInstallation) -> Ran:
    """The played Job has succeeded at once, so Helm has taken its rights away again."""
    rights = [each for each in on.hooks() if each["kind"] != "Job"]
    await applied_by(on.plane, on.plane.kubeconfig, *rights)
    return await on.run_hook()


async def _compared(
    on: HelmInstallation, command: str, tenants: tuple[str, ...] = (), secrets: str = "Namespace"
) -> Compared:
    objects, outside, written = await on.objects(), on.outside(), on.written()
    await on.apply(command, CHART, secrets)
    await on.until_provisioned(*tenants)
    await on.look_again(command)
    return Compared(
        intents(objects), intents(await on.objects()), outside, on.outside(), on.written()[len(written) :]
    )


async def _user_of_one_namespace(on: HelmInstallation) -> Path:
    """Somebody who may write TenantSubscriptions in the tenants' namespace, and nothing else."""
    kubectl, where = on.plane.run_kubectl, f"--namespace={TENANTS}"
    await kubectl("create", "serviceaccount", "ann", where)
    verbs = "--verb=get,list,watch,create,patch,update,delete"
    await kubectl(
        "create", "role", "subscriber", verbs, "--resource=tenantsubscriptions.tenantbilling.dev", where
    )
    await kubectl(
        "create", "rolebinding", "ann", "--role=subscriber", f"--serviceaccount={TENANTS}:ann", where
    )
    return await on.kubeconfig(TENANTS, "ann")


async def _refusal(on: HelmInstallation, who: Path, manifest: Manifest) -> str:
    try:
        return await applied_by(on.plane, who, manifest)
    except KubectlError as error:
        return str(error)


async def _buy(on: HelmInstallation, ann: Path) -> None:
    """The sample as it stands in the repository, and a tenant whose administrator's password Ann has chosen."""
    await on.plane.run_kubectl("apply", "-f", str(SAMPLES / "tenantsubscription.yaml"), kubeconfig=ann)
    password = {"spec.tenant.initialAdmin.passwordSecretRef": {"name": "ann", "key": "password"}}
    await applied_by(on.plane, ann, a_tenant("beta-farm", password))
    await on.product.pay_when_asked(["acme-iot", "beta-farm"])
    await on.until_provisioned("acme-iot", "beta-farm")


async def _born_in_stripe(on: HelmInstallation, tenant: str) -> None:
    plan = await on.product.until_ready("per-device", "Available", plural="billingplans")
    purchase = {"email": f"billing@{tenant}.example", "metadata": {"tenant-id": tenant}}
    await on.environment.outside.drive_stripe(
        "/_sandbox/checkout", {**purchase, "price": plan["status"]["priceID"]}
    )
    await on.until_provisioned(tenant)


async def _terminating(on: HelmInstallation) -> list[str]:
    return [name for name, each in (await on.objects()).items() if "deletionTimestamp" in each["metadata"]]

"""Annotations that decide about money are left to the platform team and the operator, by the policy that is shipped."""

import json
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import pytest
import pytest_asyncio
import yaml

from manifests import REPOSITORY, a
from tenant_billing.api.names import GROUP, Annotation
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import KubectlError
from waiting import wait_for

pytestmark = pytest.mark.asyncio(loop_scope="module")

RIGHTS: Final = REPOSITORY / "deploy" / "kustomize" / "rights.yaml"
POLICY: Final = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
OPERATOR: Final = "system:serviceaccount:tenant-billing-system:tenant-billing-operator"
REFUSAL: Final = "the platform team's and the operator's"
WRITES: Final = ("create", "get", "patch", "update")


def shipped() -> list[dict[str, Any]]:
    """The policy, and the operator's own rights in the whole cluster: it is not exempted by its name."""
    wanted = {*POLICY, "ClusterRole", "ClusterRoleBinding"}
    return [each for each in yaml.safe_load_all(RIGHTS.read_text(encoding="utf-8")) if each["kind"] in wanted]


def rights_of(user: str, *resources: str, verbs: Sequence[str] = WRITES) -> list[dict[str, Any]]:
    """A role that may write some kinds, bound to a user."""
    name, group = f"under-test:{user}", "rbac.authorization.k8s.io"
    rule = {"apiGroups": [GROUP], "resources": list(resources), "verbs": list(verbs)}
    return [
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": [rule],
        },
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": group, "kind": "User", "name": user}],
        },
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def guarded(every_kind: ControlPlane) -> AsyncIterator[str]:
    """A namespace with an object of an author's, once the policy is in force; policy and rights are gone afterwards.

    Made once: the API server learns a second late that one has gone, and would deny by it when the next is made.
    """
    namespace = f"guarded-{secrets.token_hex(3)}"
    items = [
        *shipped(),
        *rights_of("author", "tenantsubscriptions"),
        *rights_of("platform-engineer", "tenantsubscriptions", "thingsstackclusters"),
        *rights_of(OPERATOR, "tenantsubscriptions", verbs=["get"]),  # kubectl reads before it patches
    ]
    manifests = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
    await every_kind.run_kubectl("create", "namespace", namespace)
    await every_kind.run_kubectl("apply", "--server-side", "--filename=-", input=manifests)
    try:
        sold = a("TenantSubscription", {"metadata.namespace": namespace})
        await every_kind.run_kubectl("create", "--filename=-", "--as=author", input=json.dumps(sold))
        await wait_for(lambda: is_denied(every_kind, namespace), "the policy to be in force")
        yield namespace
    finally:
        await every_kind.run_kubectl("delete", "--filename=-", input=manifests)


async def annotate(plane: ControlPlane, namespace: str, annotation: str, user: str, *options: str) -> None:
    whom = ("annotate", "tsub", "acme-iot", "--namespace", namespace)
    await plane.run_kubectl(*whom, annotation, "--overwrite", f"--as={user}", *options)


async def is_denied(plane: ControlPlane, namespace: str) -> bool:
    try:
        await annotate(plane, namespace, f"{Annotation.PAUSED}=true", "author", "--dry-run=server")
    except KubectlError as error:
        return REFUSAL in str(error)
    return False


async def test_only_platform_team_and_operator_write_what_decides_about_money(
    every_kind: ControlPlane, guarded: str
) -> None:
    await annotate(every_kind, guarded, f"{Annotation.RECONCILE}=1", "author")
    for written in (f"{Annotation.PUSHED_USAGE}=totals", f"{Annotation.NUDGE}=evt_1"):
        await annotate(every_kind, guarded, written, OPERATOR)
    await annotate(every_kind, guarded, f"{Annotation.RECONCILE}=2", "author")
    for forged in (
        f"{Annotation.PUSHED_USAGE}=none",
        f"{Annotation.PUSHED_USAGE}-",
        f"{Annotation.NUDGE}=evt_2",
        f"{Annotation.PAUSED}=true",
    ):
        with pytest.raises(KubectlError, match=REFUSAL):
            await annotate(every_kind, guarded, forged, "author")
    await annotate(every_kind, guarded, f"{Annotation.PAUSED}=true", "platform-engineer")
    with pytest.raises(KubectlError, match=REFUSAL):
        await annotate(every_kind, guarded, f"{Annotation.PAUSED}-", "author")


async def test_a_manifest_is_applied_beside_them_and_replaces_none_of_them(
    every_kind: ControlPlane, guarded: str
) -> None:
    await annotate(every_kind, guarded, f"{Annotation.NUDGE}=evt_1", OPERATOR)
    edited = json.dumps(a("TenantSubscription", {"metadata.namespace": guarded, "spec.tenant.name": "Acme"}))
    await every_kind.run_kubectl("apply", "--filename=-", "--as=author", input=edited)
    with pytest.raises(KubectlError, match=REFUSAL):
        await every_kind.run_kubectl("replace", "--filename=-", "--as=author", input=edited)


async def test_an_object_is_not_made_with_such_an_annotation_either(
    every_kind: ControlPlane, guarded: str
) -> None:
    paused = a(
        "TenantSubscription",
        {
            "metadata.namespace": guarded,
            "metadata.name": "other",
            "metadata.annotations": {Annotation.PAUSED: "true"},
        },
    )
    with pytest.raises(KubectlError, match=REFUSAL):
        await every_kind.run_kubectl("create", "--filename=-", "--as=author", input=json.dumps(paused))

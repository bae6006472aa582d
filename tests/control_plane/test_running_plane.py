"""The real kube-apiserver that everything else is tested against."""

import json
from pathlib import Path

import pytest

from tenant_billing_sandbox.control_plane.audit import AuditEntry
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import KubectlError
from waiting import wait_for

ROLE = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: operator}]
"""

KIND = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: GROUPED}
spec:
  group: example.tenantbilling.dev
  scope: Namespaced
  names: {plural: PLURAL, singular: SINGULAR, kind: KIND}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""


async def bearer(plane: ControlPlane, namespace: str, directory: Path) -> Path:
    """Make a service account that may read config maps, and return its kubeconfig."""
    await plane.run_kubectl("create", "serviceaccount", "operator", "--namespace", namespace)
    await plane.run_kubectl("apply", "--namespace", namespace, "--filename", "-", input=ROLE)
    token = await plane.token(namespace, "operator")
    return plane.kubeconfig_for_token(token, directory / "kubeconfig", namespace=namespace)


async def test_it_is_the_pinned_version(control_plane: ControlPlane) -> None:
    versions = json.loads(await control_plane.run_kubectl("version", "--output", "json"))
    assert versions["serverVersion"]["gitVersion"] == "v1.36.2"
    assert versions["clientVersion"]["gitVersion"] == "v1.36.2"


async def test_a_service_account_has_the_rights_given_and_no_others(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    reader = await bearer(control_plane, namespace, tmp_path)
    await control_plane.run_kubectl("create", "configmap", "known", "--namespace", namespace)
    assert "known" in await control_plane.run_kubectl("get", "configmap", "known", kubeconfig=reader)
    with pytest.raises(KubectlError, match=r"cannot get resource \"secrets\""):
        await control_plane.run_kubectl("get", "secret", "known", kubeconfig=reader)
    with pytest.raises(
        KubectlError, match=r"cannot get resource \"configmaps\".* in the namespace \"default\""
    ):
        await control_plane.run_kubectl(
            "get", "configmap", "known", "--namespace", "default", kubeconfig=reader
        )


async def test_a_stranger_is_refused(control_plane: ControlPlane, tmp_path: Path) -> None:
    stranger = control_plane.kubeconfig_for_token("forged", tmp_path / "kubeconfig")
    with pytest.raises(KubectlError, match=r"logged in|Unauthorized"):
        await control_plane.run_kubectl("get", "namespaces", kubeconfig=stranger)


async def test_kubeconfigs_are_readable_by_their_owner_only(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    bearers = control_plane.kubeconfig_for_token("secret", tmp_path / "kubeconfig")
    for path in (bearers, control_plane.kubeconfig):
        assert path.stat().st_mode & 0o077 == 0


async def test_the_audit_log_tells_who_wrote_what(control_plane: ControlPlane, namespace: str) -> None:
    position = control_plane.audit.position()
    await control_plane.run_kubectl("create", "configmap", "known", "--namespace", namespace)
    await control_plane.run_kubectl("get", "configmap", "known", "--namespace", namespace)

    def entries() -> list[AuditEntry]:
        everything = control_plane.audit.entries(position)
        mine = [entry for entry in everything if entry.namespace == namespace and entry.name == "known"]
        return mine if len(mine) == 2 else []

    created, read = await wait_for(entries, "both requests in the audit log")
    assert (created.user, created.verb, created.resource, created.code, created.writes) == (
        *("administrator", "create", "configmaps"),
        *(201, True),
    )
    assert (read.verb, read.writes) == ("get", False)
    assert [entry for entry in control_plane.audit.writes(position) if entry.namespace == namespace] == [
        created
    ]


async def test_the_audit_log_keeps_no_secret(control_plane: ControlPlane, namespace: str) -> None:
    await control_plane.run_kubectl(
        "create", "secret", "generic", "stripe", "--from-literal=api-key=sk_never", "--namespace", namespace
    )

    def written() -> bool:
        writes = control_plane.audit.writes()
        return any((entry.namespace, entry.resource) == (namespace, "secrets") for entry in writes)

    await wait_for(written, "the Secret's creation in the audit log")
    log = control_plane.audit.path.read_text()
    assert "sk_never" not in log
    assert "c2tfbmV2ZXI" not in log  # the same in base64


async def test_a_kind_can_be_used_once_it_is_applied(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    singular = namespace.replace("-", "")
    names = {
        "GROUPED": f"{singular}s.example.tenantbilling.dev",
        "PLURAL": f"{singular}s",
        "SINGULAR": singular,
    }
    manifest = KIND.replace("KIND", singular.capitalize())
    for placeholder, name in names.items():
        manifest = manifest.replace(placeholder, name)
    (tmp_path / "kind.yaml").write_text(manifest)
    await control_plane.apply(tmp_path)
    document = {
        "apiVersion": "example.tenantbilling.dev/v1",
        "kind": singular.capitalize(),
        "metadata": {"name": "one", "namespace": namespace},
    }
    await control_plane.run_kubectl("create", "--filename", "-", input=json.dumps(document))
    assert "one" in await control_plane.run_kubectl("get", f"{singular}s", "--namespace", namespace)


async def test_what_kubectl_complains_of_is_told(control_plane: ControlPlane) -> None:
    with pytest.raises(KubectlError, match=r'namespaces "nowhere" not found') as raised:
        await control_plane.run_kubectl("get", "namespace", "nowhere")
    assert raised.value.code == 1

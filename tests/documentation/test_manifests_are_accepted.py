"""Every manifest that the pages show is taken by a real kube-apiserver: schema, rules, no unknown field.

A block of one of our kinds without ``apiVersion`` is a part: it is laid over the sample of its kind, ``null`` takes a
field away.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest
import yaml

from document_pages import Block, all_blocks
from manifests import Manifest, a
from tenant_billing.api.names import API_VERSION, GROUP, KINDS
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import KubectlError

OURS: Final = {kind.kind: kind for kind in KINDS}
OF_KUBERNETES: Final = {"v1", "admissionregistration.k8s.io/v1", "rbac.authorization.k8s.io/v1"}
ELSEWHERE: Final = {
    "kustomize.toolkit.fluxcd.io/v1",
    "argoproj.io/v1alpha1",
    "kustomize.config.k8s.io/v1beta1",
}
"""Kinds that the API server here does not know; they are read as YAML only."""
NAMESPACE: Final = "default"

DOCUMENTS: Final = [
    pytest.param(block, document, id=f"{block}-{document.get('kind')}")
    for block in all_blocks("yaml")
    for document in yaml.safe_load_all(block.text)
    if "kind" in document
]


def whole(document: Mapping[str, Any]) -> Manifest:
    """The manifest to be sent: complete, in a namespace that exists."""
    kind = OURS.get(document["kind"])
    if kind is None:
        return dict(document)
    manifest = dict(document)
    if "apiVersion" not in document:
        manifest = {**laid_over(a(kind.kind), document), "apiVersion": API_VERSION}
    if kind.namespaced:
        manifest["metadata"] = {**manifest["metadata"], "namespace": NAMESPACE}
    return manifest


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two manifests as one, as a merge patch does it."""
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            merged[key] = laid_over(merged.get(key, {}), value)
        else:
            merged[key] = value
    return merged


async def send(plane: ControlPlane, manifest: Manifest) -> None:
    manifest = {**manifest, "metadata": {**manifest["metadata"]}}
    if manifest["kind"] == "ConfigMap":
        manifest["metadata"]["namespace"] = NAMESPACE
    arguments = ("create", "--dry-run=server", "--validate=strict", "--filename=-")
    await plane.run_kubectl(*arguments, input=json.dumps(manifest, default=str))


@pytest.mark.parametrize(("block", "document"), DOCUMENTS)
async def test_manifest_is_accepted(kinds: ControlPlane, block: Block, document: Mapping[str, Any]) -> None:
    version = document.get("apiVersion", API_VERSION)
    if version in ELSEWHERE:
        return
    assert version in OF_KUBERNETES | {API_VERSION}, f"{block}: is {version} right?"
    await send(kinds, whole(document))


async def test_part_with_a_field_that_does_not_exist_is_refused(kinds: ControlPlane) -> None:
    with pytest.raises(KubectlError, match="unknown field"):
        await send(kinds, whole({"kind": "BillingPlan", "spec": {"prices": {}}}))


def a_policy(expressions: Sequence[str]) -> Manifest:
    """A policy of these expressions, of which the names of Flux's variables are made the API server's."""
    own = [
        re.sub(r"\b(status|metadata)\.(?=conditions|observed|generation)", r"object.\1.", each)
        for each in expressions
    ]
    rule = {"apiGroups": [GROUP], "apiVersions": ["*"], "operations": ["UPDATE"], "resources": ["*"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "flux"},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": each} for each in own],
        },
    }


async def test_expressions_for_flux_are_taken_by_the_api_server_s_own_cel(kinds: ControlPlane) -> None:
    (checks,) = (
        check
        for block in all_blocks("yaml")
        for document in yaml.safe_load_all(block.text)
        for check in document.get("spec", {}).get("healthCheckExprs", ())
    )
    await send(kinds, a_policy([checks[name] for name in ("inProgress", "failed", "current")]))
    with pytest.raises(KubectlError, match="compilation failed"):
        await send(kinds, a_policy([checks["current"] + ")"]))

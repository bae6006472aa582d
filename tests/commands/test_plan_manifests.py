"""What ``tenant-billing plan -f`` takes, and what it says to what it cannot take."""

import base64
from pathlib import Path

import pytest
import yaml

from manifests import SAMPLES, a
from tenant_billing.commands.manifest_files import read_manifests
from tenant_billing.commands.problems import CannotGoOn


def written(directory: Path, text: str, name: str = "given.yaml") -> str:
    path = directory / name
    path.write_text(text)
    return str(path)


def test_a_directory_gives_the_objects_of_all_its_files() -> None:
    found = read_manifests([str(SAMPLES)], "default").objects
    assert {each["kind"] for each in found} == {
        "BillingBackend",
        "ThingsStackCluster",
        "BillingPlan",
        "TenantSubscription",
    }


def test_an_object_that_names_no_namespace_gets_the_one_in_use(tmp_path: Path) -> None:
    body = a("TenantSubscription")
    del body["metadata"]["namespace"]
    (found,) = read_manifests([written(tmp_path, yaml.safe_dump(body))], "tenants").objects
    assert found["metadata"]["namespace"] == "tenants"


def test_secrets_are_taken_in_and_other_kinds_are_named(tmp_path: Path) -> None:
    encoded = base64.b64encode(b"whsec_1\n").decode()
    text = f"""
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata: {{name: stripe, namespace: billing}}
  stringData: {{api-key: sk_test_1}}
  data: {{webhook: {encoded}, broken: "%%%"}}
- {{apiVersion: apps/v1, kind: Deployment, metadata: {{name: other}}}}
- {{apiVersion: v1, kind: Namespace, metadata: {{name: tenants}}}}
"""
    found = read_manifests([written(tmp_path, text)], "default")
    assert found.secrets == {
        ("billing", "stripe", "api-key"): "sk_test_1",
        ("billing", "stripe", "webhook"): "whsec_1",
    }
    assert found.ignored == ("Deployment other",)
    assert [each["kind"] for each in found.objects] == ["Namespace"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [", "line 2: this is no YAML: "),
        ("just text", "a document is no Kubernetes object; each needs a kind"),
        (
            "{apiVersion: tenantbilling.dev/v1alpha1, kind: Plan, metadata: {name: x}}",
            "tenantbilling.dev/v1alpha1 has no kind Plan; it has BillingBackend, ",
        ),
        (
            "{apiVersion: tenantbilling.dev/v1alpha1, kind: BillingPlan, metadata: {name: x}, spec: {}}",
            "BillingPlan x: spec.backendRef: Field required",
        ),
        (
            "{apiVersion: tenantbilling.dev/v1, kind: BillingPlan, metadata: {name: x}, spec: {}}",
            "expected tenantbilling.dev/v1alpha1 BillingPlan",
        ),
        ("{kind: [Namespace]}", "a document is no Kubernetes object; each needs a kind"),
        ("{kind: Namespace}", "a Namespace has no metadata.name"),
        ("{kind: Namespace, metadata: [tenants]}", "metadata of a Namespace is no object"),
        ("{kind: Secret, metadata: {name: x}, data: [secret]}", "data of a Secret is no object"),
        (
            "{apiVersion: tenantbilling.dev/v1alpha1, kind: BillingPlan, metadata: [x]}",
            "metadata of a BillingPlan is no object",
        ),
        ("{kind: List, items: [Namespace]}", "a document is no Kubernetes object; each needs a kind"),
        ("{kind: List, items: 5}", "items of a List are no list"),
        ("", "there is no object"),
        ("{kind: List, items: []}", "there is no object"),
    ],
)
def test_what_cannot_be_applied_is_said_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    path = written(tmp_path, f"{text}\n")
    with pytest.raises(CannotGoOn) as refused:
        read_manifests([path], "default")
    assert refused.value.message.startswith(path)
    assert expected in refused.value.message


def test_a_misspelt_field_is_refused(tmp_path: Path) -> None:
    body = a("BillingPlan", {"spec.displayname": "Starter"})
    with pytest.raises(CannotGoOn, match=r"spec\.displayname"):
        read_manifests([written(tmp_path, yaml.safe_dump(body))], "default")


def test_one_object_given_twice_is_refused(tmp_path: Path) -> None:
    one = yaml.safe_dump(a("BillingPlan"))
    with pytest.raises(CannotGoOn, match="BillingPlan starter is given twice; remove one of the two"):
        read_manifests([written(tmp_path, f"{one}---\n{one}")], "default")


@pytest.mark.parametrize("missing", ["nowhere.yaml", ""])
def test_a_source_without_manifests_is_named(tmp_path: Path, missing: str) -> None:
    with pytest.raises(CannotGoOn, match=r"nowhere\.yaml: No such file|the directory holds no \.yaml files"):
        read_manifests([str(tmp_path / missing)], "default")


def test_a_list_of_lists_gives_what_is_in_them(tmp_path: Path) -> None:
    text = "{kind: List, items: [{kind: ConfigMapList, items: [{kind: ConfigMap, metadata: {name: x}}]}]}"
    assert read_manifests([written(tmp_path, text)], "default").ignored == ("ConfigMap x",)

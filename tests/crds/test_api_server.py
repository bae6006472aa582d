"""The kinds as a person and the operator meet them in the real kube-apiserver."""

import json
import secrets
from pathlib import Path
from typing import Any

import pytest
import yaml

from manifests import SAMPLES, Manifest, a
from tenant_billing.api.names import KINDS
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import KubectlError

SAMPLE_FILES = sorted(SAMPLES.glob("*.yaml"))
READY = {
    "type": "Ready",
    "status": "True",
    "reason": "Provisioned",
    "message": "as asked",
    "lastTransitionTime": "2026-11-20T10:00:00Z",
}


def subscription(namespace: str, changes: dict[str, object] | None = None) -> Manifest:
    return a("TenantSubscription", {**(changes or {}), "metadata.namespace": namespace})


async def apply(plane: ControlPlane, manifest: Manifest, manager: str, *flags: str) -> Any:
    """Apply on the server's side as one manager, and return the object."""
    arguments = ("apply", "--server-side", f"--field-manager={manager}", "--output=json", *flags)
    return json.loads(await plane.run_kubectl(*arguments, "--filename=-", input=json.dumps(manifest)))


def status_of(manifest: Manifest, status: dict[str, object]) -> Manifest:
    return {**{each: manifest[each] for each in ("apiVersion", "kind", "metadata")}, "status": status}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
async def test_each_kind_is_established_under_its_short_name(definitions: ControlPlane, kind: Any) -> None:
    conditions = await definitions.run_kubectl(
        "get", "crd", kind.definition_name, "--output=jsonpath={.status.conditions[*].type}"
    )
    assert "Established" in conditions.split()
    assert "NonStructuralSchema" not in conditions.split()
    await definitions.run_kubectl("get", kind.short_name, "--all-namespaces")


@pytest.mark.parametrize("path", SAMPLE_FILES, ids=[path.stem for path in SAMPLE_FILES])
async def test_every_sample_is_accepted(definitions: ControlPlane, namespace: str, path: Path) -> None:
    for manifest in yaml.safe_load_all(path.read_text()):  # noqa: ASYNC240 - a small file, in a test
        if "namespace" in manifest["metadata"]:
            manifest["metadata"]["namespace"] = namespace
        await definitions.run_kubectl(
            "create", "--dry-run=server", "--filename=-", input=json.dumps(manifest)
        )


async def test_one_category_lists_every_kind(definitions: ControlPlane, namespace: str) -> None:
    name = f"listed-{secrets.token_hex(4)}"
    for kind in KINDS:
        manifest = a(kind.kind, {"metadata.name": name, "metadata.namespace": namespace})
        if not kind.namespaced:
            del manifest["metadata"]["namespace"]
        await definitions.run_kubectl("create", "--filename=-", input=json.dumps(manifest))
    table = await definitions.run_kubectl("get", "tenantbilling", "--all-namespaces")
    for kind in KINDS:
        assert f"{kind.singular}.tenantbilling.dev/{name}" in table


@pytest.mark.parametrize("selector", ["spec.tenant.id=beta", "spec.planRef.name=growth"])
async def test_subscriptions_are_selected_by_tenant_and_by_plan(
    definitions: ControlPlane, namespace: str, selector: str
) -> None:
    await apply(definitions, subscription(namespace), "author")
    other: dict[str, object] = {
        "metadata.name": "beta",
        "spec.tenant.id": "beta",
        "spec.planRef.name": "growth",
    }
    await apply(definitions, subscription(namespace, other), "author")
    found = await definitions.run_kubectl(
        "get", "tsub", "--namespace", namespace, f"--field-selector={selector}", "--output=name"
    )
    assert found.split() == ["tenantsubscription.tenantbilling.dev/beta"]


async def test_the_status_is_written_apart_from_the_spec(definitions: ControlPlane, namespace: str) -> None:
    manifest = subscription(namespace)
    made = await apply(definitions, {**manifest, "status": {"customerID": "cus_forged"}}, "author")
    assert "status" not in made, "an author can't write the status"
    written = await apply(
        definitions,
        status_of(manifest, {"customerID": "cus_A", "conditions": [READY]}),
        "operator",
        "--subresource=status",
    )
    assert written["status"]["customerID"] == "cus_A"
    assert written["metadata"]["generation"] == made["metadata"]["generation"]


async def test_a_status_field_that_is_not_in_the_schema_is_refused(
    definitions: ControlPlane, namespace: str
) -> None:
    manifest = subscription(namespace)
    await apply(definitions, manifest, "author")
    with pytest.raises(KubectlError, match=r"\.status\.surprise: field not declared in schema"):
        await apply(definitions, status_of(manifest, {"surprise": 1}), "operator", "--subresource=status")


async def test_what_is_sent_to_stripe_is_kept_as_it_is(definitions: ControlPlane, namespace: str) -> None:
    manifest = subscription(namespace)
    await apply(definitions, manifest, "author")
    pending = {
        "step": "CreateSubscription",
        "attempt": 1,
        "idempotencyKey": "k",
        "parameters": {"items": [{"price": "price_A"}], "metadata": {"a": "b"}},
        "startTime": "2026-11-20T10:00:00Z",
    }
    status = status_of(manifest, {"pendingOperation": pending})
    written = await apply(definitions, status, "operator", "--subresource=status")
    assert written["status"]["pendingOperation"] == pending


@pytest.mark.parametrize(
    ("kind", "path", "first", "second"),
    [
        pytest.param(
            "BillingBackend",
            "stripe.webhookSecretRefs",
            [{"name": "old", "key": "secret"}],
            [{"name": "new", "key": "secret"}],
            id="webhook secrets",
        ),
        pytest.param(
            "TenantSubscription", "discounts", [{"couponID": "A"}], [{"couponID": "B"}], id="coupons"
        ),
        pytest.param(
            "TenantSubscription",
            "customer.details.taxIDs",
            [{"type": "eu_vat", "value": "BE0123456789"}],
            [{"type": "eu_vat", "value": "DE123456789"}],
            id="tax ids",
        ),
        pytest.param(
            "TenantSubscription", "limitOverrides.unlimited", ["Users"], ["Gateways"], id="unlimited entities"
        ),
    ],
)
async def test_two_authors_of_a_list_keep_each_other_s_items(
    definitions: ControlPlane, namespace: str, kind: str, path: str, first: list[Any], second: list[Any]
) -> None:
    place = {"metadata.name": f"test-{secrets.token_hex(4)}", "metadata.namespace": namespace}
    await apply(definitions, a(kind, {**place, f"spec.{path}": first}), "platform")
    merged = (await apply(definitions, a(kind, {**place, f"spec.{path}": second}), "author"))["spec"]
    for key in path.split("."):
        merged = merged[key]
    assert merged == [*first, *second]

"""Accounts in the values: made after their kinds at the first installation, and never taken away by Helm."""

from collections.abc import Mapping
from typing import Any, Final

import pytest

from chart_rendering import NAMESPACE, RELEASE, Renderer

VALUES: Final[Mapping[str, Any]] = {
    "billingBackends": {"main": {"stripe": {"mode": "Live", "apiKeySecretRef": {"name": "stripe"}}}},
    "thingsStackClusters": {
        "eu1": {
            "url": "https://lns.example.com",
            "tenantAdminKeySecretRef": {"name": "things-stack", "key": "admin"},
            "caBundleSecretRef": {"name": "ca", "key": "ca.crt"},
        }
    },
}
KINDS: Final = ["BillingBackend", "ThingsStackCluster"]


@pytest.mark.parametrize("kind", KINDS)
async def test_waits_for_its_kind_where_the_cluster_does_not_know_it_yet(
    kind: str, renderer: Renderer
) -> None:
    """Helm looks every other object up before it makes any; a hook is looked up when it is its turn."""
    annotations = (await renderer.render(VALUES)).one(kind)["metadata"]["annotations"]
    assert annotations["helm.sh/hook"] == "post-install,post-upgrade"
    assert "before-hook-creation" not in annotations["helm.sh/hook-delete-policy"]


@pytest.mark.parametrize("kind", KINDS)
async def test_bears_the_marks_by_which_the_next_upgrade_takes_it_into_the_release(
    kind: str, renderer: Renderer
) -> None:
    metadata = (await renderer.render(VALUES)).one(kind)["metadata"]
    assert metadata["annotations"]["meta.helm.sh/release-name"] == RELEASE
    assert metadata["annotations"]["meta.helm.sh/release-namespace"] == NAMESPACE
    assert metadata["labels"]["app.kubernetes.io/managed-by"] == "Helm"


@pytest.mark.parametrize("kind", KINDS)
async def test_is_an_ordinary_object_where_the_cluster_knows_its_kind(kind: str, renderer: Renderer) -> None:
    known = f"--api-versions=tenantbilling.dev/v1alpha1/{kind}"
    annotations = (await renderer.render(VALUES, known)).one(kind)["metadata"]["annotations"]
    assert [name for name in annotations if "hook" in name] == []


@pytest.mark.parametrize(
    "known", [[], [f"--api-versions=tenantbilling.dev/v1alpha1/{kind}" for kind in KINDS]]
)
async def test_stays_when_it_leaves_the_values_or_the_release_is_uninstalled(
    known: list[str], renderer: Renderer
) -> None:
    """Its deletion would reach Stripe while the operator still runs: it removes the webhook endpoint there."""
    rendered = await renderer.render(VALUES, *known)
    for kind in KINDS:
        assert rendered.one(kind)["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


async def test_spec_is_that_of_the_values(renderer: Renderer) -> None:
    rendered = await renderer.render(VALUES)
    assert rendered.one("BillingBackend")["spec"] == VALUES["billingBackends"]["main"]
    assert rendered.one("ThingsStackCluster")["spec"] == VALUES["thingsStackClusters"]["eu1"]


async def test_notes_say_how_to_make_each_secret_that_is_missing(renderer: Renderer) -> None:
    notes = await renderer.notes(VALUES)
    for holds in (
        "stripe --namespace billing --from-literal=api-key=sk_live_...",
        "things-stack --namespace billing --from-literal=admin=...",
        "ca --namespace billing --from-file=ca.crt=ca.crt",
    ):
        assert f"\n  kubectl create secret generic {holds}\n" in notes


async def test_notes_name_a_secret_of_two_keys_once(renderer: Renderer) -> None:
    stripe = {
        "mode": "Test",
        "apiKeySecretRef": {"name": "stripe"},
        "webhookSecretRefs": [{"name": "stripe", "key": "signing"}],
    }
    notes = await renderer.notes({"billingBackends": {"main": {"stripe": stripe}}})
    both = "--from-literal=api-key=sk_test_... --from-literal=signing=whsec_..."
    assert f"\n  kubectl create secret generic stripe --namespace billing {both}\n" in notes
    assert notes.count("secret generic stripe") == 1


async def test_notes_without_accounts_say_what_comes_next(renderer: Renderer) -> None:
    notes = await renderer.notes({})
    assert "Next: connect a Stripe account and a deployment of The Things Stack." in notes
    assert "Nothing in this release leads from Stripe to the webhook" in notes


async def test_notes_have_the_doctor_look_where_this_release_is(renderer: Renderer) -> None:
    """By itself it looks where the raw manifests put the operator, and would find nobody there."""
    lease = f"--operator-namespace {NAMESPACE} --lease-name {RELEASE}-operator"
    assert f"\n  kubectl tenantbilling doctor {lease}\n" in await renderer.notes({})


INGRESS: Final = {"enabled": True, "hosts": ["hooks.example.com"]}
ROUTE: Final = {"enabled": True, "parentRefs": [{"name": "public"}]}


@pytest.mark.parametrize(
    ("webhook", "address"),
    [
        ({"ingress": INGRESS}, "https://hooks.example.com/webhooks/stripe/BACKEND"),
        ({"ingress": INGRESS, "paths": {"stripe": False}}, "https://hooks.example.com/api/v3/tbs/stripe."),
        (
            {"httpRoute": {**ROUTE, "hostnames": ["a.example.com"]}},
            "https://a.example.com/webhooks/stripe/BACKEND",
        ),
        (
            {"httpRoute": ROUTE},
            "https://HOST/webhooks/stripe/BACKEND, where BACKEND is the name of the BillingBackend.\nHOST is",
        ),
    ],
)
async def test_notes_give_the_address_that_stripe_delivers_to(
    webhook: Mapping[str, Any], address: str, renderer: Renderer
) -> None:
    notes = await renderer.notes({"webhook": webhook})
    assert f"Stripe delivers to {address}" in notes
    assert "Nothing in this release" not in notes


async def test_notes_say_that_usage_reports_alone_are_no_way_in_for_stripe(renderer: Renderer) -> None:
    paths = {"stripe": False, "billingServer": False, "usageReports": True}
    notes = await renderer.notes({"webhook": {"ingress": INGRESS, "paths": paths}})
    assert "Nothing in this release leads from Stripe to the webhook" in notes

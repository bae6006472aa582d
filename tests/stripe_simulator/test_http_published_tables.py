"""The tables of parameters and fields, generated from Stripe's document and the SDK's types."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tenant_billing_sandbox.stripe import resources as resources
from tenant_billing_sandbox.stripe.operations import OPERATIONS
from tenant_billing_sandbox.stripe.published import generate, tables


def test_the_tables_in_the_tree_are_the_generated_ones(stripe_openapi: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(generate.generate, [str(stripe_openapi), "--into", str(tmp_path)])
    assert result.exit_code == 0, result.output
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    kept = {name: (generate.FOLDER / name).read_text(encoding="utf-8") for name in made}
    assert sorted(made) == ["endive.json", "fields.json", "parameters.json"]
    assert made == kept


def test_every_operation_served_has_a_table() -> None:
    served = {f"{method} {template}" for method, template in OPERATIONS}
    assert served - tables.parameters().keys() == set()


@pytest.mark.parametrize(
    ("operation", "parameter", "alternatives"),
    [
        ("POST /v1/subscriptions/{}", "billing_cycle_anchor", {"object"}),
        ("POST /v1/subscriptions", "billing_cycle_anchor", {"integer"}),
        ("POST /v1/subscriptions/{}/resume", "billing_cycle_anchor", {"object"}),
        ("POST /v1/subscriptions/{}/resume", "payment_behavior", {"string"}),
        ("POST /v1/subscriptions/{}/pause", "bill_for", {"object"}),
    ],
)
def test_what_endive_changed_is_in_the_tables(operation: str, parameter: str, alternatives: set[str]) -> None:
    """stripe.md 1.3."""
    schema = tables.parameters()[operation]["properties"][parameter]
    assert {choice.get("type") for choice in schema.get("anyOf", [schema])} == alternatives


def test_todays_version_can_be_chosen_for_a_webhook_endpoint() -> None:
    versions = tables.parameters()["POST /v1/webhook_endpoints"]["properties"]["api_version"]["enum"]
    assert "2026-10-28.endive" in versions


@pytest.mark.parametrize("gone", ["coupon", "promotion_code", "usage_type"])
def test_what_newer_versions_removed_is_not(gone: str) -> None:
    """stripe.md 1.3."""
    assert gone not in tables.parameters()["POST /v1/subscriptions"]["properties"]


def test_a_blank_object_has_every_nullable_field() -> None:
    blank = tables.blank("subscription")
    assert (blank["object"], blank["cancel_at"], blank["status_details"]) == ("subscription", None, None)


def test_blank_objects_share_nothing() -> None:
    tables.blank("product")["images"].append("x")
    assert tables.blank("product")["images"] == []


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        ("/v1/subscriptions/{}/pause", "subscription"),
        ("/v1/billing/meters/{}", "billing.meter"),
        ("/v1/test_helpers/test_clocks", "test_helpers.test_clock"),
        ("/v1/customers/search", "customer"),
        ("/v2/core/events", None),
    ],
)
def test_a_path_tells_the_kind_of_its_answer(template: str, kind: str | None) -> None:
    assert tables.kind_of(template) == kind

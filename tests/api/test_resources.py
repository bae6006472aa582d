"""Objects as Kubernetes spells them become models, or one error that names the field."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import yaml

from manifests import REMOVED, SAMPLES, a
from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.resource import InvalidResourceError, Resource
from tenant_billing.api.tenant_subscription import DeletionPolicy, TenantSubscription
from tenant_billing.api.things_stack_cluster import ThingsStackCluster

MODELS: dict[str, type[Resource]] = {
    model.resource_kind.kind: model
    for model in (BillingBackend, ThingsStackCluster, BillingPlan, TenantSubscription)
}
SAMPLE_FILES = sorted(SAMPLES.glob("*.yaml"))


@pytest.mark.parametrize("path", SAMPLE_FILES, ids=[path.stem for path in SAMPLE_FILES])
def test_every_sample_is_read_without_an_unknown_field(path: Any) -> None:
    for manifest in yaml.safe_load_all(path.read_text()):
        resource = MODELS[manifest["kind"]].from_kubernetes(manifest, unknown_fields="forbid")
        assert resource.metadata.name == manifest["metadata"]["name"]


def test_fields_become_values_with_units() -> None:
    plan = BillingPlan.from_kubernetes(a("BillingPlan", {"spec.pastDue.freezeAfter": "168h"}))
    assert plan.spec.price.recurring is not None
    assert plan.spec.price.arm is plan.spec.price.recurring
    assert plan.spec.price.recurring.unit_amount == 4900
    assert plan.spec.past_due.freeze_after == timedelta(days=7)


def test_metadata_written_by_the_api_server_is_read() -> None:
    body = a(
        "TenantSubscription",
        {
            "metadata.uid": "u-1",
            "metadata.generation": 7,
            "metadata.resourceVersion": "12",
            "metadata.creationTimestamp": "2026-11-20T10:00:00Z",
            "metadata.deletionTimestamp": "2026-11-21T10:00:00Z",
            "metadata.managedFields": [{"manager": "kubectl"}],
        },
    )
    metadata = TenantSubscription.from_kubernetes(body, unknown_fields="forbid").metadata
    assert (metadata.uid, metadata.generation, metadata.resource_version) == ("u-1", 7, "12")
    assert metadata.creation_timestamp == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert metadata.is_being_deleted


def test_an_amount_below_a_minor_unit_stays_exact() -> None:
    metered = {"currency": "EUR", "interval": "Month", "unitAmountDecimal": "0.000000000001"}
    plan = BillingPlan.from_kubernetes(a("BillingPlan", {"spec.price": {"metered": metered}}))
    assert plan.spec.price.metered is not None
    assert plan.spec.price.metered.unit_amount_decimal == Decimal("1e-12")
    assert (
        plan.spec.price.metered.model_dump(mode="json", by_alias=True)["unitAmountDecimal"]
        == "0.000000000001"
    )


def test_a_field_of_a_later_version_does_not_make_an_object_unreadable() -> None:
    body = a("BillingPlan", {"spec.laterField": 1, "status.laterField": 2})
    assert BillingPlan.from_kubernetes(body).spec.display_name == "Starter"


SUBSCRIPTION, PLAN, BACKEND, CLUSTER = TenantSubscription, BillingPlan, BillingBackend, ThingsStackCluster


@pytest.mark.parametrize(
    ("model", "changes", "field"),
    [
        pytest.param(PLAN, {"spec.price": {}}, "spec.price", id="a plan without a price"),
        pytest.param(
            PLAN, {"spec.price.existing": {"priceID": "price_A"}}, "spec.price", id="a price with two arms"
        ),
        pytest.param(
            PLAN,
            {"spec.price.recurring.unitAmount": -1},
            "spec.price.recurring.unitAmount",
            id="a negative amount",
        ),
        pytest.param(
            PLAN,
            {"spec.price.recurring.unitAmount": "4900"},
            "spec.price.recurring.unitAmount",
            id="an amount as text",
        ),
        pytest.param(
            PLAN,
            {"spec.price.recurring.unitAmount": 49.0},
            "spec.price.recurring.unitAmount",
            id="an amount as a float",
        ),
        pytest.param(PLAN, {"spec.pastDue.flagAfter": "505h"}, "spec.pastDue", id="stages out of order"),
        pytest.param(
            PLAN, {"spec.pastDue.suspendAfter": "21d"}, "spec.pastDue.suspendAfter", id="a duration in days"
        ),
        pytest.param(
            PLAN, {"spec.allowedNamespaces": REMOVED}, "spec.allowedNamespaces", id="sold to nobody"
        ),
        pytest.param(
            PLAN,
            {"spec.price": {"existing": {"priceID": "price_A"}}},
            "spec",
            id="limits both in the spec and in the price's metadata",
        ),
        pytest.param(BACKEND, {"spec.stripe.mode": "live"}, "spec.stripe.mode", id="an unknown mode"),
        pytest.param(
            CLUSTER,
            {"spec.brake": {"maxDisruptionsPerHour": "500%"}},
            "spec.brake.maxDisruptionsPerHour",
            id="a share above the whole",
        ),
        pytest.param(SUBSCRIPTION, {"spec.customer": REMOVED}, "spec", id="nobody pays"),
        pytest.param(SUBSCRIPTION, {"spec.customer.id": "cus_A"}, "spec.customer", id="two customers"),
        pytest.param(SUBSCRIPTION, {"spec.collection.daysUntilDue": 14}, "spec.collection", id="days alone"),
        pytest.param(SUBSCRIPTION, {"spec.backendRef.name": "main"}, "spec", id="a backend beside the plan"),
        pytest.param(SUBSCRIPTION, {"spec.managementPolicy": "Observe"}, "spec", id="observing with a plan"),
        *(
            pytest.param(
                SUBSCRIPTION,
                {"spec.limitOverrides": {"expirationTime": moment}},
                "spec.limitOverrides.expirationTime",
                id=f"{moment}, which the API server admits",
            )
            for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")
        ),
        pytest.param(SUBSCRIPTION, {"metadata": REMOVED}, "metadata", id="no metadata"),
        pytest.param(SUBSCRIPTION, {"kind": "BillingPlan"}, "kind", id="another kind"),
    ],
)
def test_a_wrong_field_is_named(model: type[Resource], changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidResourceError) as caught:
        model.from_kubernetes(a(model.resource_kind.kind, changes))
    assert any(each.startswith(field) for each in caught.value.fields)
    assert caught.value.fields[0] in str(caught.value)


@pytest.mark.parametrize("field", ["spec.tenant.adoptionpolicy", "spec.tenant.adoption_policy"])
def test_a_misspelt_field_in_a_file_is_named(field: str) -> None:
    with pytest.raises(InvalidResourceError, match=f"tenants/acme-iot: {field}: Extra inputs"):
        TenantSubscription.from_kubernetes(a("TenantSubscription", {field: "Never"}), unknown_fields="forbid")


def test_an_error_never_shows_a_value() -> None:
    body = a("TenantSubscription", {"spec.tenant.initialAdmin.password": "hunter2", "spec.tenant.id": 5})
    with pytest.raises(InvalidResourceError) as caught:
        TenantSubscription.from_kubernetes(body, unknown_fields="forbid")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, DeletionPolicy.CANCEL, id="managed: ends what it made"),
        pytest.param({"spec.deletionPolicy": "Orphan"}, DeletionPolicy.ORPHAN, id="as told"),
        pytest.param(
            {
                "spec.managementPolicy": "Observe",
                "spec.planRef": REMOVED,
                "spec.backendRef.name": "main",
                "spec.subscriptionID": "sub_A",
            },
            DeletionPolicy.ORPHAN,
            id="observed: only lets go",
        ),
    ],
)
def test_deletion_without_a_policy_follows_who_made_the_subscription(
    changes: dict[str, object], expected: DeletionPolicy
) -> None:
    subscription = TenantSubscription.from_kubernetes(a("TenantSubscription", changes))
    assert subscription.spec.effective_deletion_policy is expected


@pytest.mark.parametrize(
    ("changes", "budget"),
    [
        pytest.param({"spec.stripe.mode": "Live"}, 40, id="live"),
        pytest.param({"spec.stripe.mode": "Test"}, 10, id="test"),
        pytest.param({"spec.stripe.requestsPerSecond": 7}, 7, id="as told"),
    ],
)
def test_the_budget_of_requests_follows_the_mode(changes: dict[str, object], budget: int) -> None:
    backend = BillingBackend.from_kubernetes(a("BillingBackend", changes))
    assert backend.spec.stripe.request_budget == budget

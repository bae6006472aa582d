"""What the schema takes and refuses of a TenantSubscription."""

import pytest

from judging import SUBSCRIPTION, accepts, refuses
from manifests import REMOVED
from tenant_billing_sandbox.control_plane.plane import ControlPlane

OBSERVED: dict[str, object] = {
    "spec.managementPolicy": "Observe",
    "spec.planRef": REMOVED,
    "spec.backendRef": {"name": "main"},
    "spec.subscriptionID": "sub_A",
}


def without(changes: dict[str, object], path: str) -> dict[str, object]:
    return {each: value for each, value in changes.items() if each != path}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        pytest.param(SUBSCRIPTION, OBSERVED, id="observed"),
        pytest.param(SUBSCRIPTION, {**OBSERVED, "spec.deletionPolicy": "Orphan"}, id="observed, let go"),
        pytest.param(SUBSCRIPTION, {"spec.customer": {"id": "cus_A"}}, id="an existing customer"),
        pytest.param(
            SUBSCRIPTION, {"spec.customer": {"subscriptionRef": {"name": "lab"}}}, id="a sibling's customer"
        ),
        pytest.param(
            SUBSCRIPTION, {"spec.collection": {"method": "Invoice", "daysUntilDue": 14}}, id="by invoice"
        ),
        pytest.param(SUBSCRIPTION, {"spec.tenant.id": "a-bc"}, id="a short tenant id with a dash"),
        pytest.param(SUBSCRIPTION, {"metadata.name": "a" * 100}, id="a name of 100 characters"),
        pytest.param(
            SUBSCRIPTION, {"spec.customer.details.name": "x" * 200}, id="a customer name of 200 characters"
        ),
        pytest.param(
            SUBSCRIPTION, {"spec.customer.details.email": REMOVED}, id="no e-mail: for the operator to say"
        ),
    ],
)
async def test_accepted(definitions: ControlPlane, kind: str, changes: dict[str, object]) -> None:
    await accepts(definitions, kind, changes)


@pytest.mark.parametrize(
    ("kind", "changes", "field", "message"),
    [
        pytest.param(SUBSCRIPTION, {"spec.planRef": REMOVED}, "spec.planRef", "planRef is required", id="no plan"),
        pytest.param(SUBSCRIPTION, {"spec.customer": REMOVED}, "spec.customer", "customer is required", id="no payer"),
        pytest.param(
            SUBSCRIPTION, {"spec.backendRef": {"name": "main"}}, "spec.backendRef", "the plan names its backend",
            id="managed with a backend",
        ),
        pytest.param(
            SUBSCRIPTION, {**OBSERVED, "spec.planRef": {"name": "starter"}}, "spec.planRef", "remove it",
            id="observed with a plan",
        ),
        pytest.param(
            SUBSCRIPTION, without(OBSERVED, "spec.backendRef"), "spec.backendRef", "backendRef is required",
            id="observed without a backend",
        ),
        pytest.param(
            SUBSCRIPTION, without(OBSERVED, "spec.subscriptionID"), "spec.subscriptionID",
            "subscriptionID is required", id="observing nothing",
        ),
        pytest.param(
            SUBSCRIPTION, {**OBSERVED, "spec.deletionPolicy": "Cancel"}, "spec.deletionPolicy", "can only be Orphan",
            id="cancelling what is observed",
        ),
        pytest.param(
            SUBSCRIPTION, {"spec.customer": {}}, "spec.customer", "exactly one of details, id and subscriptionRef",
            id="an empty customer",
        ),
        pytest.param(
            SUBSCRIPTION, {"spec.customer.id": "cus_A"}, "spec.customer",
            "exactly one of details, id and subscriptionRef", id="two customers",
        ),
        pytest.param(
            SUBSCRIPTION, {"spec.collection": {"method": "Invoice"}}, "spec.collection.daysUntilDue",
            "daysUntilDue is required with method: Invoice", id="an invoice that is never due",
        ),
        pytest.param(
            SUBSCRIPTION, {"spec.collection": {"daysUntilDue": 14}}, "spec.collection.daysUntilDue",
            "refused otherwise", id="due days of a card",
        ),
        *(
            pytest.param(SUBSCRIPTION, {"spec.tenant.id": tenant}, "spec.tenant.id", "should match", id=f"id {tenant}")
            for tenant in ("a-b", "Acme", "acme--iot", "-acme", "acme-", "acme.iot", "acme_iot", "acme iot")
        ),
        pytest.param(SUBSCRIPTION, {"spec.tenant.id": "a" * 37}, "spec.tenant.id", "more than 36", id="37 characters"),
        pytest.param(SUBSCRIPTION, {"spec.tenant.name": "a" * 51}, "spec.tenant.name", "more than 50", id="long name"),
        pytest.param(
            SUBSCRIPTION, {"spec.tenant.attributes": {"a-b": "c"}}, "spec.tenant.attributes",
            "keys of attributes must be", id="a short attribute key",
        ),
        pytest.param(
            SUBSCRIPTION, {"metadata.name": "a" * 101}, "Invalid value", "metadata.name must be at most 100", id="101"
        ),
        pytest.param(
            SUBSCRIPTION, {"spec.discounts": [{"couponID": "A"}, {"couponID": "A"}]}, "spec.discounts[1]",
            "Duplicate value", id="one coupon twice",
        ),
        pytest.param(
            SUBSCRIPTION, {"spec.limitOverrides": {"unlimited": ["Planets"]}}, "spec.limitOverrides.unlimited[0]",
            '"EndDevices"', id="an unknown entity",
        ),
        pytest.param(
            SUBSCRIPTION, {"spec.accessPolicy": "Never"}, "spec.accessPolicy", '"KeepActive"', id="an unknown policy"
        ),
        pytest.param(
            SUBSCRIPTION, {"spec.tenant.adoptionpolicy": "Never"}, "spec.tenant.adoptionpolicy", "unknown field",
            id="a misspelt field",
        ),
    ],
)  # fmt: skip
async def test_refused_with_field_and_remedy(
    definitions: ControlPlane, kind: str, changes: dict[str, object], field: str, message: str
) -> None:
    await refuses(definitions, kind, changes, field, message)

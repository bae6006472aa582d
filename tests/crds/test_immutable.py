"""What may change after creation and what may not, judged by the real kube-apiserver."""

import json
import secrets

import pytest

from judging import BACKEND, CLUSTER, PLAN, SUBSCRIPTION
from manifests import REMOVED, a, changed
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.problems import KubectlError

METERED: dict[str, object] = {
    "spec.price": {
        "metered": {"currency": "EUR", "interval": "Month", "unitAmount": 5, "meterEventName": "devices"}
    }
}
BY_ID: dict[str, object] = {"spec.customer": {"id": "cus_A"}}
SIBLING: dict[str, object] = {"spec.customer": {"subscriptionRef": {"name": "lab"}}}
ADOPTED: dict[str, object] = {"spec.subscriptionID": "sub_A"}
RECURRING = "spec.price.recurring"
METER = "spec.price.metered"


async def change(plane: ControlPlane, kind: str, before: dict[str, object], after: dict[str, object]) -> None:
    """Create an object, then replace its spec; the replacement is judged, not stored."""
    name = f"test-{secrets.token_hex(4)}"
    first = a(kind, {**before, "metadata.name": name, "metadata.namespace": "default"})
    await plane.run_kubectl("create", "--filename=-", input=json.dumps(first))
    second = changed(first, after)
    await plane.run_kubectl("replace", "--dry-run=server", "--filename=-", input=json.dumps(second))


@pytest.mark.parametrize(
    ("kind", "before", "after"),
    [
        pytest.param(BACKEND, {}, {"spec.stripe.accountID": "acct_1"}, id="an account pinned later"),
        pytest.param(CLUSTER, {}, {"spec.url": "https://new.example"}, id="a deployment that moves"),
        pytest.param(PLAN, {}, {f"{RECURRING}.unitAmount": 5900}, id="a changed amount"),
        pytest.param(PLAN, METERED, {f"{METER}.unitAmount": 6}, id="a changed amount for each device"),
        pytest.param(SUBSCRIPTION, {}, {"spec.planRef.name": "growth"}, id="another plan"),
        pytest.param(SUBSCRIPTION, {}, ADOPTED, id="a subscription adopted later"),
        pytest.param(SUBSCRIPTION, {}, {"spec.customer.details.name": "Acme"}, id="details of the customer"),
        pytest.param(SUBSCRIPTION, {}, {"spec.tenant.name": "Acme"}, id="the tenant's name"),
    ],
)
async def test_may_change(
    definitions: ControlPlane, kind: str, before: dict[str, object], after: dict[str, object]
) -> None:
    await change(definitions, kind, before, after)


@pytest.mark.parametrize(
    ("kind", "before", "after", "message"),
    [
        pytest.param(BACKEND, {}, {"spec.stripe.mode": "Live"}, "mode is immutable: make another", id="mode"),
        pytest.param(BACKEND, {}, {"spec.owner": "other"}, "owner is immutable", id="owner"),
        pytest.param(BACKEND, {"spec.owner": "other"}, {"spec.owner": REMOVED}, "owner is", id="owner away"),
        pytest.param(PLAN, {}, {"spec.backendRef.name": "b"}, "backendRef is immutable", id="backend"),
        pytest.param(PLAN, {}, METERED, "the arm of price is immutable: make another plan", id="arm"),
        pytest.param(PLAN, {}, {f"{RECURRING}.currency": "USD"}, "currency is immutable", id="currency"),
        pytest.param(PLAN, {}, {f"{RECURRING}.interval": "Year"}, "interval is immutable", id="interval"),
        pytest.param(PLAN, {}, {f"{RECURRING}.intervalCount": 2}, "intervalCount is", id="count"),
        pytest.param(PLAN, {}, {f"{RECURRING}.taxBehavior": REMOVED}, "taxBehavior is", id="tax behaviour"),
        pytest.param(PLAN, METERED, {f"{METER}.currency": "USD"}, "currency is", id="metered currency"),
        pytest.param(PLAN, METERED, {f"{METER}.interval": "Day"}, "interval is", id="metered interval"),
        pytest.param(PLAN, METERED, {f"{METER}.intervalCount": 2}, "intervalCount is", id="metered count"),
        pytest.param(PLAN, METERED, {f"{METER}.taxBehavior": "Inclusive"}, "taxBehavior", id="metered tax"),
        pytest.param(PLAN, METERED, {f"{METER}.meterEventName": "a"}, "meterEventName is", id="meter"),
        pytest.param(PLAN, METERED, {f"{METER}.meterEventName": REMOVED}, "meterEventName", id="meter away"),
        pytest.param(SUBSCRIPTION, {}, {"spec.tenant.id": "other"}, "tenant.id is immutable", id="tenant id"),
        pytest.param(
            SUBSCRIPTION, {}, {"spec.clusterRef.name": "b"}, "clusterRef is immutable", id="cluster"
        ),
        pytest.param(
            SUBSCRIPTION,
            ADOPTED,
            {"spec.subscriptionID": "sub_B"},
            "subscriptionID is immutable",
            id="adopted",
        ),
        pytest.param(
            SUBSCRIPTION, ADOPTED, {"spec.subscriptionID": REMOVED}, "subscriptionID is", id="adopted, away"
        ),
        pytest.param(SUBSCRIPTION, BY_ID, {"spec.customer.id": "cus_B"}, "customer.id is", id="customer"),
        pytest.param(SUBSCRIPTION, {}, BY_ID, "the arm of customer is immutable", id="details to id"),
        pytest.param(SUBSCRIPTION, BY_ID, SIBLING, "customer.id is immutable", id="id to sibling"),
        pytest.param(
            SUBSCRIPTION,
            SIBLING,
            {"spec.customer.subscriptionRef.name": "b"},
            "customer.subscriptionRef is immutable",
            id="another sibling",
        ),
    ],
)
async def test_may_not_change(
    definitions: ControlPlane, kind: str, before: dict[str, object], after: dict[str, object], message: str
) -> None:
    with pytest.raises(KubectlError) as caught:
        await change(definitions, kind, before, after)
    assert message in str(caught.value)

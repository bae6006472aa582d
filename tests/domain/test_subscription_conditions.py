"""The conditions of a TenantSubscription: what they tell in every state, and what stands in the way."""

from typing import Any

import pytest

from subscription_builders import (
    DAY,
    NOT_READY,
    TRUSTING,
    a_backend,
    a_cluster,
    a_customer,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    an_unborn_world,
    is_told,
    overdue_for,
    told,
    with_status,
)
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import Annotation
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.decision import decide
from tenant_billing.domain.errors import (
    Throttled,
    Unauthorized,
    Unreachable,
    Unsupported,
)
from tenant_billing.domain.observations import Totals
from tenant_billing.domain.report import status_of
from tenant_billing.domain.state_descriptions import Description
from tenant_billing.domain.world import World

READY, STALLED, RECONCILING = ConditionType.READY, ConditionType.STALLED, ConditionType.RECONCILING


def summary(world: World) -> dict[str, tuple[str, str]]:
    return {
        each.type: (each.status.value, each.reason) for each in status_of(world, decide(world)).conditions
    }


@pytest.mark.parametrize(
    ("world", "conditions"),
    [
        pytest.param(
            a_world(totals=Totals(end_devices=345)),
            {
                "Ready": ("True", "Provisioned"),
                "SubscriptionSynced": ("True", "Synced"),
                "TenantSynced": ("True", "Synced"),
                "PaymentCurrent": ("True", "Paid"),
                "WithinLimits": ("True", "WithinLimits"),
                "UsageReported": ("True", "NotMetered"),
            },
            id="in good order",
        ),
        pytest.param(
            a_world(
                subscriptions=(overdue_for(DAY),), tenant=a_tenant(TenantState.FLAGGED, Description.FLAGGED)
            ),
            {
                "Ready": ("True", "Provisioned"),
                "SubscriptionSynced": ("True", "Synced"),
                "TenantSynced": ("True", "Synced"),
                "PaymentCurrent": ("False", "PastDue"),
                "WithinLimits": ("Unknown", "Unknown"),
                "UsageReported": ("True", "NotMetered"),
            },
            id="a declined card does not turn the object red",
        ),
        pytest.param(
            an_unborn_world(),
            {
                "Ready": ("False", "AwaitingPayment"),
                "SubscriptionSynced": ("False", "Pending"),
                "TenantSynced": ("False", "Pending"),
                "PaymentCurrent": ("False", "AwaitingPayment"),
                "WithinLimits": ("Unknown", "Unknown"),
                "UsageReported": ("True", "NotMetered"),
            },
            id="nothing was bought yet",
        ),
        pytest.param(
            a_world(subscriptions=(a_subscription("incomplete"),)),
            {
                "Ready": ("False", "AwaitingPayment"),
                "SubscriptionSynced": ("True", "Synced"),
                "TenantSynced": ("Unknown", "Pending"),
                "PaymentCurrent": ("False", "AwaitingPayment"),
                "WithinLimits": ("Unknown", "Unknown"),
                "UsageReported": ("True", "NotMetered"),
            },
            id="an existing tenant is left as it is until the first payment",
        ),
    ],
)
def test_the_conditions_tell_the_state_of_things(world: World, conditions: dict[str, Any]) -> None:
    assert summary(world) == conditions


@pytest.mark.parametrize(
    ("changes", "reason", "stalled"),
    [
        pytest.param({"offer": None}, "PlanNotFound", False, id="the plan does not exist: it waits"),
        pytest.param(
            {"offer": None, "provider_problem": Unreachable("No answer.")},
            "PlanNotFound",
            False,
            id="the plan does not exist, and Stripe is down",
        ),
        pytest.param(
            {"cluster": None, "tenant": None}, "ClusterNotFound", False, id="the cluster does not exist"
        ),
        pytest.param({"backend": None}, "BackendUnavailable", False, id="the plan's backend does not exist"),
        pytest.param(
            {"provider_problem": Unreachable("No answer.")}, "BackendUnavailable", False, id="Stripe is down"
        ),
        pytest.param(
            {"provider_problem": Unauthorized("Wrong key.")},
            "BackendUnavailable",
            True,
            id="Stripe's key is wrong",
        ),
        pytest.param(
            {"registry_problem": Throttled("Too many.")},
            "ClusterUnavailable",
            False,
            id="The Things Stack is busy",
        ),
        pytest.param(
            {"registry_problem": Unreachable("No."), "cluster": a_cluster(status=NOT_READY)},
            "ClusterNotReady",
            False,
            id="the cluster says itself that it is not ready",
        ),
        pytest.param(
            {"registry_problem": Unauthorized("Wrong key.")},
            "ClusterNotReady",
            True,
            id="the admin key is wrong",
        ),
        pytest.param(
            {"registry_problem": Unsupported("No licence.")}, "ClusterNotReady", True, id="no multi-tenancy"
        ),
        pytest.param(
            {"missing_subscription_id": "sub_1", "subscriptions": ()},
            "SubscriptionNotFound",
            True,
            id="a 404",
        ),
        pytest.param(
            {"customer": a_customer(deleted=True)}, "CustomerDeleted", True, id="the customer is deleted"
        ),
        pytest.param({"rivals": ("sub_8",)}, "DuplicateSubscription", True, id="several customers pay"),
        pytest.param(
            {"secret_problem": ("SecretNotFound", "No Secret."), "tenant": None},
            "SecretNotFound",
            False,
            id="no Secret",
        ),
        pytest.param(
            {"secret_problem": ("SecretKeyMissing", "No key."), "tenant": None},
            "SecretKeyMissing",
            False,
            id="no key",
        ),
        pytest.param(
            {"subscriptions": (a_subscription("strange"),)}, "UnknownStatus", True, id="a status of tomorrow"
        ),
    ],
)
def test_what_stands_in_the_way_is_told_and_nothing_is_written(
    changes: Any, reason: str, stalled: bool
) -> None:
    world = a_world(**changes)
    assert decide(world).actions == ()
    assert (told(world).status, told(world).reason) == ("False", reason)
    assert is_told(world, STALLED) is stalled
    assert is_told(world, RECONCILING) is not stalled
    assert told(world).message.endswith(".")


def test_a_customer_that_is_not_found_is_no_reason_to_make_another() -> None:
    world = an_unborn_world(a_tenant_subscription(status={"customerID": "cus_1"}))
    assert decide(world).actions == ()
    assert told(world).reason == "CustomerMismatch"


@pytest.mark.parametrize(
    ("customer", "payer", "reason", "said"),
    [
        pytest.param(
            {"id": "cus_x"}, None, "CustomerMismatch", "cus_x", id="the account has no such customer"
        ),
        pytest.param(
            {"subscriptionRef": {"name": "lab"}}, None, "SubscriptionNotFound", "does not exist", id="none"
        ),
        pytest.param(
            {"subscriptionRef": {"name": "lab"}},
            a_tenant_subscription("lab"),
            "SubscriptionNotFound",
            "no customer yet",
            id="the sibling has no customer yet",
        ),
    ],
)
def test_a_customer_that_is_named_must_be_there(customer: Any, payer: Any, reason: str, said: str) -> None:
    world = an_unborn_world(
        a_tenant_subscription(customer=customer), payer=payer, backend=a_backend(trusts=TRUSTING)
    )
    assert decide(world).actions == ()
    assert told(world).reason == reason
    assert said in told(world).message


def test_a_sibling_s_customer_pays() -> None:
    world = a_world(a_tenant_subscription(customer={"subscriptionRef": {"name": "lab"}}))
    assert told(world).reason == "Provisioned"


def test_a_live_successor_stands_in_for_one_that_is_not_found() -> None:
    world = a_world(missing_subscription_id="sub_0")
    assert told(world).reason == "Provisioned"
    assert with_status(world).resource.status.subscription_id == "sub_1"


@pytest.mark.parametrize("status", ["canceled", "unpaid", "incomplete"])
def test_nothing_but_a_live_one_is_judged_in_the_place_of_one_that_is_not_found(status: str) -> None:
    resource = a_tenant_subscription(status={"subscriptionID": "sub_0"})
    world = a_world(resource, missing_subscription_id="sub_0", subscriptions=(a_subscription(status),))
    assert decide(world).actions == ()
    assert told(world).reason == "SubscriptionNotFound"
    assert told(world, ConditionType.PAYMENT_CURRENT).reason == "Unknown"
    assert with_status(world).resource.status.subscription_id == "sub_0", (
        "else the next pass would suspend a payer"
    )


def test_a_paused_object_is_left_alone_and_is_neither_ready_nor_stalled() -> None:
    resource = a_tenant_subscription(metadata={"annotations": {Annotation.PAUSED: "true"}})
    world = a_world(resource, subscriptions=(a_subscription("unpaid"),))
    assert decide(world).actions == ()
    assert (told(world).status, told(world).reason) == ("Unknown", "Paused")
    assert not is_told(world, STALLED)
    assert not is_told(world, RECONCILING)


def test_paused_must_be_true_to_count() -> None:
    resource = a_tenant_subscription(metadata={"annotations": {Annotation.PAUSED: "false"}})
    assert told(a_world(resource)).reason == "Provisioned"


def test_a_password_is_not_needed_once_the_tenant_stands() -> None:
    assert told(a_world(secret_problem=("SecretNotFound", "No Secret."))).reason == "Provisioned"


@pytest.mark.parametrize("problem", ["provider_problem", "registry_problem"])
@pytest.mark.parametrize("said", ["the key is refused: use another one", "No answer."])
def test_what_is_wrong_with_another_object_is_told_as_a_sentence_of_its_own(problem: str, said: str) -> None:
    problems: dict[str, Any] = {problem: Unreachable(said)}
    message = told(a_world(**problems)).message
    assert f"{said.rstrip('.')}. The tenant is kept as it is." in message

"""What was refused for good is told, remembered, and not asked again."""

from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    a_subscription,
    a_tenant_subscription,
    a_world,
    an_unborn_world,
    is_told,
    told,
    with_status,
)
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.actions import ChangeItem, CreateTenant, StoreIntent, UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.errors import (
    AlreadyExists,
    OutsideError,
    Refused,
    Unreachable,
)
from tenant_billing.domain.refusals import refusal_of
from tenant_billing.domain.remembered import remembered_refusal
from tenant_billing.domain.requests import InitialUser, ItemChange, NewTenant, TenantChange
from tenant_billing.domain.world import Refusal, World

READY, STALLED, RECONCILING = ConditionType.READY, ConditionType.STALLED, ConditionType.RECONCILING


MOVE = ChangeItem(
    ItemChange("sub_1", "si_1", "price_pro", 1, "none", only_when_paid=False, metadata={}), "key"
)


MAKE = CreateTenant(
    NewTenant("acme", "Acme", "", TenantState.APPROVED, {}, {}, None, InitialUser("acme", "a@acme.example"))
)


def changed(world: World, **changes: Any) -> World:
    return replace(world, **changes)


@pytest.mark.parametrize(
    ("action", "error", "reason", "by_registry", "said"),
    [
        pytest.param(
            MAKE, AlreadyExists("taken"), Reason.TENANT_ID_TAKEN, True, "acme", id="the id of a deleted one"
        ),
        pytest.param(
            MAKE, Refused("bad name."), Reason.INVALID_TENANT, True, "bad name. Change", id="a bad tenant"
        ),
        pytest.param(
            UpdateTenant("acme", TenantChange()),
            Refused("no", code="x"),
            Reason.INVALID_TENANT,
            True,
            "(x)",
            id="update",
        ),
        pytest.param(
            MOVE,
            Refused("no", field="items"),
            Reason.BACKEND_UNAVAILABLE,
            False,
            "(items)",
            id="Stripe names a field",
        ),
        pytest.param(
            MOVE, Refused("no"), Reason.BACKEND_UNAVAILABLE, False, "ChangeItem: no.", id="Stripe names none"
        ),
    ],
)
def test_a_permanent_no_names_its_remedy(
    action: Any, error: OutsideError, reason: Reason, by_registry: bool, said: str
) -> None:
    refusal = refusal_of(action, error)
    assert (refusal.reason, refusal.by_registry) == (reason, by_registry)
    assert said in refusal.message


def refused(
    *, by_registry: bool = False, reason: Reason = Reason.BACKEND_UNAVAILABLE, **changes: Any
) -> World:
    """The object asked for another plan, and was refused."""
    resource = a_tenant_subscription(plan="pro")
    return a_world(resource, refusal=Refusal(reason, "No, because.", by_registry), **changes)


@pytest.mark.parametrize(
    ("by_registry", "reason"),
    [(False, Reason.BACKEND_UNAVAILABLE), (True, Reason.INVALID_TENANT), (True, Reason.TENANT_ID_TAKEN)],
)
def test_a_refusal_is_remembered_and_not_asked_again(by_registry: bool, reason: Reason) -> None:
    world = refused(by_registry=by_registry, reason=reason)
    assert decide(world).actions == ()
    written = with_status(world)
    assert remembered_refusal(written) == world.refusal
    assert told(world).reason == reason
    assert is_told(world, STALLED)
    kind = ConditionType.TENANT_SYNCED if by_registry else ConditionType.SUBSCRIPTION_SYNCED
    assert told(world, kind).reason == "Rejected"


def test_a_refusal_by_stripe_leaves_access_to_follow_the_payments() -> None:
    world = refused(subscriptions=(a_subscription("unpaid"),))
    assert [type(each) for each in decide(world).actions] == [UpdateTenant]


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({"generation": 2}, id="the spec was changed"),
        pytest.param({"annotations": {Annotation.RECONCILE: "again"}}, id="somebody asks again"),
    ],
)
def test_a_refusal_is_forgotten_when_it_may_have_been_remedied(metadata: Any) -> None:
    written = with_status(refused()).resource
    changed = written.model_copy(update={"metadata": written.metadata.model_copy(update=metadata)})
    assert remembered_refusal(a_world(changed)) is None


def test_without_a_refusal_nothing_is_remembered() -> None:
    assert remembered_refusal(a_world()) is None
    assert remembered_refusal(with_status(a_world())) is None
    assert remembered_refusal(with_status(an_unborn_world())) is None


@pytest.mark.parametrize("by_registry", [False, True])
def test_another_trouble_in_between_does_not_take_the_refusal_s_place(by_registry: bool) -> None:
    reason = Reason.INVALID_TENANT if by_registry else Reason.BACKEND_UNAVAILABLE
    written = with_status(refused(by_registry=by_registry, reason=reason))
    down = "provider_problem" if by_registry else "registry_problem"
    in_between = with_status(changed(written, **{down: Unreachable("No answer.")}))
    remembered = remembered_refusal(changed(in_between, **{down: None}))
    assert remembered == Refusal(reason, "No, because.", by_registry)


def test_the_intent_goes_with_its_refusal() -> None:
    (store,) = decide(an_unborn_world()).actions
    assert isinstance(store, StoreIntent)
    resource = a_tenant_subscription(status={"pendingOperation": store.intent})
    world = an_unborn_world(resource, refusal=Refusal(Reason.BACKEND_UNAVAILABLE, "No.", by_registry=False))
    assert with_status(world).resource.status.pending_operation is None

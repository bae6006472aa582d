from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from subscription_builders import (
    KEY,
    NOW,
    TRUSTING,
    a_backend,
    a_cluster,
    a_customer,
    a_foreign_tenant,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    an_unborn_world,
    with_plan,
    with_status,
)
from subscription_outside import Outside
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.api.tenant_subscription import AdoptionPolicy, TenantState
from tenant_billing.domain import deletion
from tenant_billing.domain.actions import (
    Action,
    CancelSubscription,
    DeleteTenant,
    Disruption,
    LookAgain,
    RemoveFinalizer,
    UpdateTenant,
)
from tenant_billing.domain.errors import Unauthorized, Unreachable
from tenant_billing.domain.state_descriptions import Description
from tenant_billing.domain.world import Namespace, Refusal, World

MARKED = (a_subscription(metadata=KEY.metadata("starter")),)
"""Found by marks that name the tenant alone."""
INTENT = PendingOperation(step="Subscribe", idempotency_key="k", start_time=NOW)
MADE = {"customerID": "cus_1", "subscriptionID": "sub_1", "tenantState": "Approved"}


def a_going_world(*, policy: str | None = "Cancel", status: Any = None, **changes: Any) -> World:
    metadata = changes.pop("metadata", {})
    resource = a_tenant_subscription(
        deletionPolicy=policy,
        metadata={"deletionTimestamp": NOW} | metadata,
        status=MADE if status is None else status,
    )
    return a_world(resource, **changes)


def ended(world: World) -> tuple[list[Action], World]:
    outside = Outside()
    last = outside.settle(
        world, lambda each: deletion.decide(each).actions if each.resource.metadata.finalizers else ()
    )
    return outside.done, last


def kinds(actions: Any) -> list[str]:
    return [type(each).__name__ for each in actions]


@pytest.mark.parametrize("policy", [None, "Cancel"])
def test_cancel_ends_the_subscription_suspends_the_tenant_and_lets_go(policy: str | None) -> None:
    done, world = ended(a_going_world(policy=policy))
    assert kinds(done) == ["CancelSubscription", "UpdateTenant", "RemoveFinalizer"]
    assert done[0] == CancelSubscription("sub_1", Disruption.CANCEL)
    assert isinstance(done[1], UpdateTenant)
    assert done[1].disruption is Disruption.SUSPEND
    assert world.tenant is not None
    assert (world.tenant.state, world.tenant.state_description) == (TenantState.SUSPENDED, Description.ENDED)


def test_a_tenant_is_deleted_only_by_the_policy_that_says_so() -> None:
    done, world = ended(a_going_world(policy="CancelAndDeleteTenant", cluster=a_cluster(trusts=TRUSTING)))
    assert kinds(done) == ["CancelSubscription", "DeleteTenant", "RemoveFinalizer"]
    assert world.tenant is None


def test_a_tenant_without_our_claim_is_suspended_not_deleted() -> None:
    unmarked = a_foreign_tenant(billing=a_tenant().billing)
    world = a_going_world(policy="CancelAndDeleteTenant", cluster=a_cluster(trusts=TRUSTING), tenant=unmarked)
    assert kinds(ended(world)[0]) == ["CancelSubscription", "UpdateTenant", "RemoveFinalizer"]


@pytest.mark.parametrize(
    ("world", "said"),
    [
        pytest.param(a_going_world(policy="Orphan"), "Orphan", id="Orphan"),
        pytest.param(
            a_going_world(metadata={"annotations": {Annotation.PAUSED: "true"}}),
            "paused",
            id="a paused object",
        ),
        pytest.param(
            a_going_world(namespace=Namespace("tenants", going=True)),
            "namespace",
            id="pruning a folder must not end every payer",
        ),
        pytest.param(
            replace(
                a_going_world(),
                resource=a_tenant_subscription(
                    managementPolicy="Observe",
                    planRef=None,
                    customer=None,
                    backendRef={"name": "main"},
                    subscriptionID="sub_1",
                ),
            ),
            "observed",
            id="an observed object",
        ),
        pytest.param(
            a_going_world(siblings=(a_tenant_subscription("aaa"),), tenant=None, subscriptions=MARKED),
            "Another",
            id="a loser",
        ),
    ],
)
def test_an_object_is_let_go_and_nothing_outside_is_touched(world: World, said: str) -> None:
    farewell = deletion.decide(world)
    assert farewell.actions == (RemoveFinalizer(),)
    assert said in farewell.message


@pytest.mark.parametrize("status", [{}, {"tenantState": "Absent"}])
def test_an_object_that_waited_for_its_plan_in_vain_can_be_deleted(status: Any) -> None:
    world = replace(an_unborn_world(a_going_world(status=status).resource), offer=None, backend=None)
    assert deletion.decide(world).actions == (RemoveFinalizer(),)


@pytest.mark.parametrize(
    "made", [{"customerID": "cus_1"}, {"tenantState": "Approved"}, {"pendingOperation": INTENT}]
)
def test_an_object_with_anything_on_record_waits_for_an_outage_to_end(made: Any) -> None:
    """An intent stands for a customer and a subscription that may have been made: let go, they would bill for ever."""
    resource = a_going_world(status=made).resource
    farewell = deletion.decide(an_unborn_world(resource, provider_problem=Unreachable("no answer.")))
    assert farewell.actions == ()
    assert farewell.finding is not None


@pytest.mark.parametrize(
    ("changes", "reason", "stalled"),
    [
        pytest.param(
            {"provider_problem": Unreachable("no answer.")}, Reason.BACKEND_UNAVAILABLE, False, id="outage"
        ),
        pytest.param(
            {"provider_problem": Unauthorized("key.")}, Reason.BACKEND_UNAVAILABLE, True, id="wrong key"
        ),
        pytest.param(
            {"registry_problem": Unreachable("no.")}, Reason.CLUSTER_UNAVAILABLE, False, id="no registry"
        ),
        pytest.param(
            {"offer": None, "backend": None}, Reason.PLAN_NOT_FOUND, False, id="nothing says who is paid"
        ),
        pytest.param(
            {"missing_subscription_id": "sub_1", "subscriptions": ()},
            Reason.SUBSCRIPTION_NOT_FOUND,
            True,
            id="404",
        ),
    ],
)
def test_deletion_waits_for_what_cannot_be_read_and_names_the_way_out(
    changes: Any, reason: Reason, stalled: bool
) -> None:
    farewell = deletion.decide(a_going_world(**changes))
    assert farewell.actions == ()
    assert farewell.finding is not None
    assert (farewell.finding.reason, farewell.finding.stalled) == (reason, stalled)
    assert "deletionPolicy: Orphan" in farewell.finding.message


def test_deletion_needs_no_plan_to_be_asked_for() -> None:
    farewell = deletion.decide(a_going_world(offer=None))
    assert [type(each) for each in farewell.actions] == [CancelSubscription, UpdateTenant]


def test_one_404_of_the_tenant_lets_nothing_go() -> None:
    cancelled = a_going_world(
        tenant=None, tenant_missing=True, subscriptions=(a_subscription("canceled", ended_at=NOW),)
    )
    assert deletion.decide(cancelled).actions == ()
    assert deletion.decide(replace(cancelled, tenant_missing=False, tenant_gone=True)).actions == (
        RemoveFinalizer(),
    )


@pytest.mark.parametrize(
    ("state", "description"),
    [
        pytest.param(TenantState.SUSPENDED, "abuse", id="suspended by somebody else"),
        pytest.param(TenantState.REJECTED, "", id="rejected"),
        pytest.param(TenantState.REQUESTED, "", id="requested"),
        pytest.param(TenantState.SUSPENDED, Description.UNPAID, id="suspended by us"),
    ],
)
def test_a_tenant_without_access_is_left_as_it_is(state: TenantState, description: str) -> None:
    done, _ = ended(a_going_world(tenant=a_tenant(state, description)))
    assert kinds(done) == ["CancelSubscription", "RemoveFinalizer"]


def test_a_tenant_of_another_is_left_alone() -> None:
    done, _ = ended(a_going_world(tenant=a_foreign_tenant()))
    assert kinds(done) == ["CancelSubscription", "RemoveFinalizer"]


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param(
            {"managed-by": "tenant-billing-operator", "tenant-subscription": "default/elsewhere/acme"},
            id="claimed by an object that was lost, or let go",
        ),
        pytest.param({}, id="nobody's"),
    ],
)
def test_whoever_was_refused_a_tenant_does_not_end_what_it_is_paid_by(attributes: dict[str, str]) -> None:
    world = a_going_world(status={}, tenant=a_foreign_tenant(attributes=attributes))
    assert world.subscriptions, "found by its marks"
    assert kinds(deletion.decide(world).actions) == ["RemoveFinalizer"]


@pytest.mark.parametrize(
    ("status", "ends"), [({}, False), (MADE, True)], ids=["never admitted", "admitted before"]
)
def test_a_namespace_that_no_plan_admits_ends_only_what_it_has_on_record(status: Any, ends: bool) -> None:
    world = with_plan(a_going_world(status=status, tenant=None), allowedNamespaces={"from": "None"})
    assert kinds(deletion.decide(world).actions) == (["CancelSubscription"] if ends else ["RemoveFinalizer"])


def test_an_untrusted_author_who_asks_to_adopt_a_tenant_does_not_end_it() -> None:
    resource = a_going_world(status={}).resource
    tenant = resource.spec.tenant.model_copy(update={"adoption_policy": AdoptionPolicy.IF_UNMANAGED})
    adopting = resource.model_copy(update={"spec": resource.spec.model_copy(update={"tenant": tenant})})
    world = a_world(adopting, tenant=a_foreign_tenant())
    assert kinds(deletion.decide(world).actions) == ["RemoveFinalizer"]


def test_a_subscription_that_pays_for_another_object_s_tenant_is_not_ended() -> None:
    other = a_tenant_subscription(
        metadata={"name": "older", "uid": "u-older", "creationTimestamp": NOW - timedelta(days=999)}
    )
    assert kinds(deletion.decide(a_going_world(claimants=(other,))).actions) == ["RemoveFinalizer"]


def test_nothing_is_ended_while_it_is_not_sure_who_pays() -> None:
    several = deletion.decide(a_going_world(status={}, rivals=("sub_2",)))
    assert (several.actions, several.finding and several.finding.reason) == (
        (),
        Reason.DUPLICATE_SUBSCRIPTION,
    )
    unknown = a_going_world(status={}, customer=None, subscriptions=(), missing_customer_id="cus_1")
    lost = deletion.decide(unknown)
    assert (lost.actions, lost.finding and lost.finding.reason) == ((), Reason.CUSTOMER_MISMATCH)


def test_an_unpaid_first_invoice_is_cancelled_without_the_brake() -> None:
    world = a_going_world(subscriptions=(a_subscription("incomplete"),), tenant=None)
    assert deletion.decide(world).actions[0] == CancelSubscription("sub_1", Disruption.NONE)


def test_an_intent_is_looked_after_before_the_object_goes() -> None:
    resource = a_going_world(status={"pendingOperation": INTENT}).resource
    world = an_unborn_world(resource)
    assert deletion.decide(world).actions == (LookAgain(),)
    found = replace(world, looked=True, customer=a_customer(), subscriptions=(a_subscription("incomplete"),))
    assert kinds(ended(found)[0]) == ["CancelSubscription", "RemoveFinalizer"]


def test_the_brake_holds_a_deletion_back() -> None:
    farewell = deletion.decide(a_going_world(held=True))
    assert farewell.actions == ()
    assert farewell.finding is not None
    assert farewell.finding.reason is Reason.BRAKE_ENGAGED


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({"deletionPolicy": "CancelAndDeleteTenant"}, id="deleting a tenant"),
        pytest.param(
            {"customer": {"id": "cus_1"}}, id="ending the subscription of a customer that was only named"
        ),
        pytest.param({"subscriptionID": "sub_1"}, id="ending a subscription that was only named"),
    ],
)
def test_an_untrusted_author_ends_nothing_that_is_borrowed(spec: Any) -> None:
    resource = a_tenant_subscription(metadata={"deletionTimestamp": NOW}, status=MADE, **spec)
    farewell = deletion.decide(a_world(resource))
    assert farewell.actions == ()
    assert farewell.finding is not None
    assert farewell.finding.reason is Reason.NOT_ALLOWED
    trusted = a_world(resource, backend=a_backend(trusts=TRUSTING), cluster=a_cluster(trusts=TRUSTING))
    assert kinds(deletion.decide(trusted).actions)[0] == "CancelSubscription"


def test_an_untrusted_author_s_object_goes_where_nothing_was_ever_made_for_it() -> None:
    borrowing: dict[str, Any] = {"customer": {"id": "cus_1"}, "deletionPolicy": "CancelAndDeleteTenant"}
    resource = a_tenant_subscription(metadata={"deletionTimestamp": NOW}, **borrowing)
    foreign = a_world(resource, tenant=a_tenant(attributes={"region": "eu"}))
    assert kinds(deletion.decide(foreign).actions) == ["RemoveFinalizer"]


def test_what_the_outside_refuses_to_end_is_told_with_the_way_out() -> None:
    finding = deletion.refused(Refusal(Reason.INVALID_TENANT, "No.", by_registry=True))
    assert finding.reason is Reason.INVALID_TENANT
    assert finding.message.startswith("No.")
    assert "Orphan" in finding.message


def test_deleting_a_settled_object_knows_what_was_made() -> None:
    settled = with_status(a_world())
    assert kinds(deletion.decide(settled).actions) == ["CancelSubscription", "UpdateTenant"]
    assert DeleteTenant not in map(type, deletion.decide(settled).actions)

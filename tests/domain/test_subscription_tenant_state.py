"""The state of a tenant: whom it follows, whose doing is undone, what the brake holds."""

from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    DAY,
    REFERENCE,
    a_cluster,
    a_foreign_tenant,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    all_limits,
    an_item,
    overdue_for,
    told,
)
from subscription_outside import Outside
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.actions import Disruption, UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.errors import Unreachable
from tenant_billing.domain.observations import Tenant
from tenant_billing.domain.requests import TenantChange
from tenant_billing.domain.state_descriptions import Description
from tenant_billing.domain.world import Refusal, World


def the_update(world: World) -> UpdateTenant:
    (action,) = decide(world).actions
    assert isinstance(action, UpdateTenant)
    return action


@pytest.mark.parametrize(
    ("subscription", "tenant", "state", "description", "disruption"),
    [
        pytest.param(
            a_subscription("unpaid"),
            a_tenant(),
            TenantState.SUSPENDED,
            Description.UNPAID,
            Disruption.SUSPEND,
            id="an approved one is suspended, past the brake",
        ),
        pytest.param(
            overdue_for(22 * DAY),
            a_tenant(TenantState.FLAGGED, Description.FLAGGED),
            TenantState.SUSPENDED,
            Description.PAST_DUE,
            Disruption.SUSPEND,
            id="a flagged one is suspended, past the brake",
        ),
        pytest.param(
            overdue_for(DAY),
            a_tenant(),
            TenantState.FLAGGED,
            Description.FLAGGED,
            Disruption.NONE,
            id="a flag takes nothing away",
        ),
        pytest.param(
            overdue_for(DAY),
            a_tenant(TenantState.SUSPENDED, Description.UNPAID),
            TenantState.FLAGGED,
            Description.FLAGGED,
            Disruption.NONE,
            id="partly paid: from suspended back to flagged",
        ),
        pytest.param(
            a_subscription(),
            a_tenant(TenantState.SUSPENDED, Description.PAST_DUE),
            TenantState.APPROVED,
            "",
            Disruption.NONE,
            id="paid again: approved again",
        ),
        pytest.param(
            a_subscription(),
            a_tenant(TenantState.FLAGGED, Description.FLAGGED),
            TenantState.APPROVED,
            "",
            Disruption.NONE,
            id="paid again: the flag is lifted",
        ),
        pytest.param(
            a_subscription(),
            a_tenant(TenantState.SUSPENDED, "", attributes={}),
            TenantState.APPROVED,
            "",
            Disruption.NONE,
            id="what the Tenant Billing Server suspended without a word is lifted",
        ),
        pytest.param(
            a_subscription("canceled"),
            a_tenant(TenantState.SUSPENDED, Description.UNPAID),
            TenantState.SUSPENDED,
            Description.ENDED,
            Disruption.NONE,
            id="another reason of ours is told; nothing more is taken away",
        ),
    ],
)
def test_the_state_follows_the_rule_of_access(
    subscription: Any, tenant: Tenant, state: TenantState, description: str, disruption: Disruption
) -> None:
    action = the_update(a_world(subscriptions=(subscription,), tenant=tenant))
    assert (action.change.state, action.change.state_description) == (state, description)
    assert action.disruption is disruption


@pytest.mark.parametrize(
    ("subscription", "tenant"),
    [
        pytest.param(
            a_subscription("incomplete"), a_tenant(TenantState.SUSPENDED, Description.ENDED), id="kept"
        ),
        pytest.param(a_subscription("frozen_by_regulator"), a_tenant(), id="unknown status: kept"),
        pytest.param(
            a_subscription("unpaid"), a_tenant(TenantState.SUSPENDED, "abuse"), id="suspended already"
        ),
        pytest.param(
            a_subscription("unpaid"), a_tenant(TenantState.REJECTED), id="rejected: no access anyway"
        ),
        pytest.param(
            a_subscription("unpaid"), a_tenant(TenantState.REQUESTED), id="requested: no access anyway"
        ),
        pytest.param(overdue_for(DAY), a_tenant(TenantState.FLAGGED, "under review"), id="flagged already"),
        pytest.param(
            a_subscription(), a_tenant(TenantState.FLAGGED, "under review"), id="somebody else's flag"
        ),
        pytest.param(
            a_subscription("unpaid"),
            a_foreign_tenant(state=TenantState.SUSPENDED, billing=REFERENCE),
            id="the Tenant Billing Server suspended it: taking over writes nothing",
        ),
    ],
)
def test_the_state_stays(subscription: Any, tenant: Tenant) -> None:
    assert decide(a_world(subscriptions=(subscription,), tenant=tenant)).actions == ()


@pytest.mark.parametrize(
    "tenant",
    [
        pytest.param(a_tenant(TenantState.SUSPENDED, "abuse"), id="an abuse suspension"),
        pytest.param(a_tenant(TenantState.SUSPENDED, ""), id="a silent suspension after we wrote the tenant"),
        pytest.param(a_tenant(TenantState.REJECTED), id="a rejection"),
        pytest.param(a_tenant(TenantState.REQUESTED), id="a request"),
    ],
)
@pytest.mark.parametrize("policy", ["FollowBilling", "KeepActive"])
def test_what_somebody_else_took_away_stays_and_is_told(tenant: Tenant, policy: str) -> None:
    world = a_world(
        a_tenant_subscription(accessPolicy=policy), tenant=tenant, cluster=a_cluster(trusts={"from": "All"})
    )
    assert decide(world).actions == ()
    assert told(world).reason == Reason.SUSPENDED_BY_OTHER
    assert "billing goes on" in told(world).message


def test_an_administrator_s_suspension_says_so_even_where_the_payments_suspended_before() -> None:
    world = a_world(
        a_tenant_subscription(accessPolicy="Suspend"),
        subscriptions=(a_subscription("unpaid"),),
        tenant=a_tenant(TenantState.SUSPENDED, Description.UNPAID),
    )
    assert the_update(world).change.state_description == Description.ADMINISTRATOR
    done = replace(world, tenant=a_tenant(TenantState.SUSPENDED, Description.ADMINISTRATOR))
    assert decide(done).actions == ()
    assert (told(done).status, told(done).reason) == ("True", "Suspended")
    assert "billing goes on" in told(done).message


ON_A_PRICE_OF_NOBODY = a_subscription(items=(an_item("price_of_nobody"),))


@pytest.mark.parametrize(
    ("policy", "tenant", "state"),
    [
        pytest.param("Suspend", a_tenant(), TenantState.SUSPENDED, id="an administrator suspends"),
        pytest.param(
            "KeepActive",
            a_tenant(TenantState.SUSPENDED, Description.PAST_DUE),
            TenantState.APPROVED,
            id="an administrator lets in",
        ),
    ],
)
def test_an_administrator_s_word_counts_although_the_plan_in_force_is_not_known(
    policy: str, tenant: Tenant, state: TenantState
) -> None:
    world = a_world(
        a_tenant_subscription(accessPolicy=policy),
        subscriptions=(ON_A_PRICE_OF_NOBODY,),
        tenant=tenant,
        cluster=a_cluster(trusts={"from": "All"}),
    )
    assert the_update(world).change.state is state
    assert told(world).reason == Reason.UNMANAGED_PRICE
    followed = replace(world, resource=a_tenant_subscription())
    assert decide(followed).actions == (), "without a word the tenant is kept as it is"


def test_a_plan_that_is_not_there_buys_nothing_and_the_one_in_force_is_followed() -> None:
    unpaid = a_world(offer=None, subscriptions=(a_subscription("unpaid"),))
    assert the_update(unpaid).change.state is TenantState.SUSPENDED
    unborn = replace(unpaid, subscriptions=(a_subscription(),), tenant=None)
    assert decide(unborn).actions == (), "the template of its plan is not there"
    unclaimed = replace(unpaid, tenant=a_foreign_tenant(billing=REFERENCE))
    assert decide(unclaimed).actions == (), "a tenant is not taken meanwhile"
    nobody_paid = replace(unpaid, subscriptions=())
    assert decide(nobody_paid).actions == ()
    unread = replace(unpaid, provider_problem=Unreachable("No answer."))
    assert decide(unread).actions == ()
    assert told(unpaid).reason == told(unread).reason == Reason.PLAN_NOT_FOUND


def test_no_tenant_is_made_for_an_administrator_who_suspends_and_the_object_says_why() -> None:
    world = a_world(a_tenant_subscription(accessPolicy="Suspend"), tenant=None)
    assert decide(world).actions == ()
    assert (told(world).status, told(world).reason) == ("True", "Suspended")
    synced = told(world, ConditionType.TENANT_SYNCED)
    assert (synced.status, synced.reason) == ("False", "Pending")
    assert "accessPolicy" in synced.message


def test_a_silent_suspension_of_the_other_server_can_be_lifted_after_our_attributes_were_written() -> None:
    """The attributes mark the tenant as ours, and silence is not ours: the words are written with them."""
    outside = Outside()
    world = a_world(
        subscriptions=(a_subscription("unpaid"),),
        tenant=a_foreign_tenant(
            state=TenantState.SUSPENDED, billing=REFERENCE, limits=all_limits(end_devices=1)
        ),
    )
    assert the_update(world).disruption is Disruption.NONE
    marked = outside.settle(world, lambda each: decide(each).actions)
    paid = replace(marked, subscriptions=(a_subscription(),))
    approved = outside.settle(paid, lambda each: decide(each).actions)
    assert approved.tenant is not None
    assert approved.tenant.state is TenantState.APPROVED


def test_the_brake_holds_back_what_takes_access_away() -> None:
    world = a_world(subscriptions=(a_subscription("unpaid"),), held=True)
    assert decide(world).actions == ()
    assert told(world).reason == Reason.BRAKE_ENGAGED
    assert told(world, ConditionType.TENANT_SYNCED).reason == Reason.BRAKE_ENGAGED


def test_the_brake_lets_an_approval_pass() -> None:
    tenant = a_tenant(TenantState.SUSPENDED, Description.UNPAID)
    assert the_update(a_world(tenant=tenant, held=True)).change.state is TenantState.APPROVED


def test_a_payer_is_let_in_again_whatever_else_of_the_tenant_is_refused() -> None:
    """The state goes alone, once more in each pass, unless the state itself was refused."""
    refusal = Refusal(
        Reason.INVALID_TENANT, "The Things Stack refuses the tenant: description", by_registry=True
    )
    suspended = a_tenant(TenantState.SUSPENDED, Description.PAST_DUE)
    paid = a_world(refusal=refusal, tenant=suspended)
    (update,) = decide(paid).actions
    assert isinstance(update, UpdateTenant)
    assert update.change == TenantChange(state=TenantState.APPROVED)
    refused_too = replace(refusal, of_state=True)
    assert decide(replace(paid, refusal=refused_too)).actions == ()


def test_what_the_brake_holds_back_is_the_suspension_alone() -> None:
    """Limits and labels are written all the same."""
    tenant = a_tenant(limits={**a_tenant().limits, "gateways": 99})
    unpaid = a_world(subscriptions=(a_subscription("unpaid"),), tenant=tenant, held=True)
    (update,) = decide(unpaid).actions
    assert isinstance(update, UpdateTenant)
    assert update.change.state is None
    assert update.change.limits == {"gateways": 10}
    assert update.disruption is Disruption.NONE

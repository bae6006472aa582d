from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscription_builders import (
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    overdue_for,
    told,
)
from subscription_outside import Outside
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain import deletion
from tenant_billing.domain.actions import UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.observations import Subscription, Tenant
from tenant_billing.domain.state_descriptions import LONGEST, Description, keeping, kept_flag, own_words

SHORT = st.text(min_size=1, max_size=70)
WATCHED = a_tenant(TenantState.FLAGGED, "abuse watch")
"""Flagged by somebody else."""


def after(subscription: Subscription, tenant: Tenant) -> Tenant:
    """The tenant once the operator has done what the subscription asks for."""
    world = Outside().settle(
        a_world(subscriptions=(subscription,), tenant=tenant), lambda each: decide(each).actions
    )
    assert world.tenant is not None
    return world.tenant


@given(st.sampled_from(Description), SHORT)
def test_the_words_of_a_flag_are_read_back_as_they_were(own: Description, flag: str) -> None:
    text = keeping(own, flag)
    assert (own_words(text), kept_flag(text, own)) == (own, flag)
    assert len(text) <= LONGEST


@given(st.sampled_from(Description), st.text(max_size=128))
def test_whatever_is_kept_fits_and_is_known_again(own: Description, flag: str) -> None:
    text = keeping(own, flag)
    assert len(text) <= LONGEST
    assert own_words(text) is own
    kept = kept_flag(text, own)
    assert kept is not None
    assert flag.startswith(kept.removesuffix("…"))


@pytest.mark.parametrize(
    "text", ["", "abuse", "Billing: subscription unpaid!", "Billing: ", "Billing: subscription unpaid; other"]
)
def test_other_words_are_not_ours(text: str) -> None:
    assert own_words(text) is None


@pytest.mark.parametrize("status", ["unpaid", "paused", "canceled"])
@pytest.mark.parametrize(
    "flagged",
    [
        pytest.param(WATCHED, id="with a description"),
        pytest.param(a_tenant(TenantState.FLAGGED), id="without one, on a tenant that we have written"),
    ],
)
def test_a_flag_of_somebody_else_outlives_a_suspension_of_ours(status: str, flagged: Tenant) -> None:
    suspended = after(a_subscription(status), flagged)
    assert suspended.state is TenantState.SUSPENDED
    assert suspended.state_description.startswith("Billing: ")
    restored = after(a_subscription(), suspended)
    assert (restored.state, restored.state_description) == (flagged.state, flagged.state_description)


def test_another_reason_for_the_suspension_keeps_the_flag_too() -> None:
    unpaid = after(a_subscription("unpaid"), WATCHED)
    paused = after(a_subscription("paused"), unpaid)
    assert paused.state_description == "Billing: subscription paused; flagged: abuse watch"
    assert after(a_subscription("paused"), paused) == paused


def test_past_due_again_after_a_suspension_it_is_their_flag_that_stands() -> None:
    suspended = after(a_subscription("unpaid"), WATCHED)
    late = overdue_for(a_world().now - a_world().now)
    assert after(late, suspended).state_description == "abuse watch"


def test_a_flag_of_somebody_else_is_not_lifted_by_a_payment() -> None:
    assert after(a_subscription(), WATCHED) == WATCHED
    assert told(a_world(tenant=WATCHED)).reason == Reason.PROVISIONED


def test_deletion_keeps_the_flag_for_whoever_comes_back() -> None:
    resource = a_tenant_subscription(metadata={"deletionTimestamp": a_world().now})
    world = replace(a_world(resource, subscriptions=()), tenant=WATCHED)
    (suspension,) = deletion.decide(world).actions
    assert isinstance(suspension, UpdateTenant)
    assert suspension.change.state_description == "Billing: subscription ended; flagged: abuse watch"

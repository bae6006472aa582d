"""What must hold in any world, however unlikely."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from subscription_builders import (
    a_customer,
    a_foreign_tenant,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    an_item,
    with_status,
)
from subscription_outside import Outside
from subscription_worlds import PASSWORD, subscriptions, worlds
from tenant_billing.api.condition_table import CONDITION_REASONS
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import TenantAttribute
from tenant_billing.api.tenant_subscription import AccessPolicy, TenantState
from tenant_billing.domain import deletion
from tenant_billing.domain.access import IN_GOOD_STANDING, KNOWN
from tenant_billing.domain.actions import (
    Action,
    CancelSubscription,
    ChangeItem,
    CreateCustomer,
    CreateSubscription,
    CreateTenant,
    DeleteTenant,
    Disruption,
    LookAgain,
    StoreIntent,
    UpdateTenant,
    disruption_of,
)
from tenant_billing.domain.counting import choose, has_ended
from tenant_billing.domain.decision import decide
from tenant_billing.domain.observations import BillingReference, Tenant
from tenant_billing.domain.report import status_of
from tenant_billing.domain.world import World

ANYHOW = settings(max_examples=60, deadline=None)
OUTSIDES = st.builds(
    Outside, first_status=st.sampled_from(("incomplete", "active")), upgrades_are_paid=st.booleans()
)


def actions_in(world: World) -> Sequence[Action]:
    return decide(world).actions


def farewell_in(world: World) -> Sequence[Action]:
    return deletion.decide(world).actions


def takes_access_away(actions: Sequence[Action]) -> bool:
    return any(disruption_of(each) is not Disruption.NONE for each in actions)


@ANYHOW
@given(world=worlds(), outside=OUTSIDES)
def test_deciding_and_doing_comes_to_rest_and_stays_there(world: World, outside: Outside) -> None:
    settled = outside.settle(world, actions_in)
    event(f"steps: {len(outside.done)}")
    written = with_status(settled)
    assert decide(written).actions == ()
    assert status_of(written, decide(written)) == written.resource.status


@ANYHOW
@given(world=worlds(), outside=OUTSIDES)
def test_saying_goodbye_comes_to_rest(world: World, outside: Outside) -> None:
    def ending(world: World) -> Sequence[Action]:
        return farewell_in(world) if world.resource.metadata.finalizers else ()

    outside.settle(world, ending)


@ANYHOW
@given(world=worlds())
def test_the_same_world_gives_the_same_verdict(world: World) -> None:
    assert decide(world) == decide(world)
    assert deletion.decide(world) == deletion.decide(world)


@ANYHOW
@given(world=worlds())
def test_what_cannot_be_read_takes_no_access_away(world: World) -> None:
    counting = choose(world.subscriptions).counting
    unreadable = world.provider_problem is not None or world.registry_problem is not None
    lost = world.missing_subscription_id is not None and not any(
        each.status in IN_GOOD_STANDING | {"past_due"} for each in world.subscriptions
    )
    strange = counting is not None and counting.status not in KNOWN
    assume(unreadable or lost or strange)
    told_to = world.resource.spec.access_policy is AccessPolicy.SUSPEND and not (unreadable or lost)
    assert told_to or not takes_access_away(decide(world).actions)
    if unreadable or lost:
        assert deletion.lets_go(world) or not takes_access_away(deletion.decide(world).actions)


@ANYHOW
@given(world=worlds(), outside=OUTSIDES)
def test_nothing_is_created_before_its_intent_was_stored_and_the_account_searched_again(
    world: World, outside: Outside
) -> None:
    outside.settle(world, actions_in)
    stored = looked = False
    for action in outside.done:
        match action:
            case StoreIntent():
                stored, looked = True, False
            case LookAgain():
                looked = True
            case CreateCustomer() | CreateSubscription() | CreateTenant():
                assert stored
                assert looked


@ANYHOW
@given(world=worlds(), outside=OUTSIDES)
def test_at_most_one_subscription_is_made_and_only_where_none_is_live(world: World, outside: Outside) -> None:
    outside.settle(world, actions_in)
    made = [each for each in outside.done if isinstance(each, CreateSubscription)]
    assert len(made) <= 1
    assert not made or all(has_ended(each) for each in world.subscriptions)


@ANYHOW
@given(world=worlds(), outside=OUTSIDES)
def test_a_tenant_had_a_trial_once_at_most(world: World, outside: Outside) -> None:
    outside.settle(world, actions_in)
    had_one = any(each.trial_start is not None for each in world.subscriptions)
    made = [each.request.trial_days for each in outside.done if isinstance(each, CreateSubscription)]
    assert not had_one or all(days is None for days in made)


OTHERS = (
    a_foreign_tenant(attributes={TenantAttribute.MANAGED_BY: "somebody"}),
    a_foreign_tenant(billed_by_other=True),
    a_foreign_tenant(billing=BillingReference("cus_other", "price_starter", "sub_other", "si_other")),
    a_foreign_tenant(attributes={TenantAttribute.STRIPE_CUSTOMER_ID: "cus_other"}),
    a_foreign_tenant(attributes={TenantAttribute.TENANT_SUBSCRIPTION: "other/tenants/acme"}),
    a_foreign_tenant(attributes={TenantAttribute.TENANT_SUBSCRIPTION: "no claim of ours"}),
)
"""Not to be taken over, whatever is trusted and whatever the object asks."""


@ANYHOW
@given(world=worlds(), others=st.sampled_from(OTHERS), outside=OUTSIDES)
def test_a_tenant_of_somebody_else_is_never_written(world: World, others: Tenant, outside: Outside) -> None:
    world = replace(world, tenant=others, tenant_gone=False, tenant_missing=False)
    outside.settle(world, actions_in)
    outside.settle(world, lambda each: farewell_in(each) if each.resource.metadata.finalizers else ())
    assert not [each for each in outside.done if isinstance(each, UpdateTenant | DeleteTenant | CreateTenant)]


TAKEN_AWAY = (
    a_tenant(TenantState.SUSPENDED, "abuse"),
    a_tenant(TenantState.SUSPENDED, ""),
    a_tenant(TenantState.SUSPENDED, "abuse", attributes={}),
    a_tenant(TenantState.REJECTED, ""),
    a_tenant(TenantState.REQUESTED, "", attributes={}),
)
"""By somebody else in The Things Stack."""


def as_payer(world: World) -> World:
    """The same, with a subscription in good standing."""
    payer = a_subscription("active", id="sub_9", items=(an_item(),))
    return replace(world, customer=a_customer(), subscriptions=(*world.subscriptions, payer))


@ANYHOW
@given(world=worlds().map(as_payer), outside=OUTSIDES)
def test_a_payer_is_never_suspended(world: World, outside: Outside) -> None:
    assume(world.resource.spec.access_policy is not AccessPolicy.SUSPEND)
    assume(not choose(world.subscriptions).counting.collection_paused)  # type: ignore[union-attr]  # there is one
    settled = outside.settle(world, actions_in)
    assert not any(takes_access_away((each,)) for each in outside.done)
    before = world.tenant.state if world.tenant else None
    after = settled.tenant.state if settled.tenant else None
    assert after is not TenantState.SUSPENDED or before is TenantState.SUSPENDED


@ANYHOW
@given(world=worlds(), tenant=st.sampled_from(TAKEN_AWAY), outside=OUTSIDES)
def test_what_somebody_else_suspended_rejected_or_requested_is_never_approved(
    world: World, tenant: Tenant, outside: Outside
) -> None:
    world = replace(world, tenant=tenant, tenant_gone=False, tenant_missing=False)
    settled = outside.settle(world, actions_in)
    assert settled.tenant is not None
    assert (settled.tenant.state, settled.tenant.state_description) == (
        tenant.state,
        tenant.state_description,
    )


@ANYHOW
@given(world=worlds(), outside=OUTSIDES)
def test_a_password_is_never_printed_stored_or_told(world: World, outside: Outside) -> None:
    settled = outside.settle(world, actions_in)
    status = status_of(settled, decide(settled))
    assert PASSWORD not in repr((world, outside.done, decide(world), status))
    assert PASSWORD not in str(status.to_kubernetes())


@ANYHOW
@given(world=worlds())
def test_every_reason_stands_where_the_table_of_reasons_has_it(world: World) -> None:
    table = CONDITION_REASONS["TenantSubscription"]
    for condition in status_of(world, decide(world)).conditions:
        assert condition.reason in table[ConditionType(condition.type)], condition
        assert condition.observed_generation == world.resource.metadata.generation


@ANYHOW
@given(world=worlds())
def test_messages_hold_no_time_so_that_they_stay_the_same(world: World) -> None:
    later = replace(world, now=world.now.replace(microsecond=1))
    assume(decide(later).standing == decide(world).standing)
    messages = [each.message for each in status_of(world, decide(world)).conditions]
    assert messages == [each.message for each in status_of(later, decide(later)).conditions]
    assert not any("2026" in message for message in messages)


@ANYHOW
@given(world=worlds())
def test_a_tenant_without_access_gets_it_only_by_somebody_who_pays(world: World) -> None:
    gives = any(
        isinstance(each, CreateTenant)
        or (isinstance(each, UpdateTenant) and each.change.state is TenantState.APPROVED)
        for each in decide(world).actions
    )
    counting = choose(world.subscriptions).counting
    kept = world.resource.spec.access_policy is AccessPolicy.KEEP_ACTIVE
    assert not gives or kept or (counting is not None and counting.status in IN_GOOD_STANDING | {"past_due"})


@ANYHOW
@given(world=worlds())
def test_other_items_and_quantities_are_never_touched(world: World) -> None:
    for action in decide(world).actions:
        if isinstance(action, ChangeItem):
            (subscription,) = (
                each for each in world.subscriptions if each.id == action.change.subscription_id
            )
            (item,) = (each for each in subscription.items if each.id == action.change.item_id)
            assert action.change.quantity == item.quantity
            assert world.offer_of_price(item.price_id) is not None
            assert subscription.schedule_id is None


@ANYHOW
@given(world=worlds())
def test_nothing_is_cancelled_while_the_object_lives(world: World) -> None:
    assert not [each for each in decide(world).actions if isinstance(each, CancelSubscription | DeleteTenant)]


@ANYHOW
@given(
    candidates=st.lists(st.sampled_from(("sub_1", "sub_2", "sub_3")), unique=True).flatmap(
        lambda ids: st.tuples(*(subscriptions(each) for each in ids))
    )
)
def test_the_order_in_which_subscriptions_are_listed_does_not_matter(candidates: tuple[object, ...]) -> None:
    forwards, backwards = choose(candidates), choose(reversed(candidates))  # type: ignore[arg-type]  # tuples of any length
    assert forwards == backwards


def test_a_world_in_good_order_is_left_alone() -> None:
    assert decide(with_status(a_world(a_tenant_subscription()))).actions == ()

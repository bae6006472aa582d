"""Collection and discounts that are edited after the subscription was made; renewal is with the plan's changes."""

from typing import Any

import pytest

from subscription_builders import (
    KEY,
    TRUSTING,
    a_backend,
    a_subscription,
    a_tenant_subscription,
    a_world,
    an_item,
    an_unborn_world,
    told,
)
from subscription_outside import Outside
from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.actions import ChangeSubscription, CreateSubscription
from tenant_billing.domain.decision import decide
from tenant_billing.domain.observations import Discount, Subscription
from tenant_billing.domain.requests import CollectionChange, DiscountsChange, SubscriptionChange
from tenant_billing.domain.world import World

TRUSTED = a_backend(trusts=TRUSTING)
INVOICED: dict[str, Any] = {"collection": {"method": "Invoice", "daysUntilDue": 14}}
A, B = ({"couponID": each} for each in ("A", "B"))


def a_trusted_world(subscription: Subscription | None = None, **spec: Any) -> World:
    return a_world(
        a_tenant_subscription(**spec), subscriptions=(subscription or a_subscription(),), backend=TRUSTED
    )


def edited(world: World, **spec: Any) -> World:
    """The object with another spec, over what has come of the former one."""
    return a_trusted_world(world.subscriptions[0], **spec)


def writes(world: World) -> list[SubscriptionChange]:
    return [each.change for each in decide(world).actions if isinstance(each, ChangeSubscription)]


def settled(world: World) -> World:
    after = Outside().settle(world, lambda each: decide(each).actions)
    assert decide(after).actions == ()
    return after


def coupons(world: World) -> list[str | None]:
    return [each.coupon_id for each in world.subscriptions[0].discounts]


# ------------------------------------------------------------------ collection


def invoiced(**changes: Any) -> Subscription:
    """A subscription of which invoices are sent because the object said so."""
    marks = KEY.metadata("starter") | {StripeMetadata.COLLECTION: "Invoice"}
    plain: dict[str, Any] = {"collection_method": "send_invoice", "days_until_due": 14, "metadata": marks}
    return a_subscription(**(plain | changes))


@pytest.mark.parametrize(
    ("spec", "subscription", "wanted"),
    [
        pytest.param(INVOICED, a_subscription(), CollectionChange(14), id="invoices from now on"),
        pytest.param(INVOICED, invoiced(), None, id="as it is"),
        pytest.param(INVOICED, invoiced(days_until_due=30), CollectionChange(14), id="other days"),
        pytest.param({}, invoiced(), CollectionChange(None), id="charges from now on"),
        pytest.param({}, a_subscription(), None, id="charges as ever"),
        pytest.param(
            {}, invoiced(metadata=KEY.metadata("starter")), None, id="somebody else sends invoices: stays"
        ),
    ],
)
def test_collection_follows_the_spec(
    spec: Any, subscription: Subscription, wanted: CollectionChange | None
) -> None:
    world = a_trusted_world(subscription, **spec)
    assert [each.collection for each in writes(world)] == ([] if wanted is None else [wanted])
    settled(world)


def test_a_taken_over_subscription_with_invoices_is_marked_so_that_they_can_be_ended() -> None:
    world = settled(a_trusted_world(invoiced(metadata={}), **INVOICED))
    world = settled(edited(world))
    assert world.subscriptions[0].collection_method == "charge_automatically"


def test_a_mark_that_is_left_over_goes() -> None:
    world = settled(a_trusted_world(invoiced(collection_method="charge_automatically")))
    assert StripeMetadata.COLLECTION not in world.subscriptions[0].metadata


# ------------------------------------------------------------------ discounts


def test_discounts_are_applied_kept_and_taken_off_as_the_list_says() -> None:
    world = settled(a_trusted_world(discounts=[A]))
    assert coupons(world) == ["A"]
    world = settled(edited(world, discounts=[A, B]))
    assert coupons(world) == ["A", "B"]
    world = settled(edited(world, discounts=[B]))
    assert coupons(world) == ["B"]
    world = settled(edited(world))
    assert coupons(world) == []
    assert StripeMetadata.DISCOUNTS not in world.subscriptions[0].metadata


def test_a_discount_of_somebody_else_s_stays() -> None:
    theirs = Discount("di_theirs", "LOYAL")
    world = settled(a_trusted_world(a_subscription(discounts=(theirs,)), discounts=[A]))
    assert coupons(world) == ["LOYAL", "A"]
    assert coupons(settled(edited(world))) == ["LOYAL"]


def test_a_discount_that_is_there_already_is_not_given_twice() -> None:
    there = a_subscription(discounts=(Discount("di_1", "A"),))
    (change,) = writes(a_trusted_world(there, discounts=[A]))
    assert change.discounts == DiscountsChange(("di_1",), ())


def test_a_coupon_that_was_used_up_is_not_applied_again() -> None:
    world = settled(a_trusted_world(discounts=[A]))
    (subscription,) = world.subscriptions
    used_up = a_subscription(metadata=subscription.metadata)
    assert decide(a_trusted_world(used_up, discounts=[A])).actions == ()


def test_a_discount_whose_coupon_was_not_read_stays() -> None:
    world = settled(a_trusted_world(discounts=[A]))
    unread = a_subscription(metadata=world.subscriptions[0].metadata, discounts=(Discount("di_1"),))
    (change,) = writes(a_trusted_world(unread))
    assert change.discounts == DiscountsChange(("di_1",), ())


def test_what_a_subscription_is_made_with_is_remembered() -> None:
    resource = a_tenant_subscription(discounts=[A, B], **INVOICED)
    outside = Outside()
    outside.settle(an_unborn_world(resource, backend=TRUSTED), lambda each: decide(each).actions)
    (request,) = (each.request for each in outside.done if isinstance(each, CreateSubscription))
    made = invoiced(
        metadata=request.metadata,
        items=(an_item(),),
        discounts=(Discount("di_1", "A"), Discount("di_2", "B")),
    )
    assert decide(a_trusted_world(made, discounts=[A, B], **INVOICED)).actions == ()


def test_twenty_of_the_longest_coupons_fit_into_the_mark() -> None:
    many = [{"couponID": f"{number}{'x' * 253}"} for number in range(20)]
    (change,) = writes(a_trusted_world(discounts=many))
    assert all(len(value) <= 500 for value in change.metadata.values())


# ------------------------------------------------------------------ who may


@pytest.mark.parametrize("spec", [INVOICED, {"discounts": [A]}], ids=["collection", "discounts"])
def test_an_author_who_is_not_trusted_changes_neither(spec: Any) -> None:
    world = a_world(a_tenant_subscription(**spec))
    assert decide(world).actions == ()
    assert told(world).reason == Reason.NOT_ALLOWED


@pytest.mark.parametrize(
    "subscription",
    [
        pytest.param(invoiced(), id="collection"),
        pytest.param(
            a_subscription(
                metadata=KEY.metadata("starter") | {StripeMetadata.DISCOUNTS: "gone"},
                discounts=(Discount("di_1", "A"),),
            ),
            id="discounts",
        ),
    ],
)
def test_an_author_who_is_not_trusted_any_more_may_give_them_up(subscription: Subscription) -> None:
    assert len(writes(a_world(subscriptions=(subscription,)))) == 1


@pytest.mark.parametrize("status", ["incomplete", "canceled"])
def test_nothing_of_it_is_written_where_stripe_takes_nothing(status: str) -> None:
    subscription = a_subscription(status, metadata=KEY.metadata("starter"))
    assert writes(a_trusted_world(subscription, discounts=[A], **INVOICED)) == []

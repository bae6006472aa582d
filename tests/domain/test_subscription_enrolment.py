from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    CLAIM,
    DAY,
    KEY,
    NOW,
    TRUSTING,
    a_backend,
    a_customer,
    a_subscription,
    a_tenant_subscription,
    a_world,
    an_offer,
    an_unborn_world,
    told,
    with_offers,
    with_plan,
    with_status,
)
from subscription_outside import Outside
from tenant_billing.api.conditions import ConditionType
from tenant_billing.api.names import FINALIZER, Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.actions import (
    AddFinalizer,
    CreateCustomer,
    CreateSubscription,
    LookAgain,
    StoreIntent,
)
from tenant_billing.domain.counting import choose, names_tenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.intents import next_attempt
from tenant_billing.domain.requests import Address
from tenant_billing.domain.world import World


def settled(world: World, **answers: Any) -> Outside:
    outside = Outside(**answers)
    outside.settle(world, lambda each: decide(each).actions)
    return outside


def the_purchase(world: World) -> CreateSubscription:
    (action,) = (each for each in settled(world).done if isinstance(each, CreateSubscription))
    return action


def after_the_intent(world: World) -> World:
    """The world of an operator that was killed right after it had stored the intent."""
    (action,) = decide(world).actions
    return Outside().carry_out(action, world)


def test_the_steps_of_a_purchase() -> None:
    done = settled(an_unborn_world(), first_status="active").done
    assert [type(each).__name__ for each in done] == [
        *("StoreIntent", "LookAgain", "CreateCustomer", "CreateSubscription"),
        *("StoreIntent", "LookAgain", "CreateTenant"),
    ]


def test_the_object_has_its_finalizer_before_anything_is_made() -> None:
    world = an_unborn_world(a_tenant_subscription(metadata={"finalizers": ()}))
    assert decide(world).actions == (AddFinalizer(),)
    assert Outside().carry_out(AddFinalizer(), world).resource.metadata.finalizers == (FINALIZER,)


def test_until_the_first_payment_the_object_awaits_it() -> None:
    outside = Outside(first_status="incomplete")
    world = outside.settle(an_unborn_world(), lambda each: decide(each).actions)
    assert (told(world).status, told(world).reason) == ("False", Reason.AWAITING_PAYMENT)
    assert with_status(world).resource.status.pending_operation is None
    assert not [each for each in outside.done if type(each).__name__ == "CreateTenant"]


def test_customer_and_subscription_carry_their_identity() -> None:
    done = settled(an_unborn_world()).done
    (customer,) = (each for each in done if isinstance(each, CreateCustomer))
    assert customer.request.metadata == KEY.metadata() | CLAIM
    assert the_purchase(an_unborn_world()).request.metadata == KEY.metadata("starter") | CLAIM


def test_the_customer_is_made_as_the_spec_says() -> None:
    details = {
        "email": "billing@acme.example",
        "name": "Acme Ltd",
        "description": "Pilot",
        "address": {"line1": "Main St 1", "postalCode": "1000", "city": "Ghent", "country": "BE"},
        "taxIDs": ({"type": "eu_vat", "value": "BE0123456789"},),
    }
    done = settled(an_unborn_world(a_tenant_subscription(customer={"details": details}))).done
    (request,) = (each.request for each in done if isinstance(each, CreateCustomer))
    assert (request.email, request.name, request.description) == ("billing@acme.example", "Acme Ltd", "Pilot")
    assert request.address == Address(line1="Main St 1", postal_code="1000", city="Ghent", country="BE")
    assert request.tax_ids == (("eu_vat", "BE0123456789"),)


def test_an_existing_customer_is_not_made_again() -> None:
    world = a_world(subscriptions=(), tenant=None)
    assert not [each for each in settled(world).done if isinstance(each, CreateCustomer)]
    assert the_purchase(world).request.customer_id == "cus_1"


def test_the_subscription_is_bought_as_spec_and_plan_say() -> None:
    resource = a_tenant_subscription(
        collection={"method": "Invoice", "daysUntilDue": 14},
        discounts=({"couponID": "PILOT20"},),
        customer={"details": {"email": "billing@acme.example", "address": {"country": "BE"}}},
    )
    world = with_plan(
        an_unborn_world(resource, backend=a_backend(trusts=TRUSTING)), tax={"automatic": "Enabled"}
    )
    request = the_purchase(world).request
    assert (request.price_id, request.days_until_due) == ("price_starter", 14)
    assert (request.coupon_ids, request.automatic_tax) == (("PILOT20",), True)


@pytest.mark.parametrize(
    ("address", "told_where"),
    [
        (None, False),
        ({"city": "Ghent"}, False),
        ({"country": "BE"}, True),
        ({"country": "US"}, False),
        ({"country": "US", "postalCode": "94107"}, True),
        ({"country": "CA"}, False),
        ({"country": "CA", "state": "QC"}, True),
        ({"country": "CA", "postalCode": "H2Y"}, True),
    ],
)
def test_nobody_is_made_a_customer_whose_taxes_stripe_could_not_compute(
    address: dict[str, str] | None, told_where: bool
) -> None:
    """Afterwards the address of the object would not reach Stripe any more, and it refuses the subscription."""
    details = {"email": "billing@acme.example"} | ({"address": address} if address else {})
    resource = a_tenant_subscription(customer={"details": details})
    world = with_plan(an_unborn_world(resource), tax={"automatic": "Enabled"})
    if told_where:
        assert the_purchase(world).request.automatic_tax
    else:
        assert told(world).reason == Reason.BACKEND_UNAVAILABLE
        assert "spec.customer.details.address.country" in told(world).message
        assert not settled(world).done


def test_nobody_is_made_a_customer_to_whom_stripe_could_not_send_the_invoices() -> None:
    resource = a_tenant_subscription(
        collection={"method": "Invoice", "daysUntilDue": 14},
        customer={"details": {"name": "Acme"}},
        tenant={"id": "acme", "initialAdmin": {"email": "ann@acme.example"}},
    )
    world = an_unborn_world(resource, backend=a_backend(trusts=TRUSTING))
    assert told(world).reason == Reason.BACKEND_UNAVAILABLE
    assert "spec.customer.details.email" in told(world).message
    assert not settled(world).done


def test_a_customer_that_exists_has_its_location_in_stripe() -> None:
    world = with_plan(a_world(subscriptions=(), tenant=None), tax={"automatic": "Enabled"})
    assert the_purchase(world).request.automatic_tax


@pytest.mark.parametrize(
    ("policy", "word"), [("CreateInvoice", "create_invoice"), ("Pause", "pause"), ("Cancel", "cancel")]
)
def test_a_trial_ends_as_the_plan_says(policy: str, word: str) -> None:
    world = with_plan(an_unborn_world(), trial={"days": 14, "missingPaymentMethod": policy})
    request = the_purchase(world).request
    assert (request.trial_days, request.trial_without_payment_method) == (14, word)


@pytest.mark.parametrize(
    ("former", "days"),
    [
        pytest.param(a_subscription("canceled", trial_start=NOW - 90 * DAY), None, id="it had one"),
        pytest.param(a_subscription("canceled"), 14, id="it had none"),
    ],
)
def test_a_tenant_that_had_a_trial_gets_none_again(former: Any, days: int | None) -> None:
    resource = a_tenant_subscription(metadata={"annotations": {Annotation.RESUBSCRIBE: "sub_1"}})
    world = with_plan(a_world(resource, subscriptions=(former,), tenant=None), trial={"days": 14})
    assert the_purchase(world).request.trial_days == days


def test_a_tenant_that_had_a_trial_at_another_customer_s_expense_gets_none_either() -> None:
    world = with_plan(an_unborn_world(had_trial=True), trial={"days": 14})
    assert the_purchase(world).request.trial_days is None


# ---------------------------------------------------------------- intents


@pytest.mark.parametrize("metered", [True, False])
def test_to_what_charges_usage_no_quantity_is_sent(metered: bool) -> None:
    world = an_unborn_world()
    assert world.offer is not None
    offer = replace(world.offer, metered=metered)
    assert the_purchase(replace(world, offer=offer, offers=(offer,))).request.metered is metered


def test_a_killed_operator_looks_again_before_it_replays() -> None:
    world = after_the_intent(an_unborn_world())
    assert decide(world).actions == (LookAgain(),)


def test_a_replay_sends_what_was_stored_whatever_was_edited() -> None:
    before = an_unborn_world(customer=a_customer())
    first = the_purchase(before)
    stored = after_the_intent(before)
    edited = a_tenant_subscription(
        plan="pro",
        customer={"details": {"email": "other@acme.example"}},
        metadata={"generation": 2},
    ).model_copy(update={"status": stored.resource.status})
    replay = replace(stored, resource=edited, offer=stored.offers[1], looked=True, now=NOW + DAY)
    assert decide(replay).actions == (first,)


def test_what_a_killed_operator_made_is_found_and_not_made_again() -> None:
    world = after_the_intent(an_unborn_world())
    found = replace(world, looked=True, customer=a_customer(), subscriptions=(a_subscription("incomplete"),))
    assert decide(found).actions == ()
    assert with_status(found).resource.status.pending_operation is None


def test_the_next_status_write_records_what_was_made() -> None:
    status = after_the_intent(a_world(tenant=None)).resource.status
    assert status.pending_operation is not None
    assert (status.customer_id, status.subscription_id) == ("cus_1", "sub_1")


def test_an_id_that_is_not_found_is_not_replaced_by_the_next_status_write() -> None:
    resource = a_tenant_subscription(status={"subscriptionID": "sub_gone"})
    world = a_world(resource, tenant=None, missing_subscription_id="sub_gone")
    assert after_the_intent(world).resource.status.subscription_id == "sub_gone"


def test_the_intent_holds_no_secret() -> None:
    intent = after_the_intent(an_unborn_world(admin_password="word")).resource.status.pending_operation
    assert intent is not None
    assert "word" not in intent.model_dump_json()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"generation": 2}, id="another generation"),
        pytest.param({"annotations": {Annotation.RECONCILE: "again"}}, id="another reconcile token"),
        pytest.param({"uid": "another"}, id="another object"),
    ],
)
def test_what_is_asked_anew_gets_a_key_of_its_own(change: dict[str, Any]) -> None:
    def key(world: World) -> str:
        (action,) = decide(world).actions
        assert isinstance(action, StoreIntent)
        return action.intent.idempotency_key

    once = an_unborn_world()
    assert key(once) == key(replace(once, now=NOW + DAY)), "the key is derived, never random"
    assert key(once) != key(an_unborn_world(a_tenant_subscription(metadata=change)))
    assert (
        len(
            key(
                an_unborn_world(
                    a_tenant_subscription(metadata={"annotations": {Annotation.RECONCILE: "x" * 999}})
                )
            )
        )
        < 200
    )


def test_customer_and_subscription_have_keys_of_their_own() -> None:
    keys = [
        each.key
        for each in settled(an_unborn_world()).done
        if isinstance(each, CreateCustomer | CreateSubscription)
    ]
    assert len(set(keys)) == 2


def test_a_new_attempt_after_a_stored_failure_gets_a_new_key_and_sends_the_same() -> None:
    intent = after_the_intent(an_unborn_world()).intent
    assert intent is not None
    again = next_attempt(intent, NOW + DAY)
    assert (again.attempt, again.start_time) == (2, NOW + DAY)
    assert again.idempotency_key == f"{intent.idempotency_key.removesuffix(':1')}:2"
    assert again.parameters == intent.parameters


# ---------------------------------------------------------------- what stands in the way


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        pytest.param(an_offer(ready=False), Reason.PLAN_NOT_READY, id="not ready"),
        pytest.param(an_offer(price_id=None), Reason.PLAN_NOT_READY, id="without a price"),
    ],
)
def test_a_plan_that_is_not_ready_sells_nothing(offer: Any, reason: Reason) -> None:
    world = with_offers(an_unborn_world(), offer)
    assert decide(world).actions == ()
    assert told(world).reason == reason
    assert told(world, ConditionType.RECONCILING).reason == "Progressing"


def test_a_closed_plan_takes_nobody_new_and_keeps_those_it_has() -> None:
    assert told(with_plan(an_unborn_world(), newSubscriptions="Refuse")).reason == Reason.PLAN_CLOSED
    assert decide(with_plan(an_unborn_world(), newSubscriptions="Refuse")).actions == ()
    assert told(with_plan(a_world(), newSubscriptions="Refuse")).reason == Reason.PROVISIONED


def test_a_closed_plan_does_not_take_a_former_subscriber_back() -> None:
    resource = a_tenant_subscription(metadata={"annotations": {Annotation.RESUBSCRIBE: "sub_1"}})
    world = a_world(resource, subscriptions=(a_subscription("canceled"),), tenant=None)
    assert told(with_plan(world, newSubscriptions="Refuse")).reason == Reason.PLAN_CLOSED


# ---------------------------------------------------------------- which one counts


def older(**changes: Any) -> Any:
    return a_subscription(id="sub_old", created=NOW - 80 * DAY, **changes)


@pytest.mark.parametrize(
    ("subscriptions", "counts", "duplicates"),
    [
        pytest.param((), None, (), id="none"),
        pytest.param(
            (a_subscription("past_due"), older(status="unpaid")), "sub_1", (), id="past due before unpaid"
        ),
        pytest.param(
            (a_subscription("trialing"), older(status="past_due")), "sub_1", ("sub_old",), id="trial first"
        ),
        pytest.param(
            (a_subscription(), older()), "sub_old", ("sub_1",), id="of two live ones the older counts"
        ),
        pytest.param(
            (a_subscription("unpaid"), older(status="canceled")), "sub_1", (), id="unpaid before ended"
        ),
        pytest.param(
            (a_subscription("paused"), older(status="unpaid")), "sub_old", (), id="unpaid equals paused"
        ),
        pytest.param(
            (
                a_subscription("canceled", ended_at=NOW - 5 * DAY),
                older(status="canceled", ended_at=NOW - DAY),
            ),
            "sub_old",
            (),
            id="the newest ended, not the newest made",
        ),
        pytest.param(
            (a_subscription("incomplete_expired"), older(status="canceled")),
            "sub_1",
            (),
            id="no end known: by its age",
        ),
        pytest.param(
            (a_subscription("incomplete"), older(status="canceled")), "sub_old", (), id="incomplete is last"
        ),
        pytest.param(
            (a_subscription("incomplete"), older(status="past_due")), "sub_old", (), id="incomplete is last"
        ),
        pytest.param(
            (a_subscription("strange"), older(status="past_due")),
            "sub_1",
            (),
            id="an unknown status may be a good one",
        ),
        pytest.param(
            (a_subscription("strange"), older()), "sub_old", (), id="but never better than a paid one"
        ),
    ],
)
def test_the_best_subscription_counts(
    subscriptions: Any, counts: str | None, duplicates: tuple[str, ...]
) -> None:
    chosen = choose(subscriptions)
    assert (chosen.counting.id if chosen.counting else None) == counts
    assert tuple(each.id for each in chosen.duplicates) == duplicates


def test_two_live_ones_are_told_and_none_is_cancelled() -> None:
    world = a_world(subscriptions=(a_subscription(id="sub_2", created=NOW), a_subscription()))
    assert decide(world).actions == ()
    assert told(world).reason == Reason.DUPLICATE_SUBSCRIPTION
    assert "sub_1 counts" in told(world).message
    assert "sub_2" in told(world).message


@pytest.mark.parametrize(
    ("metadata", "known", "named"),
    [
        pytest.param(KEY.metadata(), (), True, id="our mark"),
        pytest.param({"tenant-id": "acme"}, (), True, id="a successor born in Stripe"),
        pytest.param({"tenant-id": "lab"}, (), False, id="another tenant's"),
        pytest.param({}, ("sub_1",), True, id="recorded"),
        pytest.param({}, (), False, id="nothing names it"),
        pytest.param(replace(KEY, cluster="us1").metadata(), (), False, id="the same id on another cluster"),
        pytest.param(replace(KEY, owner="other").metadata(), (), False, id="another installation's"),
        pytest.param(
            replace(KEY, tenant_id="lab").metadata() | {"tenant-id": "acme"}, (), False, id="our mark wins"
        ),
    ],
)
def test_which_subscriptions_of_the_customer_are_the_tenant_s(metadata: Any, known: Any, named: bool) -> None:
    assert names_tenant(a_subscription(metadata=metadata), KEY, known) is named


def test_our_mark_is_read_back() -> None:
    assert KEY.is_named_by(KEY.metadata("starter"))
    assert not KEY.is_named_by({})

"""What follows for a tenant's usage from what was read, and what its object says of it."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from subscription_builders import (
    TRUSTING,
    a_backend,
    a_cluster,
    a_customer,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    an_offer,
    with_offers,
)
from tenant_billing.api.conditions import Condition, ConditionType, find_condition
from tenant_billing.api.prices import DeviceCounting
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain import deletion, metering, news, usage
from tenant_billing.domain.actions import (
    Action,
    CancelSubscription,
    CountDevices,
    ReportUsage,
    StoreIntent,
    UpdateTenant,
)
from tenant_billing.domain.decision import decide
from tenant_billing.domain.errors import Refused, Unreachable
from tenant_billing.domain.observations import Tenant
from tenant_billing.domain.report import status_of
from tenant_billing.domain.usage_facts import Comparison, Outcome, UsageFacts
from tenant_billing.domain.world import Refusal, World
from usage_builders import (
    CLOSED,
    DAY,
    END,
    HOUR,
    MINUTE,
    SECOND,
    START,
    a_metered_item,
    a_metered_offer,
    a_metered_world,
    said,
    totals,
    with_usage,
)

MIDDLE = START + 10 * DAY


def reports(world: World) -> list[tuple[int, datetime]]:
    return [
        (each.report.quantity, each.report.timestamp)
        for each in decide(world).actions
        if isinstance(each, ReportUsage)
    ]


def told(world: World) -> Condition:
    found = find_condition(status_of(world, decide(world)).conditions, ConditionType.USAGE_REPORTED)
    assert found is not None
    return found


def settled(world: World) -> World:
    """The world after its status was written."""
    status = status_of(world, decide(world))
    return replace(world, resource=world.resource.model_copy(update={"status": status}))


def knowing(devices: int | None = 5, at: datetime = MIDDLE, **facts: Any) -> UsageFacts:
    return UsageFacts(counted=totals(devices, at), **facts)


def test_tbs_07_a_metered_plan_reports_the_devices_and_a_recurring_one_nothing() -> None:
    world = a_metered_world(MIDDLE, usage=knowing())
    assert reports(world) == [(5, MIDDLE)]
    recurring = with_offers(world, an_offer())
    item = replace(a_metered_item(), metered=False, quantity=1)
    recurring = replace(recurring, subscriptions=(a_subscription(items=(item,)),))
    assert reports(recurring) == []
    assert told(recurring).reason == Reason.NOT_METERED


def test_tbs_17_only_activated_devices_count_where_the_plan_says_so() -> None:
    facts = UsageFacts(counted=totals(9, MIDDLE, 4))
    world = with_offers(
        a_metered_world(MIDDLE, usage=facts, tenant=a_tenant(counts_only_activated=True)),
        a_metered_offer(counting=DeviceCounting.ONLY_ACTIVATED),
    )
    assert reports(world) == [(4, MIDDLE)]


NOT_REPORTED = [
    pytest.param({"tenant": a_tenant(TenantState.SUSPENDED, "abuse")}, id="suspended"),
    pytest.param({"tenant": a_tenant(TenantState.REQUESTED)}, id="requested"),
    pytest.param({"tenant": a_tenant(TenantState.REJECTED)}, id="rejected"),
    pytest.param({"tenant": None, "tenant_missing": True}, id="not there"),
    pytest.param({"subscriptions": ()}, id="not subscribed"),
]


@pytest.mark.parametrize("changes", NOT_REPORTED)
def test_tbs_15_only_approved_and_flagged_tenants_are_reported(changes: dict[str, Any]) -> None:
    world = a_metered_world(MIDDLE, usage=knowing(), **changes)
    assert reports(world) == []
    assert told(world).reason == Reason.NOT_METERED


@pytest.mark.parametrize("status", ["incomplete", "paused", "canceled", "incomplete_expired"])
def test_what_is_not_billed_now_is_not_reported(status: str) -> None:
    subscription = a_subscription(status, items=(a_metered_item(),))
    world = a_metered_world(MIDDLE, usage=knowing(), subscriptions=(subscription,))
    assert reports(world) == []


def test_a_price_without_a_meter_says_so() -> None:
    world = with_offers(a_metered_world(MIDDLE, usage=knowing()), a_metered_offer(meters={}))
    assert reports(world) == []
    assert told(world).reason == Reason.REJECTED


def test_what_is_not_known_changes_nothing_of_what_was_said() -> None:
    world = settled(with_usage(a_metered_world(MIDDLE, usage=knowing()), 5, MIDDLE))
    assert told(world).reason == Reason.REPORTED
    blind = replace(world, provider_problem=Unreachable("no answer."), customer=None, subscriptions=())
    assert told(blind).reason == Reason.REPORTED
    elsewhere = a_subscription(items=(replace(a_metered_item(), price_id="price_of_nobody"),))
    lost = replace(world, subscriptions=(elsewhere,))
    assert told(lost).reason == Reason.REPORTED
    assert status_of(lost, decide(lost)).usage == world.resource.status.usage


def test_while_nobody_has_counted_a_count_is_wanted() -> None:
    world = a_metered_world(MIDDLE)
    verdict = decide(world).usage
    assert (verdict.wants_count, verdict.actions) == (True, ())
    assert told(world).reason == Reason.NOT_METERED
    assert "until now" in told(world).message
    in_vain = settled(replace(world, usage=UsageFacts(silent=True)))
    assert told(in_vain).reason == Reason.STALE
    assert told(replace(in_vain, usage=UsageFacts())).reason == Reason.STALE


def test_a_customer_on_a_test_clock_is_counted_in_its_own_time() -> None:
    world = a_metered_world(MIDDLE, customer=a_customer(test_clock_id="clock_1"))
    assert decide(world).actions == (CountDevices(),)
    asked = replace(world, usage=UsageFacts(asked=True))
    assert decide(asked).actions == ()


# -- the end of a period


def test_what_closes_a_period_is_remembered_before_it_is_sent_and_sent_again_as_it_was() -> None:
    now = END + MINUTE
    world = with_usage(a_metered_world(now, usage=knowing(7, now)), 5, END - HOUR)
    (intent,) = decide(world).actions
    assert isinstance(intent, StoreIntent)
    stored = world.resource.status.model_copy(update={"pending_operation": intent.intent})
    world = replace(world, resource=world.resource.model_copy(update={"status": stored}))
    more = replace(world, usage=knowing(8, now + MINUTE), now=now + MINUTE)
    assert reports(more) == [(7, CLOSED)]
    assert status_of(more, decide(more)).pending_operation == intent.intent
    taken = replace(more, usage=knowing(8, now + MINUTE, accepted=said(7, CLOSED)))
    assert status_of(taken, decide(taken)).pending_operation is None
    later = replace(more, usage=knowing(8, now + MINUTE, accepted=said(8, now + MINUTE)))
    assert status_of(later, decide(later)).pending_operation is None
    refused = replace(more, usage=knowing(8, now, refused=intent.intent.idempotency_key))
    assert status_of(refused, decide(refused)).pending_operation is None
    assert decide(refused).actions == ()


def test_of_an_observed_tenant_too_it_is_remembered_until_it_was_taken() -> None:
    now = END + MINUTE
    observed = a_tenant_subscription(managementPolicy="Observe")
    trusting = a_backend(trusts=TRUSTING)
    world = a_metered_world(now, usage=knowing(7, now), resource=observed, backend=trusting)
    world = with_usage(world, 5, END - HOUR)
    assert world.offer is None, "an observed object names no plan"
    (intent,) = decide(world).actions
    assert isinstance(intent, StoreIntent)
    stored = world.resource.status.model_copy(update={"pending_operation": intent.intent})
    world = replace(world, resource=world.resource.model_copy(update={"status": stored}))
    lost = replace(world, usage=knowing(7, now, tried=True, problem=Unreachable("no answer.")))
    assert status_of(lost, decide(lost)).pending_operation == intent.intent


def test_it_is_remembered_too_while_the_registry_refuses_something_else() -> None:
    now = END + MINUTE
    world = with_usage(a_metered_world(now, usage=knowing(7, now)), 5, END - HOUR)
    (intent,) = decide(world).actions
    assert isinstance(intent, StoreIntent)
    stored = world.resource.status.model_copy(update={"pending_operation": intent.intent})
    world = replace(world, resource=world.resource.model_copy(update={"status": stored}))
    refused = replace(world, refusal=Refusal(Reason.INVALID_TENANT, "No.", by_registry=True))
    assert status_of(refused, decide(refused)).pending_operation == intent.intent


NEXT = a_metered_item(current_period_start=END, current_period_end=END + 31 * DAY)
NO_ACCESS = [
    pytest.param(a_tenant(TenantState.SUSPENDED, "Billing: subscription unpaid"), id="suspended"),
    pytest.param(None, id="not born: the subscription has waited for the name of its tenant"),
]


@pytest.mark.parametrize("before", NO_ACCESS)
def test_nothing_closes_a_period_that_a_tenant_had_no_access_in(before: Tenant | None) -> None:
    """Who pays just after a renewal would be billed for a period of suspension, while its invoice is a draft."""
    renewed = a_subscription(items=(NEXT,), created=START - 31 * DAY)
    shut = a_metered_world(
        END + MINUTE, subscriptions=(renewed,), tenant=before, tenant_missing=before is None
    )
    now = END + 20 * MINUTE
    let_in = settled(replace(settled(with_usage(shut, 5, START - DAY)), tenant=a_tenant(), now=now))
    counted = replace(let_in, usage=knowing(9, now))
    assert reports(counted) == [(9, now)]
    accepted = settled(replace(counted, usage=knowing(9, now, accepted=said(9, now))))
    assert (told(accepted).reason, decide(accepted).actions) == (Reason.REPORTED, ())


def test_an_intent_for_a_meter_that_is_gone_is_dropped() -> None:
    now = END + MINUTE
    world = with_usage(a_metered_world(now, usage=knowing(7, now)), 5, END - HOUR)
    (intent,) = decide(world).actions
    assert isinstance(intent, StoreIntent)
    stored = world.resource.status.model_copy(update={"pending_operation": intent.intent})
    world = replace(world, resource=world.resource.model_copy(update={"status": stored}))
    assert usage.outstanding(with_offers(world, an_offer())) is None


def test_the_end_of_a_period_waits_for_another_intent() -> None:
    now = END + MINUTE
    world = with_usage(a_metered_world(now, usage=knowing(7, now)), 5, END - HOUR)
    (intent,) = decide(world).actions
    assert isinstance(intent, StoreIntent)
    other = intent.intent.model_copy(update={"step": "Subscribe"})
    status = world.resource.status.model_copy(update={"pending_operation": other})
    world = replace(world, resource=world.resource.model_copy(update={"status": status}))
    assert decide(world).actions == ()


# -- before access ends


def kinds(actions: tuple[Action, ...]) -> list[type]:
    return [type(each) for each in actions]


def suspending(facts: UsageFacts) -> World:
    unpaid = a_subscription("unpaid", items=(a_metered_item(),))
    return with_usage(a_metered_world(MIDDLE, usage=facts, subscriptions=(unpaid,)), 5, START)


def test_before_a_suspension_the_devices_are_counted_and_reported() -> None:
    assert kinds(decide(suspending(UsageFacts())).actions) == [CountDevices, UpdateTenant]
    counted = suspending(knowing(asked=True))
    assert kinds(decide(counted).actions) == [ReportUsage, UpdateTenant]
    accepted = suspending(knowing(asked=True, accepted=said(5, MIDDLE)))
    assert kinds(decide(accepted).actions) == [UpdateTenant]


NOT_IN_THE_WAY = [
    pytest.param(UsageFacts(asked=True), id="they cannot be counted"),
    pytest.param(knowing(asked=True, tried=True, problem=Unreachable("no answer.")), id="no answer"),
    pytest.param(
        knowing(asked=True, refused=f"uid-of-acme:3d3873ad0721:{int(MIDDLE.timestamp())}:5"), id="refused"
    ),
]


@pytest.mark.parametrize("facts", NOT_IN_THE_WAY)
def test_what_cannot_be_reported_does_not_keep_a_tenant_from_being_suspended(facts: UsageFacts) -> None:
    assert kinds(decide(suspending(facts)).actions) == [UpdateTenant]


def test_what_the_brake_holds_back_needs_no_last_report() -> None:
    assert decide(replace(suspending(UsageFacts()), held=True)).actions == ()


def leaving(facts: UsageFacts, **changes: Any) -> World:
    deleted = a_tenant_subscription(
        metadata={"deletionTimestamp": MIDDLE}, status={"customerID": "cus_1", "tenantState": "Approved"}
    )
    return a_metered_world(MIDDLE, usage=facts, resource=deleted, **changes)


def test_before_a_cancel_the_devices_are_counted_and_reported() -> None:
    expected = [CountDevices, CancelSubscription, UpdateTenant]
    assert kinds(deletion.decide(leaving(UsageFacts())).actions) == expected
    accepted = leaving(knowing(asked=True, accepted=said(5, MIDDLE)))
    assert kinds(deletion.decide(accepted).actions) == [CancelSubscription, UpdateTenant]
    assert kinds(deletion.decide(leaving(UsageFacts(), subscriptions=())).actions) == [UpdateTenant]


def test_what_is_pushed_is_never_counted_by_the_operator() -> None:
    pushed = a_cluster(metering={"source": "Push"})
    world = replace(suspending(knowing(4)), cluster=pushed)
    assert kinds(decide(world).actions) == [ReportUsage, UpdateTenant]
    clocked = a_metered_world(MIDDLE, customer=a_customer(test_clock_id="clock_1"), cluster=pushed)
    assert decide(clocked).actions == ()


# -- what becomes of a report


def comparison(outcome: Outcome, seen: int | None, of: int = 5, at: datetime = MIDDLE) -> Comparison:
    return Comparison(said(of, at), None if seen is None else Decimal(seen), outcome, 7)


def test_what_was_not_counted_is_sent_again_under_another_identifier() -> None:
    facts = knowing(comparison=comparison(Outcome.LOWER, None))
    world = with_usage(a_metered_world(MIDDLE + HOUR, usage=facts), 5, MIDDLE)
    (action,) = decide(world).actions
    assert isinstance(action, ReportUsage)
    metered = decide(world).usage.metered
    assert metered is not None
    first = metering.report_of(metered, 5, MIDDLE)
    assert (action.report.quantity, action.report.timestamp) == (5, MIDDLE)
    assert action.report.identifier == f"{first.identifier}:7"
    assert told(world).reason == Reason.MISMATCH
    repaired = replace(comparison(Outcome.LOWER, None), repaired=True)
    again = replace(world, usage=knowing(comparison=repaired))
    assert decide(again).actions == ()
    assert told(again).reason == Reason.MISMATCH


def test_more_than_was_reported_is_an_alarm_and_is_not_overwritten() -> None:
    facts = knowing(comparison=comparison(Outcome.HIGHER, 9))
    world = settled(with_usage(a_metered_world(MIDDLE + HOUR, usage=knowing()), 5, MIDDLE))
    worse = replace(world, usage=facts)
    assert decide(worse).actions == ()
    assert told(worse).reason == Reason.MISMATCH
    (event,) = news.between(world.resource.status, status_of(worse, decide(worse)))
    assert (event.type, event.reason) == ("Warning", "UsageMismatch")


def test_a_mismatch_stands_through_a_restart_until_the_sums_agree() -> None:
    facts = knowing(comparison=comparison(Outcome.HIGHER, 9))
    world = settled(with_usage(a_metered_world(MIDDLE + HOUR, usage=facts), 5, MIDDLE))
    restarted = replace(world, usage=knowing())
    assert told(restarted).reason == Reason.MISMATCH
    mended = replace(world, usage=knowing(comparison=comparison(Outcome.AGREES, 5)))
    assert told(mended).reason == Reason.REPORTED
    (event,) = news.between(world.resource.status, status_of(mended, decide(mended)))
    assert (event.type, event.reason) == ("Normal", "UsageReported")


def test_the_first_report_of_a_tenant_is_no_event() -> None:
    world = settled(a_metered_world(MIDDLE, usage=UsageFacts(silent=True)))
    assert told(world).reason == Reason.STALE
    reported = replace(world, usage=knowing(accepted=said(5, MIDDLE)))
    assert news.between(world.resource.status, status_of(reported, decide(reported))) == ()


def test_of_an_earlier_report_a_comparison_says_nothing() -> None:
    facts = knowing(comparison=comparison(Outcome.LOWER, None, of=4))
    world = with_usage(a_metered_world(MIDDLE + HOUR, usage=facts), 5, MIDDLE)
    assert decide(world).actions == ()
    assert told(world).reason == Reason.REPORTED


def test_what_was_not_counted_in_a_former_period_is_not_repaired() -> None:
    before = START - HOUR
    facts = knowing(5, MIDDLE, comparison=comparison(Outcome.LOWER, None, at=before))
    world = with_usage(a_metered_world(MIDDLE, usage=facts), 5, before)
    assert reports(world) == [(5, MIDDLE)]


REJECTED = [
    pytest.param(knowing(rejection="archived_meter"), "reactivate it in Stripe", id="told later"),
    pytest.param(
        knowing(refused="uid", problem=Refused("Stripe, CreateMeterEvent: no")),
        "Stripe refuses",
        id="at once",
    ),
]


@pytest.mark.parametrize(("facts", "words"), REJECTED)
def test_a_report_that_stripe_does_not_count_is_told_with_the_remedy(facts: UsageFacts, words: str) -> None:
    world = with_usage(a_metered_world(MIDDLE + HOUR, usage=facts), 5, MIDDLE)
    condition = told(world)
    assert (condition.reason, words in condition.message) == (Reason.REJECTED, True)


def test_a_report_that_was_refused_for_good_is_not_sent_again_but_the_next_count_is() -> None:
    world = a_metered_world(MIDDLE, usage=knowing())
    (action,) = decide(world).actions
    assert isinstance(action, ReportUsage)
    no: dict[str, Any] = {"refused": action.report.identifier, "problem": Refused("no")}
    assert decide(replace(world, usage=knowing(**no))).actions == ()
    later = replace(world, now=MIDDLE + HOUR, usage=knowing(5, MIDDLE + HOUR, **no))
    assert reports(later) == [(5, MIDDLE + HOUR)]


def test_a_report_that_got_no_answer_is_tried_in_the_next_pass_and_told_as_stale() -> None:
    facts = knowing(problem=Unreachable("no answer."), tried=True)
    world = a_metered_world(MIDDLE, usage=facts)
    assert decide(world).actions == ()
    assert told(world).reason == Reason.STALE
    assert reports(replace(world, usage=replace(facts, tried=False))) == [(5, MIDDLE)]


@pytest.mark.parametrize(
    ("source", "words"), [("Pull", "could not be counted"), ("Push", "No report was pushed")]
)
def test_nothing_heard_for_too_long_is_stale(source: str, words: str) -> None:
    cluster = a_cluster(metering={"source": source})
    world = a_metered_world(MIDDLE, usage=knowing(silent=True), cluster=cluster)
    condition = told(with_usage(world, 5, MIDDLE))
    assert (condition.reason, words in condition.message) == (Reason.STALE, True)


def test_a_new_period_is_no_news() -> None:
    world = settled(with_usage(a_metered_world(MIDDLE, usage=knowing()), 5, MIDDLE))
    item = a_metered_item(current_period_start=END, current_period_end=END + 31 * DAY)
    renewed = replace(world, now=END + SECOND, subscriptions=(a_subscription(items=(item,)),))
    assert told(renewed).reason == Reason.REPORTED


def test_the_status_says_what_was_reported_last() -> None:
    world = a_metered_world(MIDDLE, usage=knowing(accepted=said(5, MIDDLE)))
    shown = status_of(world, decide(world)).usage
    assert shown is not None
    assert (shown.last_reported, shown.last_report_time) == (5, MIDDLE)
    older = with_usage(world, 9, MIDDLE + HOUR)
    assert usage.last_reported(older.resource, older.usage) == said(9, MIDDLE + HOUR)

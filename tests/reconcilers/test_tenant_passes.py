"""Passes over a TenantSubscription: what is asked, what is written, and what errors come to."""

from dataclasses import replace
from datetime import timedelta

import pytest

import kubernetes_bodies as bodies
from hand_clock import NOW
from tenant_billing.api.names import StripeMetadata
from tenant_billing.domain import errors
from tenant_billing.domain.observations import Customer, Subscription, SubscriptionItem, TenantState, Totals
from tenant_loop import ACME, BACKEND, CLUSTER, Selling


@pytest.fixture
async def selling() -> Selling:
    selling = Selling()
    await selling.sell()
    selling.forget_calls()
    return selling


async def test_tenant_is_sold_and_made_once(selling: Selling) -> None:
    assert list(selling.account.customers) == ["cus_1"]
    assert list(selling.account.subscriptions) == ["sub_1"]
    assert selling.registry.tenants["acme"].state is TenantState.APPROVED


async def test_settled_object_asks_and_writes_nothing(selling: Selling) -> None:
    assert (await selling.run(ACME)).result == "settled"
    assert (selling.account.calls, selling.registry.calls, selling.loop.kubernetes.calls) == ([], [], [])


async def test_tenant_that_is_gone_stays_gone_through_an_outage(selling: Selling) -> None:
    del selling.registry.tenants["acme"]
    selling.annotate(reconcile="1")
    await selling.run(ACME)
    selling.pass_time(61)
    selling.annotate(reconcile="2")
    await selling.run(ACME)
    assert selling.reason() == "TenantGone"
    selling.account.fail("subscriptions_of", errors.Unauthorized("revoked"))
    selling.annotate(nudge="evt_3")
    await selling.run(ACME)
    assert selling.reason() == "BackendUnavailable"
    await selling.run(BACKEND, ACME, ACME)
    assert selling.registry.count("create_tenant") == 0
    assert selling.reason() == "TenantGone"


async def test_event_costs_one_fresh_read_and_no_more(selling: Selling) -> None:
    selling.account.tells("evt_1", selling.account.subscriptions["sub_1"])
    await selling.run(BACKEND, ACME)
    assert selling.account.count("subscriptions_of") == 1
    await selling.run(ACME, ACME)
    assert selling.account.count("subscriptions_of") == 1


async def test_event_of_the_account_costs_no_call_to_the_registry(selling: Selling) -> None:
    selling.annotate(nudge="evt_1")
    await selling.run(ACME)
    assert (selling.account.count("subscriptions_of"), selling.registry.calls) == (1, [])


async def test_event_that_comes_before_the_request_is_sent_is_covered_by_its_answer(selling: Selling) -> None:
    """Requests wait for their turn in the account's budget, and a payment comes with several events."""
    selling.annotate(nudge="evt_1")
    selling.account.while_a_read_waits.append(lambda: selling.annotate(nudge="evt_2"))
    await selling.run(ACME, ACME)
    assert selling.account.count("subscriptions_of") == 1


async def test_event_that_comes_while_the_answer_is_under_way_is_read_for(selling: Selling) -> None:
    selling.annotate(nudge="evt_1")
    selling.account.while_a_read_is_answered.append(lambda: selling.annotate(nudge="evt_2"))
    await selling.run(ACME, ACME)
    assert selling.account.count("subscriptions_of") == 2


async def test_subscriptions_of_several_customers_wait_until_one_is_left() -> None:
    selling = Selling()
    selling.is_paid_by_two_customers()
    selling.loop.see(bodies.a_subscription())
    await selling.begin()
    await selling.run(ACME, ACME, ACME)
    assert selling.reason() == "DuplicateSubscription"
    assert selling.acme.status.subscription_id is None
    ended = replace(selling.account.subscriptions["sub_1"], status="canceled", ended_at=NOW)
    selling.account.subscriptions["sub_1"] = ended
    selling.account.tells("evt_1", ended, "customer.subscription.deleted")
    await selling.run(BACKEND, ACME, ACME)
    assert selling.reason() == "Provisioned"
    assert selling.acme.status.subscription_id == "sub_2"


@pytest.mark.parametrize(
    "error",
    [
        errors.Forbidden("no right to write tenants"),
        errors.Unsupported("no such field"),
        errors.Unauthorized("the key was revoked"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_write_that_cannot_succeed_is_told_at_once(
    selling: Selling, error: errors.OutsideError
) -> None:
    selling.account.owes("sub_1", since=timedelta(days=30))
    selling.registry.fail("update_tenant", error)
    selling.annotate(nudge="evt_1")
    await selling.run(ACME)
    assert selling.reason() == "ClusterNotReady"
    assert str(error) in selling.condition().message


async def test_write_that_gets_no_answer_time_and_again_is_told(selling: Selling) -> None:
    selling.account.owes("sub_1", since=timedelta(days=30))
    selling.registry.fail("update_tenant", errors.Unreachable("no answer"), times=3)
    selling.annotate(nudge="evt_1")
    assert (await selling.run(ACME)).retry
    assert selling.reason() == "Provisioned", "one lost answer is no news"
    assert (await selling.run(ACME, ACME)).retry
    assert selling.reason() == "ClusterUnavailable"
    await selling.run(ACME)
    assert selling.registry.tenants["acme"].state is TenantState.SUSPENDED
    assert selling.reason() == "Provisioned"


async def test_deadline_of_a_customer_on_a_test_clock_is_not_one_of_the_account(selling: Selling) -> None:
    clock = "clock_1"
    selling.account.clocks[clock] = NOW - timedelta(days=40)
    customer = selling.account.customers["cus_1"]
    selling.account.customers["cus_1"] = replace(customer, test_clock_id=clock)
    selling.account.owes("sub_1", since=timedelta(days=41))
    selling.restart()
    await selling.begin()
    outcome = await selling.run(ACME)
    assert selling.acme.status.suspension_time is not None
    assert outcome.look_again_at is None
    assert outcome.look_again_after is not None
    assert outcome.look_again_after < 60


async def test_outage_leaves_the_batch_that_waits_for_approval_alone(selling: Selling) -> None:
    body = dict(selling.loop.store.body(CLUSTER) or {})
    brake = {"id": "b-20261120-1", "engaged": True, "windowStartTime": "2026-11-20T10:00:00Z", "count": 10}
    brake |= {"held": 1, "tenants": ["acme"]}
    version = str(int(body["metadata"]["resourceVersion"]) + 1)
    metadata = body["metadata"] | {"resourceVersion": version}
    selling.loop.see({**body, "metadata": metadata, "status": {**body["status"], "brake": brake}})
    selling.account.fail("subscriptions_of", errors.Unauthorized("revoked"))
    selling.annotate(nudge="evt_1")
    await selling.run(ACME)
    cluster = selling.loop.store.cluster("eu1")
    assert cluster is not None
    assert cluster.status.brake is not None
    assert cluster.status.brake.tenants == ("acme",)


async def test_write_that_names_what_is_not_there_is_sent_once() -> None:
    """A coupon for example: asked again the answer is the same."""
    selling = Selling()
    selling.account.fail("create_subscription", errors.NotFound("no such coupon"), times=20)
    selling.loop.see(bodies.a_subscription())
    await selling.begin()
    await selling.run(ACME, ACME, ACME)
    assert selling.account.count("create_subscription") == 1
    assert "no such coupon" in selling.condition().message


async def test_attempt_after_a_stored_failure_is_kept_when_the_failure_is_told() -> None:
    selling = Selling()
    selling.loop.see(bodies.a_subscription())
    await selling.begin()
    selling.account.fail("create_subscription", errors.StoredFailure("HTTP 500"), times=3)
    await selling.run(ACME, ACME, ACME)
    assert selling.reason() == "BackendUnavailable"
    assert selling.acme.status.pending_operation is not None
    assert selling.acme.status.pending_operation.attempt == 4
    await selling.run(ACME)
    assert selling.reason() == "Provisioned"
    assert list(selling.account.customers) == ["cus_1"]


async def test_purchase_that_cannot_look_first_is_told_when_that_lasts() -> None:
    selling = Selling()
    selling.loop.see(bodies.a_subscription())
    await selling.begin()
    selling.account.fail("created_since", errors.Unreachable("no answer"), times=3)
    assert (await selling.run(ACME, ACME, ACME)).retry
    assert selling.reason() == "BackendUnavailable"
    assert selling.account.count("create_customer") == 0
    await selling.run(ACME)
    assert selling.reason() == "Provisioned"


async def test_end_that_gets_no_answer_is_told_when_that_lasts(selling: Selling) -> None:
    body = dict(selling.loop.store.body(ACME) or {})
    selling.loop.see(bodies.newer(body, deletionTimestamp="2026-11-20T10:00:00Z"))
    selling.account.fail("cancel_subscription", errors.Unreachable("no answer"), times=3)
    assert (await selling.run(ACME)).retry
    assert selling.reason() == "Provisioned", "one lost answer is no news"
    await selling.run(ACME, ACME)
    assert selling.reason() == "BackendUnavailable"
    await selling.run(ACME)
    assert selling.account.subscriptions["sub_1"].status == "canceled"
    assert selling.loop.store.subscription("tenants", "acme") is None


async def test_payer_is_let_in_although_a_write_at_the_provider_fails(selling: Selling) -> None:
    selling.account.owes("sub_1", since=timedelta(days=30))
    selling.annotate(nudge="evt_1")
    await selling.run(ACME)
    assert selling.tenant_state is TenantState.SUSPENDED
    marked = selling.account.subscriptions["sub_1"]
    paid = replace(
        marked, status="active", open_invoices=None, metadata={**marked.metadata, StripeMetadata.PLAN: ""}
    )
    selling.account.subscriptions["sub_1"] = paid
    selling.account.fail("change_subscription", errors.Forbidden("no right to write subscriptions"))
    selling.annotate(nudge="evt_2")
    await selling.run(ACME)
    assert selling.account.count("change_subscription") == 1
    assert selling.registry.tenants["acme"].state is TenantState.APPROVED
    assert "no right to write subscriptions" in selling.condition().message


async def test_silent_registry_is_checked_and_its_tenants_do_not_wait_for_it_one_by_one(
    selling: Selling,
) -> None:
    selling.registry.fail("tenant", errors.Unreachable("no answer"), times=9)
    selling.registry.fail("probe", errors.Unreachable("no answer"))
    selling.loop.queue.keys.clear()
    selling.pass_time(11)
    selling.annotate(reconcile="1")
    await selling.run(ACME)
    assert CLUSTER in selling.loop.queue.keys
    await selling.run(CLUSTER)
    selling.forget_calls()
    await selling.run(ACME, ACME)
    assert selling.registry.calls == []
    assert selling.reason() == "ClusterNotReady"
    selling.registry.failures.clear()
    await selling.run(CLUSTER, ACME)
    assert selling.reason() == "Provisioned"


async def test_tenant_that_alone_gets_no_answer_stops_no_other(selling: Selling) -> None:
    selling.registry.fail("tenant", errors.Unreachable("an answer that cannot be understood"))
    selling.pass_time(11)
    selling.annotate(nudge="evt_1")
    await selling.run(ACME, CLUSTER)
    assert selling.registries.of("eu1") is not None
    assert selling.registry.count("list_tenants") == 0, "a suspicion costs one small call"


async def test_silent_account_is_checked_and_its_subscribers_do_not_wait_for_it_one_by_one(
    selling: Selling,
) -> None:
    selling.account.fail("subscriptions_of", errors.Unreachable("no answer"), times=9)
    selling.account.fail("account", errors.Unreachable("no answer"))
    selling.loop.queue.keys.clear()
    selling.pass_time(11)
    selling.annotate(nudge="evt_1")
    await selling.run(ACME)
    assert BACKEND in selling.loop.queue.keys
    await selling.run(BACKEND)
    selling.forget_calls()
    await selling.run(ACME, ACME)
    assert selling.account.calls == []
    assert selling.reason() == "BackendUnavailable"
    selling.account.failures.clear()
    await selling.run(BACKEND, ACME)
    assert selling.reason() == "Provisioned"


async def test_check_that_has_just_succeeded_is_not_doubted(selling: Selling) -> None:
    selling.registry.fail("tenant", errors.Unreachable("no answer"))
    selling.account.fail("subscriptions_of", errors.Unreachable("no answer"))
    selling.loop.queue.keys.clear()
    selling.annotate(nudge="evt_1")
    await selling.run(ACME)
    assert selling.loop.queue.keys == []


async def test_event_list_that_is_down_is_asked_again_in_time_not_at_once(selling: Selling) -> None:
    selling.account.fail("events_after", errors.Unreachable("no answer"))
    selling.loop.queue.keys.clear()
    outcome = await selling.run(BACKEND)
    assert (outcome.retry, BACKEND in selling.loop.queue.keys) == (True, False)
    assert selling.accounts.of("main") is not None


async def test_deleted_customer_that_only_the_tenant_names_is_not_made_again(selling: Selling) -> None:
    """After the loss of the cluster: a list leaves deleted customers out (stripe.md 1.2)."""
    selling.account.customers.clear()
    selling.account.subscriptions.clear()
    deleted = Customer("cus_1", deleted=True)
    selling.loop.store.forget(dict(selling.loop.store.body(ACME) or {}))
    selling.loop.see(bodies.a_subscription())
    selling.restart()
    await selling.begin()
    selling.account.customers["cus_1"] = deleted
    await selling.run(ACME, ACME)
    assert selling.reason() == "CustomerDeleted"
    assert selling.account.count("create_customer") == 0


async def test_subscription_made_since_the_listing_is_adopted() -> None:
    selling = Selling()
    backend = bodies.newer(dict(selling.loop.store.body(BACKEND) or {}))
    selling.loop.see({**backend, "spec": {**backend["spec"], "trustedNamespaces": {"from": "All"}}})
    await selling.begin()
    selling.account.customers["cus_9"] = Customer("cus_9", email="a@acme.example")
    item = SubscriptionItem("si_9", "price_1", 1, NOW, NOW, currency="EUR", interval="month")
    selling.account.subscriptions["sub_9"] = Subscription("sub_9", "cus_9", "active", NOW, (item,))
    wanted = bodies.a_subscription()
    selling.loop.see({**wanted, "spec": {**wanted["spec"], "subscriptionID": "sub_9"}})
    await selling.run(ACME, ACME)
    assert (selling.reason(), selling.acme.status.customer_id) == ("Provisioned", "cus_9")
    assert list(selling.account.subscriptions) == ["sub_9"]


async def test_what_a_person_says_while_the_account_is_read_holds_for_what_follows(selling: Selling) -> None:
    """Reads may wait long for their turn; paused in time, nobody is suspended."""
    selling.account.owes("sub_1", since=timedelta(days=30))
    selling.annotate(nudge="evt_1")
    selling.account.while_a_read_waits.append(lambda: selling.annotate(paused="true"))
    assert (await selling.run(ACME)).retry
    await selling.run(ACME)
    assert selling.tenant_state is TenantState.APPROVED
    assert selling.reason() == "Paused"


async def test_look_that_a_person_asked_for_is_made_however_long_the_registry_gives_no_answer(
    selling: Selling,
) -> None:
    selling.registry.fail("tenant", errors.Unreachable("no answer"), times=3)
    selling.annotate(reconcile="1")
    await selling.run(ACME, ACME, ACME)
    assert selling.reason() == "ClusterUnavailable"
    await selling.run(ACME)
    assert selling.registry.count("tenant") == 4
    await selling.run(ACME)
    assert selling.registry.count("tenant") == 4, "once is enough"


async def test_event_that_another_delivery_has_covered_up_is_not_lost(selling: Selling) -> None:
    """Two deliveries in a moment leave one annotation: the newer event may stand behind an older one, sent twice."""
    selling.annotate(nudge="evt_1")
    await selling.run(ACME)
    selling.annotate(nudge="evt_2")
    await selling.run(ACME)
    selling.account.owes("sub_1", since=timedelta(days=30))
    selling.annotate(nudge="evt_3")
    selling.annotate(nudge="evt_1")
    await selling.run(ACME)
    assert selling.tenant_state is TenantState.SUSPENDED


async def test_object_that_only_lets_go_waits_for_nobody(selling: Selling) -> None:
    """A paused BillingBackend must not keep a namespace from being deleted."""
    backend = dict(selling.loop.store.body(BACKEND) or {})
    selling.loop.see(bodies.newer(backend, annotations={"tenantbilling.dev/paused": "true"}))
    selling.loop.kubernetes.removed.add(("TenantSubscription", "tenants"))
    body = dict(selling.loop.store.body(ACME) or {})
    selling.loop.see(bodies.newer(body, deletionTimestamp="2026-11-20T10:00:00Z"))
    await selling.begin()
    selling.forget_calls()
    await selling.run(ACME)
    assert selling.loop.store.subscription("tenants", "acme") is None
    assert (selling.account.calls, selling.registry.calls) == ([], [])


async def test_totals_that_cannot_be_read_for_once_change_nothing_that_is_told(selling: Selling) -> None:
    selling.registry.known_totals["acme"] = Totals(end_devices=7)
    selling.pass_time(301)
    await selling.run(ACME)
    assert selling.reason("WithinLimits") == "WithinLimits"
    selling.registry.fail("totals", errors.Unreachable("no answer"))
    selling.pass_time(301)
    selling.forget_calls()
    await selling.run(ACME)
    assert (selling.registry.count("totals"), selling.loop.kubernetes.count("apply_status")) == (1, 0)


async def test_clock_that_jumps_ahead_ends_nobody_s_grace(selling: Selling) -> None:
    """Until the account is checked again, which is once an hour."""
    selling.account.owes("sub_1", since=timedelta(days=1))
    selling.loop.clock.moment += timedelta(days=60)
    selling.annotate(nudge="evt_1")
    await selling.run(ACME)
    assert selling.tenant_state is TenantState.FLAGGED

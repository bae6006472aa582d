from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import (
    DAY,
    NOW,
    TRUSTING,
    a_backend,
    a_cluster,
    a_customer,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    a_world,
    an_invoice,
    an_unborn_world,
    is_told,
    overdue_for,
    told,
    with_status,
)
from tenant_billing.api.conditions import Condition, ConditionStatus, ConditionType, find_condition
from tenant_billing.api.names import Annotation
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain import news, report
from tenant_billing.domain.actions import ChangeItem, CreateTenant, StoreIntent, UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.errors import (
    AlreadyExists,
    OutsideError,
    Refused,
    Throttled,
    Unauthorized,
    Unreachable,
    Unsupported,
)
from tenant_billing.domain.findings import Finding
from tenant_billing.domain.observations import Totals
from tenant_billing.domain.refusals import refusal_of
from tenant_billing.domain.remembered import remembered_refusal
from tenant_billing.domain.report import status_of
from tenant_billing.domain.requests import InitialUser, ItemChange, NewTenant, TenantChange
from tenant_billing.domain.state_descriptions import Description
from tenant_billing.domain.world import Refusal, World

READY, STALLED, RECONCILING = ConditionType.READY, ConditionType.STALLED, ConditionType.RECONCILING
NOT_READY: dict[str, Any] = {
    "conditions": (
        Condition(
            type="Ready",
            status=ConditionStatus.FALSE,
            reason="InvalidCredentials",
            message="",
            last_transition_time=NOW,
        ),
    )
}
MOVE = ChangeItem(
    ItemChange("sub_1", "si_1", "price_pro", 1, "none", only_when_paid=False, metadata={}), "key"
)
MAKE = CreateTenant(
    NewTenant("acme", "Acme", "", TenantState.APPROVED, {}, {}, None, InitialUser("acme", "a@acme.example"))
)


def changed(world: World, **changes: Any) -> World:
    return replace(world, **changes)


def summary(world: World) -> dict[str, tuple[str, str]]:
    return {
        each.type: (each.status.value, each.reason) for each in status_of(world, decide(world)).conditions
    }


# ---------------------------------------------------------------- conditions


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


# ---------------------------------------------------------------- status


def test_the_status_records_ids_period_and_payment() -> None:
    status = with_status(a_world(subscriptions=(overdue_for(2 * DAY),))).resource.status
    assert (status.customer_id, status.subscription_id) == ("cus_1", "sub_1")
    assert (status.subscription_item_id, status.subscription_status) == ("si_price_starter", "past_due")
    assert status.plan_ref is not None
    assert status.plan_ref.name == "starter"
    assert status.current_period is not None
    assert status.current_period.end_time == NOW + 28 * DAY
    assert (status.past_due_since_time, status.suspension_time) == (NOW - 2 * DAY, NOW + 19 * DAY)
    assert status.hosted_invoice_url == "https://invoice.example/in_1"
    assert status.tenant_state is TenantState.APPROVED


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        pytest.param({"latest_invoice": an_invoice()}, "https://invoice.example/in_1", id="the latest, open"),
        pytest.param({"latest_invoice": an_invoice("paid")}, None, id="nothing is to be paid"),
        pytest.param({"latest_invoice": an_invoice(hosted_url=None)}, None, id="not payable on a page"),
        pytest.param({}, None, id="no invoice"),
    ],
)
def test_where_the_customer_pays_what_is_due(changes: Any, url: str | None) -> None:
    world = a_world(subscriptions=(a_subscription("unpaid", **changes),))
    assert with_status(world).resource.status.hosted_invoice_url == url


@pytest.mark.parametrize(
    ("pending", "url"),
    [
        pytest.param(False, None, id="what is paid has no address"),
        pytest.param(True, "https://invoice.example/in_1", id="an upgrade waits for its payment"),
    ],
)
def test_in_good_standing_only_a_change_is_to_be_paid(pending: bool, url: str | None) -> None:
    subscription = a_subscription(pending_change=pending, latest_invoice=an_invoice())
    assert with_status(a_world(subscriptions=(subscription,))).resource.status.hosted_invoice_url == url


def test_the_reconcile_token_and_the_generation_are_echoed() -> None:
    resource = a_tenant_subscription(metadata={"generation": 7, "annotations": {Annotation.RECONCILE: "t"}})
    status = with_status(a_world(resource)).resource.status
    assert (status.observed_generation, status.last_handled_reconcile) == (7, "t")


def test_an_outage_erases_nothing_that_was_known() -> None:
    before = with_status(a_world(totals=Totals(end_devices=3)))
    down = replace(
        before,
        provider_problem=Unreachable("No."),
        registry_problem=Unreachable("No."),
        customer=None,
        subscriptions=(),
        tenant=None,
        totals=None,
    )
    after, was = with_status(down).resource.status, before.resource.status
    assert after.model_dump(exclude={"conditions"}) == was.model_dump(exclude={"conditions"})
    assert told(down, ConditionType.PAYMENT_CURRENT).reason == "Unknown"
    assert told(down, ConditionType.SUBSCRIPTION_SYNCED).reason == "Unavailable"
    assert told(down, ConditionType.TENANT_SYNCED).reason == "Unavailable"


@pytest.mark.parametrize("problem", ["provider_problem", "registry_problem"])
def test_an_outage_forgets_no_intent(problem: str) -> None:
    world = an_unborn_world()
    (store,) = decide(world).actions
    assert isinstance(store, StoreIntent)
    pending = replace(world, resource=a_tenant_subscription(status={"pendingOperation": store.intent}))
    down = changed(pending, **{problem: Unreachable("No.")})
    assert with_status(down).resource.status.pending_operation == store.intent
    assert with_status(pending).resource.status.pending_operation == store.intent


def test_the_intent_of_a_tenant_goes_when_the_tenant_stands_or_is_gone() -> None:
    (store,) = decide(a_world(tenant=None)).actions
    assert isinstance(store, StoreIntent)
    resource = a_tenant_subscription(status={"pendingOperation": store.intent})
    assert with_status(a_world(resource, tenant=None)).resource.status.pending_operation == store.intent
    assert with_status(a_world(resource)).resource.status.pending_operation is None
    gone = a_world(resource, tenant=None, tenant_gone=True)
    assert with_status(gone).resource.status.pending_operation is None


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        pytest.param({}, TenantState.ABSENT, id="not there"),
        pytest.param({"tenant_missing": True}, TenantState.APPROVED, id="one 404 proves nothing"),
        pytest.param({"tenant_gone": True}, TenantState.ABSENT, id="gone for sure"),
    ],
)
def test_the_tenant_s_state_when_it_is_not_found(changes: Any, state: TenantState) -> None:
    resource = a_tenant_subscription(status={"tenantState": "Approved"})
    assert with_status(a_world(resource, tenant=None, **changes)).resource.status.tenant_state is state


def test_a_tenant_that_is_gone_is_told_and_billing_goes_on() -> None:
    world = a_world(tenant=None, tenant_gone=True)
    assert told(world).reason == "TenantGone"
    assert "billing goes on" in told(world).message


# ---------------------------------------------------------------- refusals


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


# ---------------------------------------------------------------- deletion that is held up


@pytest.mark.parametrize("stalled", [True, False])
def test_what_holds_a_deletion_up_is_told(stalled: bool) -> None:
    before = with_status(refused())
    status = report.stalled_status(before, Finding(Reason.BRAKE_ENGAGED, "Held.", stalled=stalled))
    ready = find_condition(status.conditions, READY)
    assert ready is not None
    assert (ready.status, ready.reason, ready.message) == ("False", "BrakeEngaged", "Held.")
    assert (find_condition(status.conditions, STALLED) is not None) is stalled


# ---------------------------------------------------------------- news


def between(before: World, after: World) -> list[tuple[str, str]]:
    told = news.between(status_of(before, decide(before)), status_of(after, decide(after)))
    return [(each.type, each.reason) for each in told]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        pytest.param(a_world(), a_world(totals=Totals(users=3)), [], id="figures that moved are no news"),
        pytest.param(
            an_unborn_world(),
            a_world(tenant=None),
            [],
            id="the ordinary way of a new tenant is told by its conditions: subscribed and paid",
        ),
        pytest.param(a_world(tenant=None), a_world(), [], id="and its tenant made"),
        pytest.param(
            a_world(),
            a_world(subscriptions=(a_subscription(id="sub_2"),)),
            [("Normal", "Subscribed")],
            id="a successor pays",
        ),
        pytest.param(
            a_world(),
            a_world(
                subscriptions=(overdue_for(DAY),), tenant=a_tenant(TenantState.FLAGGED, Description.FLAGGED)
            ),
            [("Warning", "TenantFlagged"), ("Warning", "PastDue")],
            id="the payment failed",
        ),
        pytest.param(
            a_world(tenant=a_tenant(TenantState.SUSPENDED, Description.UNPAID)),
            a_world(),
            [("Normal", "TenantApproved")],
            id="approved again",
        ),
        pytest.param(
            a_world(),
            a_world(tenant=None, tenant_gone=True),
            [("Warning", "TenantAbsent"), ("Warning", "TenantGone")],
            id="the tenant was deleted",
        ),
        pytest.param(
            a_world(), a_world(rivals=("sub_8",)), [("Warning", "DuplicateSubscription")], id="a finding"
        ),
        pytest.param(a_world(rivals=("sub_8",)), a_world(rivals=("sub_8",)), [], id="a finding is told once"),
        pytest.param(
            a_world(),
            a_world(subscriptions=(a_subscription("incomplete"),)),
            [("Normal", "AwaitingPayment")],
            id="waits",
        ),
        pytest.param(
            a_world(),
            a_world(
                a_tenant_subscription(plan="pro"),
                subscriptions=(
                    a_subscription(
                        items=(replace(a_world().subscriptions[0].items[0], price_id="price_pro"),)
                    ),
                ),
            ),
            [("Normal", "PlanChanged")],
            id="the plan in force changed",
        ),
    ],
)
def test_what_is_worth_telling(before: World, after: World, told: list[tuple[str, str]]) -> None:
    assert between(before, after) == told


def test_a_first_status_tells_what_is_wrong_at_once() -> None:
    blank = a_tenant_subscription().status
    after = a_world(rivals=("sub_8",), tenant=None)
    told = news.between(blank, status_of(after, decide(after)))
    assert [each.reason for each in told] == ["DuplicateSubscription"]


def _reason(world: World, condition_type: ConditionType) -> str:
    found = find_condition(status_of(world, decide(world)).conditions, condition_type)
    return found.reason if found is not None else ""


def test_a_tenant_that_is_not_found_once_is_no_news() -> None:
    settled = with_status(a_world())
    missing = replace(settled, tenant=None, tenant_missing=True)
    assert told(missing).reason == Reason.PROVISIONED
    assert _reason(missing, ConditionType.TENANT_SYNCED) == Reason.PENDING
    unready = replace(missing, resource=a_tenant_subscription(status=NOT_READY))
    assert told(unready).reason == Reason.AWAITING_PAYMENT


def test_nothing_is_told_of_how_somebody_else_s_tenant_is_paid_for() -> None:
    claimed = a_tenant(attributes={"tenant-subscription": "default/elsewhere/acme"})
    overdue = overdue_for(DAY)
    world = a_world(a_tenant_subscription(), tenant=claimed, subscriptions=(overdue,))
    status = status_of(world, decide(world))
    assert status.to_kubernetes().keys() == {"conditions", "observedGeneration", "tenantState"}
    assert _reason(world, ConditionType.PAYMENT_CURRENT) == Reason.UNKNOWN
    assert _reason(world, ConditionType.WITHIN_LIMITS) == Reason.UNKNOWN


def test_what_an_object_has_on_record_it_goes_on_telling_though_the_tenant_is_somebody_else_s() -> None:
    claimed = a_tenant(attributes={"tenant-subscription": "default/elsewhere/acme"})
    world = replace(with_status(a_world()), tenant=claimed)
    status = status_of(world, decide(world))
    assert (status.customer_id, status.subscription_id) == ("cus_1", "sub_1")
    assert status.tenant_state is TenantState.UNKNOWN


def test_a_tenant_that_the_brake_holds_says_so_beside_why_it_should_lose_access() -> None:
    world = replace(a_world(subscriptions=(a_subscription("canceled", ended_at=NOW),)), held=True)
    assert told(world).reason == Reason.SUBSCRIPTION_ENDED
    assert _reason(world, ConditionType.TENANT_SYNCED) == Reason.BRAKE_ENGAGED

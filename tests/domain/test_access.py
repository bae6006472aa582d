from datetime import timedelta

import pytest

from subscription_builders import DAY, NOW, a_subscription, a_tenant, an_invoice, overdue_for
from tenant_billing.api.billing_plan import CollectionPausedPolicy, PastDue
from tenant_billing.api.conditions import ConditionStatus
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import AccessPolicy, TenantState
from tenant_billing.domain import access
from tenant_billing.domain.access import Access, Standing, is_ours_to_lift, judge, past_due_since
from tenant_billing.domain.observations import Subscription
from tenant_billing.domain.state_descriptions import Description

STAGES = PastDue(flag_after=DAY, freeze_after=3 * DAY, suspend_after=7 * DAY)
SECOND = timedelta(seconds=1)


def judged(
    subscription: Subscription | None,
    stages: PastDue = STAGES,
    collection_paused: CollectionPausedPolicy = CollectionPausedPolicy.KEEP_ACTIVE,
    policy: AccessPolicy = AccessPolicy.FOLLOW_BILLING,
) -> Standing:
    return judge(subscription, stages, collection_paused, policy, NOW)


@pytest.mark.parametrize(
    ("subscription", "meaning", "description", "payment", "current"),
    [
        pytest.param(None, Access.KEEP, "", Reason.AWAITING_PAYMENT, "False", id="nothing was bought yet"),
        pytest.param(
            a_subscription("incomplete"),
            Access.KEEP,
            "",
            Reason.AWAITING_PAYMENT,
            "False",
            id="incomplete: no payment has succeeded, what exists is left as it is",
        ),
        pytest.param(
            a_subscription("trialing"), Access.APPROVED, "", Reason.TRIALING, "True", id="a trial is access"
        ),
        pytest.param(a_subscription("active"), Access.APPROVED, "", Reason.PAID, "True", id="active is paid"),
        pytest.param(
            a_subscription("active", cancel_at_period_end=True),
            Access.APPROVED,
            "",
            Reason.PAID,
            "True",
            id="active until the period ends: access was paid until then",
        ),
        pytest.param(
            a_subscription("unpaid"),
            Access.SUSPENDED,
            Description.UNPAID,
            Reason.UNPAID,
            "False",
            id="unpaid: retries are exhausted",
        ),
        pytest.param(
            a_subscription("paused"),
            Access.SUSPENDED,
            Description.PAUSED,
            Reason.PAUSED,
            "False",
            id="paused: service delivery is suspended by definition",
        ),
        pytest.param(
            a_subscription("canceled"),
            Access.SUSPENDED,
            Description.ENDED,
            Reason.ENDED,
            "False",
            id="canceled: over for good",
        ),
        pytest.param(
            a_subscription("incomplete_expired"),
            Access.SUSPENDED,
            Description.ENDED,
            Reason.ENDED,
            "False",
            id="never paid within 23 hours",
        ),
        pytest.param(
            a_subscription("frozen_by_regulator"),
            Access.KEEP,
            "",
            Reason.UNKNOWN,
            "Unknown",
            id="a status that does not exist today changes nothing",
        ),
    ],
)
def test_each_status_means_one_thing(
    subscription: Subscription | None, meaning: Access, description: str, payment: Reason, current: str
) -> None:
    standing = judged(subscription)
    assert (standing.access, standing.description) == (meaning, description)
    assert (standing.payment, standing.payment_status) == (payment, current)


@pytest.mark.parametrize(
    ("stages", "overdue", "meaning", "frozen"),
    [
        pytest.param(STAGES, timedelta(0), Access.APPROVED, False, id="just overdue: before flagAfter"),
        pytest.param(STAGES, DAY - SECOND, Access.APPROVED, False, id="a second before flagAfter"),
        pytest.param(STAGES, DAY, Access.FLAGGED, False, id="at flagAfter"),
        pytest.param(STAGES, DAY + SECOND, Access.FLAGGED, False, id="a second after flagAfter"),
        pytest.param(STAGES, 3 * DAY - SECOND, Access.FLAGGED, False, id="a second before freezeAfter"),
        pytest.param(STAGES, 3 * DAY, Access.FLAGGED, True, id="at freezeAfter"),
        pytest.param(STAGES, 3 * DAY + SECOND, Access.FLAGGED, True, id="a second after freezeAfter"),
        pytest.param(STAGES, 7 * DAY - SECOND, Access.FLAGGED, True, id="a second before suspendAfter"),
        pytest.param(STAGES, 7 * DAY, Access.SUSPENDED, False, id="at suspendAfter"),
        pytest.param(STAGES, 7 * DAY + SECOND, Access.SUSPENDED, False, id="a second after suspendAfter"),
        pytest.param(
            PastDue(suspend_after=DAY), timedelta(0), Access.FLAGGED, False, id="flagAfter zero flags at once"
        ),
        pytest.param(
            PastDue(suspend_after=timedelta(0)),
            timedelta(0),
            Access.SUSPENDED,
            False,
            id="suspendAfter zero suspends at once",
        ),
        pytest.param(
            PastDue(flag_after=DAY, freeze_after=DAY, suspend_after=DAY),
            DAY - SECOND,
            Access.APPROVED,
            False,
            id="equal stages: none is reached a second before",
        ),
        pytest.param(
            PastDue(flag_after=DAY, freeze_after=DAY, suspend_after=DAY),
            DAY,
            Access.SUSPENDED,
            False,
            id="equal stages: the hardest wins",
        ),
        pytest.param(
            PastDue(flag_after=DAY, freeze_after=DAY, suspend_after=2 * DAY),
            DAY,
            Access.FLAGGED,
            True,
            id="flag and freeze at the same moment",
        ),
        pytest.param(
            PastDue(suspend_after=504 * timedelta(hours=1)),
            20 * DAY,
            Access.FLAGGED,
            False,
            id="without freezeAfter nothing is frozen",
        ),
        pytest.param(STAGES, -DAY, Access.APPROVED, False, id="a due date to come reaches no stage"),
    ],
)
def test_the_stages_of_an_overdue_payment(
    stages: PastDue, overdue: timedelta, meaning: Access, frozen: bool
) -> None:
    standing = judged(overdue_for(overdue), stages)
    assert (standing.access, standing.frozen) == (meaning, frozen)
    assert standing.past_due_since == NOW - overdue


def test_flagged_is_described_as_the_tenant_billing_server_does() -> None:
    assert judged(overdue_for(2 * DAY)).description == "Stripe subscription past due"


@pytest.mark.parametrize(
    ("overdue", "next_change"),
    [
        pytest.param(timedelta(0), NOW + DAY, id="next is the flag"),
        pytest.param(DAY, NOW + 2 * DAY, id="flagged: next is the freeze"),
        pytest.param(3 * DAY, NOW + 4 * DAY, id="frozen: next is the suspension"),
        pytest.param(7 * DAY, None, id="suspended: nothing follows by itself"),
    ],
)
def test_the_judgement_says_when_it_changes_by_itself(overdue: timedelta, next_change: object) -> None:
    assert judged(overdue_for(overdue)).next_change == next_change


def test_the_suspension_is_announced_while_it_can_be_averted() -> None:
    assert judged(overdue_for(2 * DAY)).suspension_time == NOW + 5 * DAY
    assert judged(overdue_for(8 * DAY)).suspension_time is None


def test_without_a_known_time_only_a_flag_of_zero_delay_is_reached() -> None:
    unknown = a_subscription("past_due")
    assert judged(unknown).access is Access.APPROVED
    at_once = judged(unknown, PastDue(freeze_after=timedelta(0), suspend_after=timedelta(0)))
    assert (at_once.access, at_once.frozen, at_once.next_change) == (Access.FLAGGED, False, None)


@pytest.mark.parametrize(
    ("open_invoices", "latest", "since"),
    [
        pytest.param(None, None, None, id="no invoice was read: not known"),
        pytest.param((), None, None, id="no invoice at all: not known"),
        pytest.param(
            (an_invoice(due_date=NOW - 2 * DAY), an_invoice(due_date=NOW - 9 * DAY)),
            None,
            NOW - 9 * DAY,
            id="the earliest due date of the open ones",
        ),
        pytest.param(
            (an_invoice(finalized_at=NOW - 5 * DAY),), None, NOW - 5 * DAY, id="no due date: finalisation"
        ),
        pytest.param(
            (an_invoice(due_date=NOW - DAY, finalized_at=NOW - 15 * DAY),),
            None,
            NOW - DAY,
            id="the due date goes before the finalisation",
        ),
        pytest.param(
            (),
            an_invoice("uncollectible", finalized_at=NOW - 6 * DAY),
            NOW - 6 * DAY,
            id="without an open invoice, the latest one's",
        ),
        pytest.param(
            (an_invoice(due_date=NOW - DAY),),
            an_invoice("void", due_date=NOW - 30 * DAY),
            NOW - DAY,
            id="an open invoice goes before the latest one",
        ),
        pytest.param(
            (an_invoice("paid", due_date=NOW - 30 * DAY),),
            an_invoice(due_date=NOW - DAY),
            NOW - DAY,
            id="an invoice that was paid meanwhile is not open",
        ),
        pytest.param(
            (an_invoice(finalized_at=None),), None, None, id="an invoice without any time tells nothing"
        ),
    ],
)
def test_past_due_since_is_derived_from_the_invoices_alone(
    open_invoices: object, latest: object, since: object
) -> None:
    subscription = a_subscription("past_due", open_invoices=open_invoices, latest_invoice=latest)
    assert past_due_since(subscription) == since


@pytest.mark.parametrize("status", ["active", "trialing"])
@pytest.mark.parametrize(
    ("policy", "meaning", "description"),
    [
        pytest.param(CollectionPausedPolicy.KEEP_ACTIVE, Access.APPROVED, "", id="offered free of charge"),
        pytest.param(
            CollectionPausedPolicy.SUSPEND,
            Access.SUSPENDED,
            Description.COLLECTION_PAUSED,
            id="the plan says to suspend",
        ),
    ],
)
def test_paused_collection_is_as_the_plan_says(
    status: str, policy: CollectionPausedPolicy, meaning: Access, description: str
) -> None:
    standing = judged(a_subscription(status, collection_paused=True), collection_paused=policy)
    assert (standing.access, standing.description) == (meaning, description)
    assert standing.payment is Reason.COLLECTION_PAUSED


@pytest.mark.parametrize("policy", CollectionPausedPolicy)
def test_past_due_with_paused_collection_is_past_due(policy: CollectionPausedPolicy) -> None:
    paused = overdue_for(2 * DAY, collection_paused=True)
    assert judged(paused, collection_paused=policy) == judged(overdue_for(2 * DAY))


@pytest.mark.parametrize("policy", [AccessPolicy.KEEP_ACTIVE, AccessPolicy.SUSPEND])
def test_where_an_administrator_decides_nothing_is_frozen_and_no_suspension_is_announced(
    policy: AccessPolicy,
) -> None:
    """A pilot that is kept active by hand keeps its limits, however long a payment is overdue."""
    overdue = overdue_for(4 * DAY)
    assert judged(overdue).frozen
    standing = judged(overdue, policy=policy)
    assert (standing.frozen, standing.suspension_time) == (False, None)


@pytest.mark.parametrize("status", [*sorted(access.KNOWN), "frozen_by_regulator", None])
def test_keep_active_approves_whatever_the_payments_say(status: str | None) -> None:
    subscription = None if status is None else overdue_for(9 * DAY, status=status)
    followed = judged(subscription)
    kept = judged(subscription, policy=AccessPolicy.KEEP_ACTIVE)
    assert (kept.access, kept.description, kept.frozen) == (Access.APPROVED, "", False)
    assert kept.suspension_time is None
    assert (kept.payment, kept.payment_status) == (followed.payment, followed.payment_status)


@pytest.mark.parametrize("status", ["active", "trialing", "unpaid", "canceled"])
def test_suspend_says_that_an_administrator_did_it_and_that_billing_goes_on(status: str) -> None:
    standing = judged(a_subscription(status), policy=AccessPolicy.SUSPEND)
    assert (standing.access, standing.description) == (Access.SUSPENDED, Description.ADMINISTRATOR)
    assert "billing goes on" in standing.message
    assert standing.payment is judged(a_subscription(status)).payment


def test_every_description_of_a_suspension_of_ours_begins_with_billing() -> None:
    assert {each for each in Description if not each.startswith("Billing: ")} == {Description.FLAGGED}


@pytest.mark.parametrize(
    ("state", "description", "written_by_us", "ours"),
    [
        *(
            pytest.param(state, text, True, True, id=f"{state}: {text}")
            for state in (TenantState.FLAGGED, TenantState.SUSPENDED)
            for text in Description
        ),
        pytest.param(
            TenantState.SUSPENDED, "", False, True, id="the Tenant Billing Server suspends without a word"
        ),
        pytest.param(
            TenantState.SUSPENDED, "", True, False, id="we never suspend without a word: somebody else did"
        ),
        pytest.param(TenantState.SUSPENDED, "abuse", False, False, id="an abuse suspension stays"),
        pytest.param(
            TenantState.SUSPENDED,
            "Billing: fraud",
            True,
            False,
            id="the list is closed, the prefix is not enough",
        ),
        pytest.param(TenantState.FLAGGED, "under review", True, False, id="a flag of somebody else's"),
        pytest.param(TenantState.REJECTED, "", False, False, id="a rejection is never ours"),
        pytest.param(
            TenantState.REQUESTED,
            Description.UNPAID,
            True,
            False,
            id="a request is never ours, whatever it says",
        ),
        pytest.param(TenantState.APPROVED, "", True, False, id="an approved tenant has nothing to lift"),
    ],
)
def test_only_what_we_did_is_ours_to_lift(
    state: TenantState, description: str, written_by_us: bool, ours: bool
) -> None:
    tenant = a_tenant(state, description)
    assert is_ours_to_lift(tenant, state_written_by_us=written_by_us) is ours


def test_a_time_to_pay_is_said_without_a_time_in_the_message() -> None:
    assert not any(character.isdigit() for character in judged(overdue_for(2 * DAY)).message)
    assert judged(overdue_for(2 * DAY)).payment_status is ConditionStatus.FALSE

"""The rule of access: what the subscription that counts means for the tenant (product.md, "The rule of access").

Statuses of the provider are compared in this package only. A status that is not in these tables keeps the tenant
as it is (T-22): new ones may come, and an outage must never lock a payer out.
"""

import enum
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from tenant_billing.api.billing_plan import CollectionPausedPolicy, PastDue
from tenant_billing.api.conditions import ConditionStatus
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import AccessPolicy, TenantState
from tenant_billing.domain.observations import Subscription, Tenant
from tenant_billing.domain.state_descriptions import Description, own_words

ACTIVE: Final = "active"
IN_GOOD_STANDING: Final = frozenset({ACTIVE, "trialing"})
PAST_DUE: Final = "past_due"
INCOMPLETE: Final = "incomplete"
PAUSED: Final = "paused"
REVOKED: Final = frozenset({"unpaid", PAUSED})
ENDED: Final = frozenset({"canceled", "incomplete_expired"})
KNOWN: Final = IN_GOOD_STANDING | {PAST_DUE, INCOMPLETE} | REVOKED | ENDED


class Access(enum.StrEnum):
    """What a tenant should be."""

    KEEP = "Keep"
    """As it is: nothing is known that would justify a change."""
    APPROVED = "Approved"
    FLAGGED = "Flagged"
    SUSPENDED = "Suspended"


@dataclass(frozen=True)
class Standing:
    """What the payments say, and what follows from it.

    Attributes:
        access: What the tenant should be.
        description: The ``state_description`` that goes with it; empty when approved.
        payment: Reason of the condition ``PaymentCurrent``.
        payment_status: Its status.
        message: Its message, which names the remedy.
        frozen: Whether limits are lowered to what existed.
        past_due_since: Since when a payment is overdue.
        suspension_time: When the tenant will be suspended if nothing changes.
        next_change: When this judgement changes by itself.
    """

    access: Access
    payment: Reason
    payment_status: ConditionStatus
    message: str = ""
    description: str = ""
    frozen: bool = False
    past_due_since: datetime | None = None
    suspension_time: datetime | None = None
    next_change: datetime | None = None


NO_SUBSCRIPTION: Final = Standing(
    Access.KEEP, Reason.AWAITING_PAYMENT, ConditionStatus.FALSE, "There is no subscription yet."
)

UNKNOWN: Final = Standing(
    Access.KEEP,
    Reason.UNKNOWN,
    ConditionStatus.UNKNOWN,
    "The subscription could not be read; the tenant is kept as it is.",
)


UNJUDGED: Final = Standing(
    Access.KEEP,
    Reason.UNKNOWN,
    ConditionStatus.UNKNOWN,
    "What the payments mean for the tenant is not known without its plan; see Ready.",
)


def past_due_since(subscription: Subscription) -> datetime | None:
    """Since when a payment is overdue, derived from the invoices alone so that it survives the loss of the cluster.

    Of the open invoices the earliest ``due_date``, else time of finalisation; without an open invoice, the latest
    one's. None where no invoice was read.
    """
    open_ = [invoice for invoice in subscription.open_invoices or () if invoice.status == "open"]
    latest = (subscription.latest_invoice,) if subscription.latest_invoice else ()
    times = [time for invoice in open_ or latest if (time := invoice.due_date or invoice.finalized_at)]
    return min(times, default=None)


def judge(
    subscription: Subscription | None,
    past_due: PastDue,
    collection_paused: CollectionPausedPolicy,
    access_policy: AccessPolicy,
    now: datetime,
) -> Standing:
    """Judge one tenant.

    Args:
        subscription: The one that counts, or None where there is none.
        past_due: Stages of the plan in force.
        collection_paused: What paused collection means in the plan in force.
        access_policy: The object's.
        now: The account's time.
    """
    return under(access_policy, _by_payment(subscription, past_due, collection_paused, now))


def under(policy: AccessPolicy, standing: Standing) -> Standing:
    """What an object's ``accessPolicy`` makes of what the payments say; it holds whatever they say."""
    if policy is AccessPolicy.FOLLOW_BILLING:
        return standing
    if policy is AccessPolicy.KEEP_ACTIVE:
        return replace(
            standing,
            access=Access.APPROVED,
            description="",
            frozen=False,
            suspension_time=None,
            message=f"{standing.message} accessPolicy: KeepActive keeps the tenant approved.".strip(),
        )
    return replace(
        standing,
        access=Access.SUSPENDED,
        description=Description.ADMINISTRATOR,
        frozen=False,
        suspension_time=None,
        message=f"{standing.message} accessPolicy: Suspend keeps the tenant suspended; billing goes on.".strip(),
    )


def _by_payment(
    subscription: Subscription | None,
    past_due: PastDue,
    collection_paused: CollectionPausedPolicy,
    now: datetime,
) -> Standing:
    if subscription is None:
        return NO_SUBSCRIPTION
    status = subscription.status
    if status == PAST_DUE:
        return _overdue(subscription, past_due, now)
    if status in IN_GOOD_STANDING:
        return _in_good_standing(subscription, collection_paused)
    return _FIXED.get(status) or Standing(
        Access.KEEP,
        Reason.UNKNOWN,
        ConditionStatus.UNKNOWN,
        f"The subscription's status {status!r} is not known to this version; the tenant is kept as it is.",
    )


def _in_good_standing(subscription: Subscription, collection_paused: CollectionPausedPolicy) -> Standing:
    if subscription.collection_paused:
        keeps = collection_paused is CollectionPausedPolicy.KEEP_ACTIVE
        return Standing(
            Access.APPROVED if keeps else Access.SUSPENDED,
            Reason.COLLECTION_PAUSED,
            ConditionStatus.TRUE if keeps else ConditionStatus.FALSE,
            "Collection of payments is paused in Stripe.",
            "" if keeps else Description.COLLECTION_PAUSED,
        )
    if subscription.status == "trialing":
        return Standing(Access.APPROVED, Reason.TRIALING, ConditionStatus.TRUE, "The trial is running.")
    return Standing(Access.APPROVED, Reason.PAID, ConditionStatus.TRUE)


def _overdue(subscription: Subscription, stages: PastDue, now: datetime) -> Standing:
    """Judge by the time since it is past due; without a known time nothing but the first stage is reached."""
    since = past_due_since(subscription)
    start = since or now
    suspension = start + stages.suspend_after
    freeze = start + stages.freeze_after if stages.freeze_after is not None else None
    flag = start + stages.flag_after
    if since is not None and now >= suspension:
        return Standing(
            Access.SUSPENDED,
            Reason.GRACE_EXPIRED,
            ConditionStatus.FALSE,
            "The payment is overdue for longer than the plan allows; "
            "the tenant is approved again once the open invoices are paid.",
            Description.PAST_DUE,
            past_due_since=since,
        )
    flagged = now >= flag
    later = [moment for moment in (flag, freeze, suspension) if moment is not None and moment > now]
    return Standing(
        Access.FLAGGED if flagged else Access.APPROVED,
        Reason.PAST_DUE,
        ConditionStatus.FALSE,
        "The payment is overdue; the customer pays at status.hostedInvoiceURL.",
        Description.FLAGGED if flagged else "",
        frozen=since is not None and freeze is not None and now >= freeze,
        past_due_since=since,
        suspension_time=suspension if since is not None else None,
        next_change=min(later, default=None) if since is not None else None,
    )


_FIXED: Final = {
    INCOMPLETE: Standing(
        Access.KEEP,
        Reason.AWAITING_PAYMENT,
        ConditionStatus.FALSE,
        "The first payment is outstanding; the customer pays at status.hostedInvoiceURL.",
    ),
    "unpaid": Standing(
        Access.SUSPENDED,
        Reason.UNPAID,
        ConditionStatus.FALSE,
        "Stripe has stopped trying to collect; the customer must pay the latest invoice.",
        Description.UNPAID,
    ),
    PAUSED: Standing(
        Access.SUSPENDED,
        Reason.PAUSED,
        ConditionStatus.FALSE,
        "The subscription is paused; resume it in Stripe.",
        Description.PAUSED,
    ),
    "canceled": Standing(
        Access.SUSPENDED,
        Reason.ENDED,
        ConditionStatus.FALSE,
        "The subscription has ended.",
        Description.ENDED,
    ),
    "incomplete_expired": Standing(
        Access.SUSPENDED,
        Reason.ENDED,
        ConditionStatus.FALSE,
        "The first payment was not made in time; the subscription has ended.",
        Description.ENDED,
    ),
}


def is_ours_to_lift(tenant: Tenant, *, state_written_by_us: bool) -> bool:
    """Whether a tenant's flag or suspension is the operator's doing, or the Tenant Billing Server's.

    Only what we did is undone. An empty description counts as the Tenant Billing Server's, and only on a tenant
    whose state we have never written.
    """
    if tenant.state not in (TenantState.FLAGGED, TenantState.SUSPENDED):
        return False
    if not tenant.state_description:
        return not state_written_by_us
    return own_words(tenant.state_description) is not None

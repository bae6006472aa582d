"""How much money is overdue: what is still to be paid of the open invoices of overdue subscriptions."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.access import PAST_DUE
from tenant_billing.domain.observations import Invoice

_OVERDUE = frozenset({PAST_DUE, "unpaid"})


def overdue_subscriptions(resources: Iterable[TenantSubscription]) -> frozenset[str]:
    """Ids of the subscriptions of ours whose customer has not paid in time."""
    return frozenset(
        each.status.subscription_id
        for each in resources
        if each.status.subscription_id is not None and each.status.subscription_status in _OVERDUE
    )


def amount_at_risk(
    overdue: Collection[str], open_invoices: Mapping[str, Iterable[Invoice]]
) -> Mapping[str, int]:
    """Minor units by currency.

    Args:
        overdue: Ids of subscriptions.
        open_invoices: Of one account, by subscription.
    """
    amounts: Counter[str] = Counter()
    for subscription_id, invoices in open_invoices.items():
        if subscription_id in overdue:
            for each in invoices:
                amounts[each.currency] += each.amount_remaining
    return amounts

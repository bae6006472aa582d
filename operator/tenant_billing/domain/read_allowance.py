"""How often an account may be read although nothing happened: within the provider's monthly allowance of reads.

Stripe allows 500 reads for each transaction, averaged over 30 days, and at least 10,000 a month (stripe.md 5.4). What
timers read must fit into a part of that however small the account is; the rest is for fresh reads before decisions,
for starts, and for other programs on the account.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tenant_billing.domain.access import ACTIVE
from tenant_billing.domain.observations import Price, Subscription

MONTH: Final = 30 * 86_400.0
"""Seconds over which reads are counted."""
LEAST_ALLOWANCE: Final = 10_000
READS_PER_TRANSACTION: Final = 500
PAGE: Final = 100
"""Objects per read of a list (stripe.md 6)."""

ACCOUNT_INTERVAL: Final = 3600.0
"""Seconds after which the account is asked again whose it is: one read."""
ENDPOINT_INTERVAL: Final = 6 * 3600.0
"""Seconds after which the webhook endpoints are looked at again (stripe.md 3.2: "read status daily"): one read."""
LISTING_INTERVAL: Final = 6 * 3600.0
"""Seconds between two full listings where the allowance does not ask for more (stripe.md 6)."""

_SHARE_OF_EVENTS: Final = 0.5
"""Of the allowance: what the event list may take."""
_SHARE_OF_TIMERS: Final = 0.75
"""Of the allowance: what all timers together may take."""
_AT_LEAST_MONTHLY: Final = frozenset({"day", "week", "month"})


@dataclass(frozen=True)
class AccountSize:
    """How much an account holds.

    Attributes:
        objects: How many of each list that a full listing reads; every list is at least one read.
        transactions: Payments a month that can be counted on.
    """

    objects: tuple[int, ...]
    transactions: int = 0

    @property
    def allowance(self) -> int:
        """Reads a month."""
        return max(LEAST_ALLOWANCE, READS_PER_TRANSACTION * self.transactions)

    @property
    def reads_of_a_listing(self) -> int:
        """Reads of one full listing."""
        return sum(max(1, math.ceil(each / PAGE)) for each in self.objects)


def event_interval(configured: float, size: AccountSize) -> float:
    """Seconds between two readings of the event list that nobody asked for; one read where nothing happened."""
    return max(configured, MONTH / (size.allowance * _SHARE_OF_EVENTS))


def listing_interval(configured_event_interval: float, size: AccountSize) -> float:
    """Seconds between two full listings: what the other timers leave of the allowance."""
    others = MONTH / event_interval(configured_event_interval, size)
    others += MONTH / ACCOUNT_INTERVAL + MONTH / ENDPOINT_INTERVAL
    left = size.allowance * _SHARE_OF_TIMERS - others
    return max(LISTING_INTERVAL, MONTH * size.reads_of_a_listing / left)


def payments_a_month(subscriptions: Iterable[Subscription], prices: Mapping[str, Price]) -> int:
    """How many transactions a month can be counted on: one for each active subscription that is paid that often."""
    return sum(1 for each in subscriptions if each.status == ACTIVE and _is_paid_monthly(each, prices))


def _is_paid_monthly(subscription: Subscription, prices: Mapping[str, Price]) -> bool:
    for item in subscription.items:
        price = prices.get(item.price_id)
        costs = price is not None and price.unit_amount != 0
        if (
            costs
            and item.interval in _AT_LEAST_MONTHLY
            and (item.interval != "month" or item.interval_count == 1)
        ):
            return True
    return False

"""Which subscription counts, of all that name one tenant (product.md, "The rule of access")."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from tenant_billing.api.names import BillingServerMetadata
from tenant_billing.domain.access import ENDED, IN_GOOD_STANDING, INCOMPLETE, PAST_DUE, REVOKED
from tenant_billing.domain.identity import TenantKey, key_of
from tenant_billing.domain.observations import Subscription

_BILLING = IN_GOOD_STANDING | {PAST_DUE}


@dataclass(frozen=True)
class Candidates:
    """The subscriptions of one tenant, judged.

    Attributes:
        counting: The best one, or None where there is none.
        duplicates: Further ones that bill for the same tenant; a person must decide, none is cancelled by us.
        awaiting: A successor of the one that counts, and has ended, whose first payment is outstanding.
        had_trial: Whether any of them, ended ones too, ever had a trial.
    """

    counting: Subscription | None
    duplicates: tuple[Subscription, ...] = ()
    awaiting: Subscription | None = None
    had_trial: bool = False

    @property
    def told(self) -> Subscription | None:
        """The one that the customer has to know of: what awaits a payment before what has ended."""
        return self.awaiting or self.counting


def has_ended(subscription: Subscription) -> bool:
    """Whether it is over for good; an ended subscription cannot be revived."""
    return subscription.status in ENDED


def is_live(subscription: Subscription) -> bool:
    """Whether it has begun and is not over, be it paid or not."""
    return subscription.status in _BILLING | REVOKED


def is_incomplete(subscription: Subscription) -> bool:
    """Whether its first payment is outstanding; only its metadata can be changed meanwhile."""
    return subscription.status == INCOMPLETE


def bills(subscription: Subscription) -> bool:
    """Whether it is live and asks for money, paid or overdue."""
    return subscription.status in _BILLING


def names_tenant(subscription: Subscription, key: TenantKey, known_ids: Collection[str]) -> bool:
    """Whether a subscription of the customer is for this very tenant.

    By an id that the object or the tenant records, by our own mark, or by the documented ``tenant-id`` of a
    successor that was born at the provider.
    """
    if subscription.id in known_ids:
        return True
    marked = key_of(subscription.metadata)
    if marked is not None:
        return marked == key
    return subscription.metadata.get(BillingServerMetadata.TENANT_ID) == key.tenant_id


def choose(subscriptions: Iterable[Subscription]) -> Candidates:
    """Choose the one that counts: the best by status; of equals the older live one, or the newest ended one."""
    ranked = sorted(subscriptions, key=_rank)
    billing = [each for each in ranked if bills(each)]
    counting = ranked[0] if ranked else None
    over = counting is not None and has_ended(counting)
    return Candidates(
        counting=counting,
        duplicates=tuple(billing[1:]),
        awaiting=next(filter(is_incomplete, ranked), None) if over else None,
        had_trial=any(each.trial_start is not None for each in ranked),
    )


def _rank(subscription: Subscription) -> tuple[int, float, float, str]:
    """Order by status, then by age: ``incomplete`` never outranks another, a status we don't know any bad one."""
    status = subscription.status
    created = subscription.created.timestamp()
    if status in IN_GOOD_STANDING:
        return 0, created, 0.0, subscription.id
    if status in ENDED:
        return 4, -_end(subscription).timestamp(), -created, subscription.id
    if status == INCOMPLETE:
        return 5, created, 0.0, subscription.id
    order = 2 if status == PAST_DUE else 3 if status in REVOKED else 1
    return order, created, 0.0, subscription.id


def _end(subscription: Subscription) -> datetime:
    return subscription.ended_at or subscription.created

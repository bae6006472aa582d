"""Changes of a subscription that wait for the end of its period."""

from typing import Protocol

from tenant_billing.domain import requests
from tenant_billing.domain.observations import Subscription
from tenant_billing.ports.work import Subject


class SubscriptionSchedules(Protocol):
    """The schedules of one account's subscriptions (stripe.md 7, "At the period end").

    Every method gives the subscription as it stands after the write, with its schedule, and raises a subclass of
    :class:`tenant_billing.domain.errors.OutsideError`.
    """

    async def attach_schedule(self, subscription_id: str, key: str, subject: Subject) -> Subscription:
        """Attach a schedule under an idempotency key.

        It holds the subscription as it stands, plans nothing, carries no metadata, and releases the subscription when
        the running period ends.
        """
        ...

    async def plan_move(self, move: requests.PeriodEndMove, subject: Subject) -> Subscription:
        """Have an attached schedule move one item at the period's end; whatever else it had planned is dropped."""
        ...

    async def release_schedule(
        self, subscription_id: str, schedule_id: str, subject: Subject
    ) -> Subscription:
        """Take a schedule off its subscription, which stays as it is; one that was taken off already is success."""
        ...

"""Schedules of the subscriptions of one Stripe account (stripe.md 7, "At the period end")."""

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_fields import Fields
from tenant_billing.clients.stripe_objects import to_schedule
from tenant_billing.clients.stripe_schedule_requests import from_period_end_move
from tenant_billing.clients.stripe_subscriptions import StripeSubscriptions
from tenant_billing.domain import requests
from tenant_billing.domain.errors import Refused, StoredFailure, Unreachable
from tenant_billing.domain.observations import Subscription
from tenant_billing.ports import Subject


class StripeSchedules(StripeSubscriptions):
    """Attaches, plans and releases schedules.

    A schedule's answer does not show its subscription, so each write is followed by a read of it. Every method raises a
    subclass of :class:`tenant_billing.domain.errors.OutsideError`.
    """

    async def attach_schedule(self, subscription_id: str, key: str, subject: Subject) -> Subscription:
        """Attach a schedule under an idempotency key; Stripe takes nothing else in the same call."""
        identifier, options = wire.from_id(subscription_id, "subscription"), wire.from_key(key)
        await self._calls.write(
            "CreateSubscriptionSchedule",
            lambda: self._api.subscription_schedules.create_async({"from_subscription": identifier}, options),
            _checked,
            subject,
            key=key,
            owner=self._calls.locks.customer_of(identifier),
        )
        scheduled = await self._read_again(identifier)
        if scheduled.schedule_id is None:
            # The key's schedule was made earlier and has been taken off since: only another key makes another one.
            raise StoredFailure("Stripe, CreateSubscriptionSchedule: the schedule of this key is over")
        return scheduled

    async def plan_move(self, move: requests.PeriodEndMove, subject: Subject) -> Subscription:
        """Replace the phases of a schedule. They are absolute, so that a repetition changes nothing."""
        identifier = wire.from_id(move.schedule_id, "subscription schedule")
        schedule = await self._calls.read(
            "GetSubscriptionSchedule",
            lambda: self._api.subscription_schedules.retrieve_async(identifier),
            _checked,
        )
        parameters = from_period_end_move(move, schedule)
        await self._calls.write(
            "UpdateSubscriptionSchedule",
            lambda: self._api.subscription_schedules.update_async(identifier, parameters),
            _checked,
            subject,
            owner=self._calls.locks.customer_of(move.subscription_id),
        )
        return await self._read_again(move.subscription_id)

    async def release_schedule(
        self, subscription_id: str, schedule_id: str, subject: Subject
    ) -> Subscription:
        """Release a schedule. Stripe refuses one that is over; its subscription tells whether it is."""
        identifier = wire.from_id(schedule_id, "subscription schedule")
        try:
            await self._calls.write(
                "ReleaseSubscriptionSchedule",
                lambda: self._api.subscription_schedules.release_async(identifier),
                _checked,
                subject,
                owner=self._calls.locks.customer_of(subscription_id),
            )
        except Refused:
            left = await self._read_again(subscription_id)
            if left.schedule_id == schedule_id:
                raise
            return left
        return await self._read_again(subscription_id)

    async def _read_again(self, subscription_id: str) -> Subscription:
        """The subscription with its schedule, as it stands now."""
        found = await self.subscription(subscription_id)
        if found is None:
            raise Unreachable(f"Stripe does not find subscription {subscription_id}, which it just had")
        return found


def _checked(fields: Fields) -> Fields:
    to_schedule(fields)
    return fields

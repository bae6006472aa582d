"""Writes to subscriptions of one Stripe account (stripe.md 5 and 7)."""

from typing import Final

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_fields import Fields
from tenant_billing.clients.stripe_objects import to_subscription
from tenant_billing.clients.stripe_subscriptions import StripeSubscriptions, checked
from tenant_billing.domain import requests
from tenant_billing.domain.errors import NotFound
from tenant_billing.domain.observations import Subscription
from tenant_billing.ports import Subject

CANCELED: Final = "canceled"


class StripeSubscriptionWrites(StripeSubscriptions):
    """Changes subscriptions. Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`."""

    async def create_subscription(
        self, request: requests.NewSubscription, key: str, subject: Subject
    ) -> Subscription:
        """Create a subscription under an idempotency key."""
        parameters = wire.from_new_subscription(request)
        fields = await self._calls.create(
            "CreateSubscription",
            self._api.subscriptions.create_async,
            parameters,
            checked,
            subject,
            key=key,
            owner=request.customer_id,
        )
        return await self._after(fields)

    async def change_item(self, change: requests.ItemChange, key: str, subject: Subject) -> Subscription:
        """Put an item on another price under an idempotency key.

        A change that waits for its payment takes no metadata along (stripe.md 7), so the marks follow in a second call,
        after it: were they lost in between, a replay under the same key changes nothing and the marks follow then. The
        second call has no key of the caller's, so that a failure Stripe stores for it cannot stick. Its marks say
        whether the change has taken place.
        """
        identifier = wire.from_id(change.subscription_id, "subscription")
        wire.from_id(change.item_id, "subscription item")
        wire.from_metadata({**change.metadata, **change.metadata_while_waiting})
        parameters, options = wire.from_item_change(change), wire.from_key(key)
        fields = await self._calls.write(
            "UpdateSubscription",
            lambda: self._api.subscriptions.update_async(identifier, parameters, options),
            checked,
            subject,
            key=key,
            owner=self._calls.locks.customer_of(identifier),
        )
        after = await self._after(fields)
        marks = change.metadata_while_waiting if after.pending_change else change.metadata
        if not change.only_when_paid or not marks:
            return after
        return await self.change_subscription(
            identifier, requests.SubscriptionChange(metadata=marks), subject
        )

    async def change_subscription(
        self, subscription_id: str, change: requests.SubscriptionChange, subject: Subject
    ) -> Subscription:
        """Change the rest of a subscription."""
        identifier = wire.from_id(subscription_id, "subscription")
        parameters = wire.from_subscription_change(change)
        fields = await self._calls.write(
            "UpdateSubscription",
            lambda: self._api.subscriptions.update_async(identifier, parameters),
            checked,
            subject,
            owner=self._calls.locks.customer_of(identifier),
        )
        return await self._after(fields)

    async def cancel_subscription(self, subscription_id: str, subject: Subject) -> Subscription:
        """End a subscription at once: no refund, with a final invoice (stripe.md 4.3).

        Stripe does not find a subscription to cancel that has ended already, by a lost answer for example: it is read
        then, and one that has ended is success.
        """
        identifier = wire.from_id(subscription_id, "subscription")
        try:
            fields = await self._calls.write(
                "CancelSubscription",
                lambda: self._api.subscriptions.cancel_async(
                    identifier,
                    {"invoice_now": True, "prorate": False, "expand": [*wire.EXPANDED_OF_SUBSCRIPTION]},
                ),
                checked,
                subject,
                owner=self._calls.locks.customer_of(identifier),
            )
        except NotFound:
            ended = await self.subscription(identifier)
            if ended is None or ended.status != CANCELED:
                raise
            return ended
        return await self._after(fields)

    async def _after(self, fields: Fields) -> Subscription:
        """The subscription as the write left it, with the newest invoice; open ones are read by the next fresh read."""
        whole = await self._with_all_items(fields)
        return self._seen(to_subscription(whole))

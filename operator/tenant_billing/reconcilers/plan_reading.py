"""Reading all that one decision about a BillingPlan is made from: the gather step."""

from collections.abc import Iterator, Mapping
from typing import Final

from tenant_billing.api.billing_plan import BillingPlan, PriceChangePolicy
from tenant_billing.api.names import Annotation
from tenant_billing.domain.counting import has_ended
from tenant_billing.domain.migration_progress import Progress, Subscriber, progress_of
from tenant_billing.domain.observations import Limits, Meter, Subscription
from tenant_billing.domain.offers import offer_of
from tenant_billing.domain.plan_world import PlanWorld
from tenant_billing.domain.price_migration import moves_subscribers
from tenant_billing.reconcilers.account_picture import AccountPicture
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.reporting import Surroundings

ABSENCE_CHECK: Final = 1800.0
"""Seconds between two looks at a price that is not there, or a meter that is not or is inactive: reads are scarce, and
no event of the list tells that this changed."""


class PlanReader:
    """Reads the world of one BillingPlan."""

    def __init__(self, surroundings: Surroundings, accounts: Accounts) -> None:
        self._resources = surroundings.resources
        self._clock = surroundings.clock
        self._accounts = accounts
        self._looked: dict[str, float] = {}
        self._allowed: dict[str, Mapping[str, Limits | None]] = {}

    async def complete(self, resource: BillingPlan, connection: AccountConnection) -> None:
        """Complete the account's picture where it lacks what this plan names, or where that changed outside.

        Raises:
            tenant_billing.domain.errors.OutsideError: The account could not be read.
        """
        picture = connection.picture
        await picture.ready()
        existing = resource.spec.price.existing
        named = (existing.price_id, *existing.accepted_price_ids) if existing is not None else ()
        recorded = (resource.status.price_id, *(each.id for each in resource.status.prices))
        for price_id in dict.fromkeys((*named, *recorded)):
            if price_id is None:
                continue
            unseen = price_id in named and picture.price(price_id) is None
            if picture.is_stale(price_id) or (unseen and self._is_due(resource, price_id, None)):
                self._looked[price_id] = self._clock.monotonic()
                await picture.fresh_price(price_id)
        product_id = resource.status.product_id
        if product_id is not None and picture.is_stale(product_id):
            await picture.fresh_product(product_id)
        await self._complete_meters(resource, picture)

    async def _complete_meters(self, resource: BillingPlan, picture: AccountPicture) -> None:
        meter_ids = set(_meter_ids(resource, picture))
        if resource.spec.price.metered is not None or meter_ids:
            await picture.meters_ready()
        for meter_id in sorted(meter_ids):
            meter = picture.meter(meter_id)
            unusable = meter is None or not meter.active
            if picture.is_stale(meter_id) or (unusable and self._is_due(resource, meter_id, meter)):
                self._looked[meter_id] = self._clock.monotonic()
                await picture.fresh_meter(meter_id)

    def _is_due(self, resource: BillingPlan, id_: str, seen: Meter | None) -> bool:
        """Whether what nobody can use is due for another look, or a person asks for one: reads are scarce."""
        now = self._clock.monotonic()
        never_asked_for = seen is None and id_ not in self._looked
        looked = self._looked.setdefault(id_, now)
        token = resource.metadata.annotations.get(Annotation.RECONCILE)
        asked = token != resource.status.last_handled_reconcile
        return asked or never_asked_for or now - looked >= ABSENCE_CHECK

    def allows_otherwise(self, resource: BillingPlan, connection: AccountConnection) -> bool:
        """Whether the limits on a price of the plan are others than at the last look: metadata was edited there."""
        uid, picture = resource.metadata.uid, connection.picture
        allowed = offer_of(resource, picture.prices_by_id(), picture.meters_by_id()).limits_by_price
        former = self._allowed.get(uid, {})
        self._allowed[uid] = allowed
        return any(former.get(price_id, limits) != limits for price_id, limits in allowed.items())

    def progress(self, resource: BillingPlan, connection: AccountConnection) -> Progress:
        """How far the plan's subscribers have moved to its current price.

        Args:
            resource: The plan, with the status that it is about to get.
            connection: Its account.
        """
        picture = connection.picture
        offer = offer_of(resource, picture.prices_by_id(), picture.meters_by_id())
        if not moves_subscribers(offer):
            return Progress()
        price = picture.price(offer.price_id) if offer.price_id is not None else None
        subscribers = self._subscribers(resource.metadata.name, picture)
        return progress_of(offer, price, connection.owner, subscribers)

    def _movable(self, resource: BillingPlan, picture: AccountPicture) -> tuple[Subscription, ...]:
        if resource.spec.price_change_policy is PriceChangePolicy.NEW_SUBSCRIPTIONS_ONLY:
            return ()
        found = (each.subscription for each in self._subscribers(resource.metadata.name, picture))
        return tuple(each for each in found if not has_ended(each))

    def _subscribers(self, plan: str, picture: AccountPicture) -> Iterator[Subscriber]:
        """The objects that we manage on a plan, with the subscriptions that they record."""
        for each in self._resources.subscriptions_of_plan(plan):
            spec, subscription_id = each.spec, each.status.subscription_id
            ours = spec.plan_ref is not None and spec.plan_ref.name == plan
            if not ours or subscription_id is None or each.metadata.is_being_deleted:
                continue
            subscription = picture.subscription(subscription_id)
            if subscription is not None:
                yield Subscriber(each, subscription)

    def world(self, resource: BillingPlan, connection: AccountConnection) -> PlanWorld:
        """What is known of a plan and its account, without a call."""
        name, backend = resource.metadata.name, resource.spec.backend_ref.name
        users = self._resources.subscriptions_of_plan(name)
        picture = connection.picture
        return PlanWorld(
            resource=resource,
            owner=connection.owner,
            now=self._accounts.now(backend),
            plans=self._resources.plans_of(backend),
            products=picture.products(),
            prices=picture.prices(),
            meters=tuple(picture.meters_by_id().values()),
            subscribers=self._movable(resource, picture),
            users=[f"{each.metadata.namespace}/{each.metadata.name}" for each in users],
        )


def _meter_ids(resource: BillingPlan, picture: AccountPicture) -> Iterator[str]:
    """The meters that a plan counts by, as far as they are known."""
    if resource.status.meter_id is not None:
        yield resource.status.meter_id
    existing = resource.spec.price.existing
    for price_id in (existing.price_id, *existing.accepted_price_ids) if existing is not None else ():
        price = picture.price(price_id)
        if price is not None and price.meter_id is not None:
            yield price.meter_id

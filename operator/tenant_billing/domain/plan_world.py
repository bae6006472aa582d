"""All that one decision about a BillingPlan is made from: read first, decided after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.domain.observations import Meter, Price, Product, Subscription
from tenant_billing.domain.plan import FIRST_OF_TIME, PlanIdentity


@dataclass(frozen=True)
class PlanWorld:
    """Everything that was read for one decision about a plan.

    Attributes:
        resource: The plan.
        owner: ``spec.owner`` of its backend.
        plans: All plans of the backend.
        products: The account's products, archived ones too.
        prices: The account's prices, archived ones too.
        meters: The account's meters, inactive ones too.
        looked: Whether they were listed after the intent was stored.
        refusal: What the provider refused for good in this very generation: it is not asked again.
        subscribers: The live subscriptions of the objects that the plan moves when its price changes.
        users: ``namespace/name`` of every TenantSubscription that uses the plan.
    """

    resource: BillingPlan
    owner: str
    now: datetime
    plans: Sequence[BillingPlan] = ()
    products: Sequence[Product] = ()
    prices: Sequence[Price] = ()
    meters: Sequence[Meter] = ()
    looked: bool = False
    refusal: str = ""
    subscribers: Sequence[Subscription] = ()
    users: Sequence[str] = ()

    @property
    def identity(self) -> PlanIdentity:
        """How the plan is known at the provider."""
        return PlanIdentity(self.owner, self.resource.metadata.name)

    @property
    def own_prices(self) -> tuple[Price, ...]:
        """The prices that we made for this plan, oldest first."""
        own = (each for each in self.prices if self.identity.owns(each.metadata))
        return tuple(sorted(own, key=lambda each: (each.created or FIRST_OF_TIME, each.id)))

    @property
    def published(self) -> Price | None:
        """The price that was published last: the lookup key moves from each to the next, else the recorded one."""
        key, recorded = self.identity.lookup_key, self.resource.status.price_id
        own = self.own_prices
        holders = [each for each in own if each.lookup_key == key] or [
            each for each in own if each.id == recorded
        ]
        newest = holders or list(own)
        return newest[-1] if newest else None

    @property
    def product(self) -> Product | None:
        """The product that we made for this plan: the recorded one, else the one of the published price."""
        own = sorted(
            (each for each in self.products if self.identity.owns(each.metadata)), key=lambda each: each.id
        )
        of_price = self.published.product_id if self.published is not None else None
        for wanted in (self.resource.status.product_id, of_price):
            found = next((each for each in own if each.id == wanted), None)
            if found is not None:
                return found
        return own[0] if own else None

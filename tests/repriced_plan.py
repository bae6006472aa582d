"""A plan whose amount was changed, and who subscribed before that."""

from dataclasses import replace
from typing import Any, Final

from subscription_builders import KEY, PRICES, a_plan, an_item, an_offer
from tenant_billing.domain.world import Offer

OLD: Final = "price_old"
NEW: Final = PRICES["starter"]
FORMER = an_item(OLD)
METERED = an_item(OLD, metered=True, quantity=None)
MARKED = KEY.metadata("starter")


def repriced(policy: str = "AtRenewal", *, former_amount: int = 3900, **changes: Any) -> Offer:
    """Plan ``starter`` after its amount was changed."""
    plan = changes.pop("plan", None) or a_plan(priceChangePolicy=policy)
    revisions = {"prices": [{"id": OLD, "unitAmount": former_amount}, {"id": NEW, "unitAmount": 4900}]}
    plan = plan.model_copy(update={"status": type(plan.status).model_validate(revisions)})
    limits = an_offer().limits_by_price[NEW]
    offer = an_offer(plan, price_ids=frozenset({OLD, NEW}), limits_by_price={OLD: limits, NEW: limits})
    return replace(offer, **changes)

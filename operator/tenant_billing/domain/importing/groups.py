"""Which prices are one plan: those that we made for it, or those of one product with the same terms of billing."""

from collections.abc import Mapping
from dataclasses import dataclass

from tenant_billing.api.names import StripeMetadata
from tenant_billing.domain.importing.sources import Source
from tenant_billing.domain.observations import Price


@dataclass(frozen=True, order=True)
class Group:
    """What the prices of one plan have in common; amounts differ from revision to revision.

    Attributes:
        plan: The plan of this installation that made them, empty where somebody else did.
        product_id: Their product.
        currency: Upper-case ISO 4217.
        interval: ``day``, ``week``, ``month`` or ``year``; empty for a price that is not known.
        interval_count: So many of them.
        metered: Whether usage is reported.
        meter_id: To which meter; empty for a legacy price, whose usage goes to the subscription's item.
    """

    plan: str
    product_id: str
    currency: str = ""
    interval: str = ""
    interval_count: int = 1
    metered: bool = False
    meter_id: str = ""

    @property
    def is_legacy(self) -> bool:
        """Whether usage is reported in the old way, without a meter (stripe.md 4.7)."""
        return self.metered and not self.meter_id


def group_of(price_id: str, source: Source) -> Group:
    """The group that a price belongs to; one that is not known stands alone."""
    price = source.price_by_id.get(price_id)
    if price is None:
        return Group("", price_id)
    plan = plan_of_metadata(price.metadata, source)
    if plan is not None:
        return Group(plan, "", metered=price.metered, meter_id=price.meter_id or "")
    return Group(
        plan="",
        product_id=price.product_id,
        currency=price.currency,
        interval=price.interval or "",
        interval_count=price.interval_count,
        metered=price.metered,
        meter_id=price.meter_id or "",
    )


def plan_of_metadata(metadata: Mapping[str, str], source: Source) -> str | None:
    """The plan of this installation that metadata names, None where it names none."""
    if metadata.get(StripeMetadata.OWNER) != source.names.owner:
        return None
    return metadata.get(StripeMetadata.PLAN) or None


def newest_first(prices: list[Price]) -> list[Price]:
    """Prices that can be sold before those that were taken out of sale; of equals the newest first."""
    return sorted(
        prices,
        key=lambda each: (not each.active, -(each.created.timestamp() if each.created else 0.0), each.id),
    )

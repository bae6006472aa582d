"""The terms of a price: what a plan asks for, as a request, and whether a price that stands has them.

Prices are immutable (stripe.md 7), so other terms are another price.
"""

from decimal import Decimal

from tenant_billing.api.prices import MeteredPrice, RecurringPrice, TaxBehavior
from tenant_billing.domain.observations import Price, PriceTier
from tenant_billing.domain.plan import PlanIdentity
from tenant_billing.domain.requests import NewPrice


def new_price(
    wanted: RecurringPrice | MeteredPrice, product_id: str, meter_id: str | None, identity: PlanIdentity
) -> NewPrice:
    """The current price of a plan.

    Args:
        wanted: What the plan asks for.
        product_id: What is sold.
        meter_id: What counts the usage, for a metered price.
        identity: How the price is known again.
    """
    metered = wanted if isinstance(wanted, MeteredPrice) else None
    return NewPrice(
        product_id=product_id,
        currency=wanted.currency,
        unit_amount=wanted.unit_amount,
        interval=wanted.interval.lower(),
        interval_count=wanted.interval_count,
        tax_behavior=wanted.tax_behavior.lower(),
        lookup_key=identity.lookup_key,
        metadata=identity.metadata,
        unit_amount_decimal=metered.unit_amount_decimal if metered is not None else None,
        meter_id=meter_id,
        tiers=_tiers_of(wanted),
        tiers_mode=metered.tiers_mode.lower() if metered is not None and metered.tiers_mode else None,
    )


def has_terms(seen: Price, wanted: RecurringPrice | MeteredPrice, meter_id: str | None = None) -> bool:
    """Whether a price is what a plan asks for.

    Args:
        seen: The price that stands.
        wanted: What the plan asks for.
        meter_id: What counts the usage, for a metered plan.
    """
    unspecified = wanted.tax_behavior is TaxBehavior.UNSPECIFIED
    return (
        (seen.metered, seen.meter_id) == (isinstance(wanted, MeteredPrice), meter_id)
        and seen.currency == wanted.currency
        and (seen.interval, seen.interval_count) == (wanted.interval.lower(), wanted.interval_count)
        and (unspecified or seen.tax_behavior == wanted.tax_behavior.lower())
        and _has_amount(seen, wanted)
    )


def _has_amount(seen: Price, wanted: RecurringPrice | MeteredPrice) -> bool:
    tiers = _tiers_of(wanted)
    if tiers is None or not seen.tiered:
        return tiers is None and not seen.tiered and seen.exact_amount == _exact_amount(wanted)
    assert isinstance(wanted, MeteredPrice), "only metered prices have tiers"
    assert wanted.tiers_mode is not None, "the definition requires it with tiers"
    # Steps that were not told are no other steps: a new price must not be made of what is unknown.
    same = seen.tiers is None or seen.tiers == tiers
    return same and seen.tiers_mode in (None, wanted.tiers_mode.lower())


def _exact_amount(wanted: RecurringPrice | MeteredPrice) -> Decimal | None:
    if isinstance(wanted, MeteredPrice) and wanted.unit_amount_decimal is not None:
        return wanted.unit_amount_decimal
    return None if wanted.unit_amount is None else Decimal(wanted.unit_amount)


def _tiers_of(wanted: RecurringPrice | MeteredPrice) -> tuple[PriceTier, ...] | None:
    if not isinstance(wanted, MeteredPrice) or wanted.tiers is None:
        return None
    return tuple(
        PriceTier(each.up_to, Decimal(each.unit_amount), Decimal(each.flat_amount)) for each in wanted.tiers
    )

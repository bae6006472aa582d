"""A price as people write it, so that a mistake by a factor of 100 is seen (api.md, rule 4)."""

from decimal import Decimal
from typing import Final

from tenant_billing.domain.money import display_amount, display_period
from tenant_billing.domain.observations import Price, PriceTier

LONGEST: Final = 255
"""Characters that ``status.displayPrice`` holds."""
MOST_TIERS_SHOWN: Final = 3
"""Tiers that are written out; of more the number is told."""


def display_price_of(price: Price) -> str:
    """A price with what it is charged for.

    ``EUR 49.00 / month``, ``EUR 0.005 / device / month``, ``EUR 0.50 up to 100, EUR 0.40 above (graduated) / device /
    month``.
    """
    period = display_period(price.interval, price.interval_count) if price.interval else "once"
    per = f"device / {period}" if price.metered else period
    amount = price.exact_amount
    if amount is not None:
        return f"{display_amount(price.currency, amount)} / {per}"
    if not price.tiers:
        return f"{price.currency} in tiers / {per}"
    mode = f" ({price.tiers_mode})" if price.tiers_mode else ""
    return f"{_display_tiers(price.currency, price.tiers)}{mode} / {per}"[:LONGEST]


def _display_tiers(currency: str, tiers: tuple[PriceTier, ...]) -> str:
    shown = tiers[:MOST_TIERS_SHOWN]
    more = len(tiers) - len(shown)
    texts = [_display_tier(currency, each) for each in shown]
    return ", ".join(texts) + (f" and {more} more" if more else "")


def _display_tier(currency: str, tier: PriceTier) -> str:
    flat = f" + {display_amount(currency, tier.flat_amount)} flat" if tier.flat_amount != Decimal(0) else ""
    reach = "above" if tier.up_to is None else f"up to {tier.up_to}"
    return f"{display_amount(currency, tier.unit_amount)}{flat} {reach}"

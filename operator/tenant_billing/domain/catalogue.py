"""What an account sells, as it was seen: products, prices, and the meters that add up usage."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tenant_billing.domain.nothing import EMPTY


@dataclass(frozen=True)
class Product:
    """What a plan is called where it is sold."""

    id: str
    name: str
    active: bool
    description: str | None = None
    tax_code: str | None = None
    default_price_id: str | None = None
    metadata: Mapping[str, str] = EMPTY


@dataclass(frozen=True)
class PriceTier:
    """One step of a tiered price.

    Attributes:
        up_to: The last quantity of it; None for the last tier, which has no end.
        unit_amount: For each unit, in minor currency units; may be below one.
        flat_amount: Charged once when the tier is reached, in minor currency units.
    """

    up_to: int | None
    unit_amount: Decimal
    flat_amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class Price:
    """One immutable price.

    Attributes:
        unit_amount: Minor currency units; the decimal form holds amounts below one.
        currency: Upper-case ISO 4217.
        interval: ``day``, ``week``, ``month`` or ``year``; None for a one-time price.
        metered: Whether usage is reported instead of a quantity.
        meter_id: What adds the usage up; None for a licensed price, and for an old metered one (stripe.md 4.7).
        tiered: Whether the amount depends on the quantity.
        tiers: Its steps, or None where they were not told.
        tiers_mode: ``graduated`` or ``volume``, of a tiered price.
        tax_behavior: ``unspecified``, ``inclusive`` or ``exclusive``.
    """

    id: str
    product_id: str
    active: bool
    currency: str
    unit_amount: int | None
    unit_amount_decimal: Decimal | None = None
    interval: str | None = None
    interval_count: int = 1
    metered: bool = False
    meter_id: str | None = None
    tiered: bool = False
    tiers: tuple[PriceTier, ...] | None = None
    tiers_mode: str | None = None
    tax_behavior: str = "unspecified"
    lookup_key: str | None = None
    created: datetime | None = None
    metadata: Mapping[str, str] = EMPTY

    @property
    def exact_amount(self) -> Decimal | None:
        """What one unit costs, in minor currency units, below one too; None for tiers."""
        if self.unit_amount_decimal is not None:
            return self.unit_amount_decimal
        return None if self.unit_amount is None else Decimal(self.unit_amount)


@dataclass(frozen=True)
class Meter:
    """What adds up the usage that is reported for each customer.

    Attributes:
        event_name: What every report names; of the active meters each has one of its own.
        active: An inactive one takes no reports, and no new price may count on it.
        formula: How the reports of one period become its quantity: ``last``, ``sum`` or ``count``.
        customer_key: Under which key a report names the customer.
        value_key: Under which key a report holds the quantity.
    """

    id: str
    event_name: str
    active: bool
    formula: str
    customer_key: str
    value_key: str
    created: datetime | None = None

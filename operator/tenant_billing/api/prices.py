"""The three arms of a plan's price."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, PlainSerializer, model_validator

from tenant_billing.api.fields import ApiModel, Count, MinorUnits


def _format_decimal(amount: Decimal) -> str:
    return f"{amount:f}"


DecimalMinorUnits = Annotated[
    Decimal,
    Field(ge=0, max_digits=24, decimal_places=12, allow_inf_nan=False),
    PlainSerializer(_format_decimal),
]
"""An amount below a minor unit, exact: a string in Kubernetes, at most 12 decimals (stripe.md, Price)."""


class Interval(StrEnum):
    """The unit of a billing period."""

    DAY = "Day"
    WEEK = "Week"
    MONTH = "Month"
    YEAR = "Year"


class TaxBehavior(StrEnum):
    """Whether tax is inside the amount."""

    UNSPECIFIED = "Unspecified"
    INCLUSIVE = "Inclusive"
    EXCLUSIVE = "Exclusive"


class TiersMode(StrEnum):
    """How tiers are applied: each to its own part of the quantity, or one to all of it."""

    GRADUATED = "Graduated"
    VOLUME = "Volume"


class DeviceCounting(StrEnum):
    """Which devices count."""

    ALL = "All"
    ONLY_ACTIVATED = "OnlyActivated"


class LimitsFrom(StrEnum):
    """Where the limits of an existing price come from."""

    PRICE_METADATA = "PriceMetadata"
    """The metadata that the Tenant Billing Server documents (``names.PriceMetadata``)."""
    SPEC = "Spec"
    """``spec.entityLimits`` of the plan."""


class PeriodicPrice(ApiModel):
    """What recurring and metered prices share; immutable, as prices are in Stripe."""

    currency: str
    """ISO 4217, upper case."""
    interval: Interval
    interval_count: Annotated[Count, Field(ge=1)] = 1
    tax_behavior: TaxBehavior = TaxBehavior.UNSPECIFIED


class RecurringPrice(PeriodicPrice):
    """The same amount in every period."""

    unit_amount: MinorUnits


class Tier(ApiModel):
    """One step of a tiered price."""

    up_to: Annotated[Count, Field(ge=1)] | None = None
    """The last quantity of this tier; absent in the last tier, which has no end."""
    unit_amount: MinorUnits
    flat_amount: MinorUnits = 0
    """Charged once when the tier is reached."""


class MeteredPrice(PeriodicPrice):
    """An amount for each registered or activated device."""

    unit_amount: MinorUnits | None = None
    unit_amount_decimal: DecimalMinorUnits | None = None
    tiers_mode: TiersMode | None = None
    tiers: tuple[Tier, ...] | None = None
    counting: DeviceCounting = DeviceCounting.ALL
    meter_event_name: str | None = None
    """Absent: a meter of this plan's own."""

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        amounts = (self.unit_amount, self.unit_amount_decimal, self.tiers)
        if sum(amount is not None for amount in amounts) != 1:
            raise ValueError("exactly one of unitAmount, unitAmountDecimal and tiers is required")
        if (self.tiers is None) is not (self.tiers_mode is None):
            raise ValueError("tiersMode is required with tiers, and refused without")
        return self


class ExistingPrice(ApiModel):
    """Adopts prices that stand in Stripe; they are never archived by us."""

    price_id: str
    accepted_price_ids: tuple[str, ...] = ()
    """Prices that also belong to this plan; nobody is moved off them."""
    limits_from: LimitsFrom = LimitsFrom.PRICE_METADATA
    counting: DeviceCounting = DeviceCounting.ALL
    """For a metered price."""


class Price(ApiModel):
    """Exactly one arm; which one is immutable."""

    recurring: RecurringPrice | None = None
    metered: MeteredPrice | None = None
    existing: ExistingPrice | None = None

    @model_validator(mode="after")
    def _one_arm(self) -> Self:
        if sum(arm is not None for arm in (self.recurring, self.metered, self.existing)) != 1:
            raise ValueError("exactly one of recurring, metered and existing is required")
        return self

    @property
    def arm(self) -> RecurringPrice | MeteredPrice | ExistingPrice:
        """The arm that is set."""
        arm = self.recurring or self.metered or self.existing
        assert arm is not None, "the validator saw exactly one"
        return arm

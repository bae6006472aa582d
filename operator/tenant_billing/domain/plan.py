"""What a BillingPlan means: its limits, its prices, and its identity at the provider."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from tenant_billing.api.billing_plan import BillingPlan, BillingPlanSpec
from tenant_billing.api.names import GROUP, PriceMetadata, StripeMetadata
from tenant_billing.api.prices import LimitsFrom
from tenant_billing.domain.limits import as_limits
from tenant_billing.domain.observations import Limits, Price
from tenant_billing.domain.requests import NewProduct

LIMIT_KEYS: Final[Mapping[str, str]] = {
    "applications": PriceMetadata.MAX_APPLICATIONS,
    "clients": PriceMetadata.MAX_CLIENTS,
    "end_devices": PriceMetadata.MAX_END_DEVICES,
    "gateways": PriceMetadata.MAX_GATEWAYS,
    "organizations": PriceMetadata.MAX_ORGANIZATIONS,
    "users": PriceMetadata.MAX_USERS,
}
"""Metadata key of each limit of a price (things-stack.md 1.2)."""

LARGEST_LIMIT: Final = 2**64 - 1
LONGEST_LOOKUP_KEY: Final = 200
LONGEST_EVENT_NAME: Final = 100
_LONGEST_METADATA_VALUE: Final = 500
FIRST_OF_TIME: Final = datetime.min.replace(tzinfo=UTC)
"""What an age that is not known is compared as."""


@dataclass
class UnreadableLimitError(ValueError):
    """A price carries a limit that is no unsigned decimal integer.

    Attributes:
        key: The metadata key.
        value: What it holds.
    """

    key: str
    value: str

    def __str__(self) -> str:
        """Names the key, and what it must hold."""
        return f"metadata {self.key!r} must be an unsigned decimal integer, not {self.value[:40]!r}"


def limits_in(metadata: Mapping[str, str]) -> Limits:
    """The limits that a price's metadata carries; a key that is absent means unlimited.

    Raises:
        UnreadableLimitError: A value is no unsigned decimal integer (things-stack.md 1.2: it fails as a whole).
    """
    found: dict[str, int | None] = {}
    for name, key in LIMIT_KEYS.items():
        text = metadata.get(key)
        if text is None:
            found[name] = None
        elif (number := _unsigned(text)) is not None and number <= LARGEST_LIMIT:
            found[name] = number
        else:
            raise UnreadableLimitError(key, text)
    return found


def _unsigned(text: str) -> int | None:
    """The unsigned decimal integer that a text is, in ASCII digits only."""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_METADATA_VALUE
    return int(text) if is_number else None


def limits_of(plan: BillingPlan, price: Price | None) -> Limits | None:
    """What a plan allows to a tenant on a price of it.

    Args:
        plan: The plan.
        price: The price in force; it counts only where the plan's limits come from price metadata.

    Returns:
        The six limits, or None where they come from a price that was not seen or cannot be read: then nothing changes.
    """
    existing = plan.spec.price.existing
    if existing is None or existing.limits_from is LimitsFrom.SPEC:
        return as_limits(plan.spec.entity_limits)
    if price is None:
        return None
    try:
        return limits_in(price.metadata)
    except UnreadableLimitError:
        return None


def price_ids_of(plan: BillingPlan) -> frozenset[str]:
    """All prices that belong to a plan: named in its spec, or recorded in its status, earlier revisions included."""
    existing = plan.spec.price.existing
    if existing is not None:
        return frozenset({existing.price_id, *existing.accepted_price_ids})
    current = {plan.status.price_id} if plan.status.price_id is not None else set()
    return frozenset({each.id for each in plan.status.prices} | current)


def by_age(plans: Iterable[BillingPlan]) -> tuple[BillingPlan, ...]:
    """Plans, oldest first; of the same age by name."""
    return tuple(
        sorted(
            plans, key=lambda plan: (plan.metadata.creation_timestamp or FIRST_OF_TIME, plan.metadata.name)
        )
    )


def plan_of_price(plans: Iterable[BillingPlan], price_id: str) -> BillingPlan | None:
    """The plan that a price belongs to; where two claim it, the older one (``PriceConflict``)."""
    return next((plan for plan in by_age(plans) if price_id in price_ids_of(plan)), None)


@dataclass(frozen=True)
class PlanIdentity:
    """How a plan's product, prices and meter are known again, also by a new cluster."""

    owner: str
    plan: str

    @property
    def metadata(self) -> dict[str, str]:
        """What our products and prices carry."""
        plan = self.plan[:_LONGEST_METADATA_VALUE]
        return {StripeMetadata.OWNER: self.owner, StripeMetadata.PLAN: plan}

    @property
    def lookup_key(self) -> str:
        """The key that the current price holds; a long name is shortened to a digest."""
        key = f"{GROUP}/{self.owner}/{self.plan}"
        if len(key) <= LONGEST_LOOKUP_KEY:
            return key
        return f"{GROUP}/{self.owner}/{sha256(self.plan.encode()).hexdigest()}"

    @property
    def event_name(self) -> str:
        """What the plan's own meter is known by, which has no metadata; a long name is shortened to a digest."""
        name = f"tenantbilling_{self.owner}_{self.plan}"
        if len(name) <= LONGEST_EVENT_NAME:
            return name
        return f"tenantbilling_{self.owner}_{sha256(self.plan.encode()).hexdigest()}"

    def owns(self, metadata: Mapping[str, str]) -> bool:
        """Whether metadata marks this plan's own."""
        return all(metadata.get(key) == value for key, value in self.metadata.items())


def new_product(spec: BillingPlanSpec, identity: PlanIdentity) -> NewProduct:
    """The product of a plan."""
    return NewProduct(spec.display_name, spec.description, spec.tax.code, identity.metadata)

"""Usage by meter: what the events of a customer add up to in a span of time (stripe.md 4.1)."""

from dataclasses import dataclass, field
from decimal import Decimal

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.memory import Memory

WINDOWS = {"hour": 3600, "day": 86_400}


@dataclass(frozen=True)
class Reading:
    """One meter event as it counts.

    Attributes:
        timestamp: When it was measured, seconds.
        arrival: Order of arrival; decides between readings of one second.
        value: The number reported.
        identifier: The caller's identifier.
        received: When it arrived, on the customer's clock.
    """

    timestamp: int
    arrival: int
    value: Decimal
    identifier: str
    received: int


@dataclass
class Readings:
    """All readings by (event name, customer id); identifiers seen, with the time they were; old records by item."""

    by_customer: dict[tuple[str, str], list[Reading]] = field(default_factory=dict)
    identifiers: dict[str, int] = field(default_factory=dict)
    arrivals: int = 0
    by_item: dict[str, list[Reading]] = field(default_factory=dict)


def within(account: Account, meter: Object, customer: str, start: int, end: int) -> list[Reading]:
    """The readings with ``start <= timestamp < end``, in order of time, then arrival."""
    readings = account.part(Readings).by_customer.get((meter["event_name"], customer), [])
    return sorted(
        (reading for reading in readings if start <= reading.timestamp < end),
        key=lambda reading: (reading.timestamp, reading.arrival),
    )


def aggregate(meter: Object, readings: list[Reading]) -> Decimal:
    """Count, sum, or the last reading; with a time window only the last reading of each window counts."""
    if not readings:
        return Decimal(0)
    window = WINDOWS.get(meter.get("event_time_window") or "")
    if window:
        readings = list({reading.timestamp // window: reading for reading in readings}.values())
    formula = meter["default_aggregation"]["formula"]
    if formula == "count":
        return Decimal(len(readings))
    if formula == "last":
        return readings[-1].value
    return sum((reading.value for reading in readings), Decimal(0))


def quantity(account: Account, subscription: Object, item: Object, start: int, end: int) -> Decimal:
    """The usage that an item bills for a span.

    Nothing from before the subscription (stripe.md 4.3) or the item, nothing that is billed already, and nothing of the
    trial: docs.stripe.com ``billing/subscriptions/trials``, "Combining trials with usage-based billing".
    """
    meter = account.table("billing.meter").get(item["price"]["recurring"].get("meter") or "")
    billed = account.part(Memory).billed_until.get(item["id"], 0)
    since = max(start, subscription["start_date"], subscription["trial_end"] or 0, billed)
    if meter is None:
        return _recorded(account, item, since, end)
    return aggregate(meter, within(account, meter, subscription["customer"], since, end))


def _recorded(account: Account, item: Object, start: int, end: int) -> Decimal:
    """What an item without a meter bills: of the usage records of the period the last one (stripe.md 4.1)."""
    records = account.part(Readings).by_item.get(item["id"], [])
    counted = [record for record in records if start <= record.timestamp < end]
    return (
        max(counted, key=lambda record: (record.timestamp, record.arrival)).value if counted else Decimal(0)
    )

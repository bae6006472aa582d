"""What the provider found wrong with reports that it had taken (stripe.md 4.6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_REMEDIES: Final = MappingProxyType(
    {
        "archived_meter": "the meter was deactivated; reactivate it in Stripe",
        "no_meter": "there is no meter of that event name; see the conditions of the BillingPlan",
        "meter_event_customer_not_found": "the customer does not exist (any more)",
        "meter_event_no_customer_defined": "the meter expects the customer under another key of the report",
        "meter_event_value_not_found": "the meter expects the quantity under another key of the report",
        "meter_event_invalid_value": "the meter expects the quantity under another key of the report",
        "timestamp_too_far_in_past": "the report came more than 35 days late and can be billed no more",
        "timestamp_in_future": "the report came from the future; compare the clock of this node with Stripe's",
    }
)


@dataclass(frozen=True)
class Sample:
    """One report that was not counted.

    Attributes:
        identifier: The report's.
        message: The provider's words.
    """

    identifier: str
    message: str


@dataclass(frozen=True)
class Mistake:
    """One kind of error within a span of time.

    Attributes:
        code: The provider's code; the list of them is open.
        count: How many reports had it.
        samples: Some of them; there may be more.
    """

    code: str
    count: int
    samples: tuple[Sample, ...] = ()


@dataclass(frozen=True)
class MeterErrors:
    """One message of the provider about reports of a span of time.

    Attributes:
        id: Of the message.
        meter_id: Of which meter; None where no meter was found.
    """

    id: str
    meter_id: str | None
    mistakes: tuple[Mistake, ...] = ()


def explanation(code: str) -> str:
    """What a code means, with the remedy, as far as it is known."""
    return f"{code}: {_REMEDIES[code]}" if code in _REMEDIES else code


def codes_by_identifier(errors: Iterable[MeterErrors]) -> dict[str, str]:
    """The code of each report that is named."""
    return {
        sample.identifier: mistake.code
        for each in errors
        for mistake in each.mistakes
        for sample in mistake.samples
    }


def meters_in_doubt(errors: Iterable[MeterErrors]) -> frozenset[str]:
    """The meters of which more reports were not counted than are named: only samples are."""
    return frozenset(
        each.meter_id
        for each in errors
        if each.meter_id is not None and any(one.count > len(one.samples) for one in each.mistakes)
    )

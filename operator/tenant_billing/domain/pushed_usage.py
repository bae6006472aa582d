"""Usage that somebody else counted and sent: what is taken of it, and how it is kept (product.md, "Metering").

A report is kept as an annotation of the tenant's object until the leader has reported it to the meter.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tenant_billing.api.timestamps import format_timestamp
from tenant_billing.domain.metering import CountedTotals
from tenant_billing.domain.observations import Totals

LARGEST_COUNT: Final = 1_000_000_000
"""Devices of one tenant; more is a mistake, and would be billed."""
KEPT_FOR: Final = timedelta(minutes=5)
"""An unchanged figure is written again after so long at the soonest."""
END_DEVICES: Final = "end_devices"
ACTIVATED: Final = "activated_end_devices"
_WHOLE_NUMBER: Final = re.compile(r"[0-9]{1,20}")


class NotAReport(ValueError):
    """The body is no report at all; its text says why."""


@dataclass(frozen=True)
class PushedTotals:
    """One tenant of a report.

    Attributes:
        end_devices: Registered, None where the report does not say.
        activated_end_devices: Likewise.
        problem: Why the entry is not taken.
    """

    tenant_id: str
    end_devices: int | None = None
    activated_end_devices: int | None = None
    problem: str = ""

    def same_as(self, totals: Totals) -> bool:
        """Whether it says what is known already."""
        return (self.end_devices, self.activated_end_devices) == (
            totals.end_devices,
            totals.activated_end_devices,
        )


def read_report(body: bytes) -> Sequence[PushedTotals]:
    """The tenants of a report, as the Tenant Billing Server's pushers send it (things-stack.md 2.8).

    Raises:
        NotAReport: It is not of that form; a single bad entry is told in its place.
    """
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAReport("the body is no JSON") from None
    tenants = report.get("tenants", []) if isinstance(report, dict) else None
    if not isinstance(tenants, list):
        raise NotAReport('expected {"tenants": [{"tenant_id": {"tenant_id": …}, "totals": {…}}]}')
    return [_entry(each) for each in tenants]


def _entry(entry: object) -> PushedTotals:
    fields = entry if isinstance(entry, dict) else {}
    ids = _member(fields, "tenant_id")
    tenant_id = _member(ids, "tenant_id") if isinstance(ids, dict) else None
    if not isinstance(tenant_id, str) or not tenant_id:
        return PushedTotals("", problem="names no tenant")
    totals = fields.get("totals", {})
    if not isinstance(totals, dict):
        return PushedTotals(tenant_id, problem="totals are no object")
    end_devices = _count(_member(totals, END_DEVICES, 0 if totals else None))
    activated = _count(_member(totals, ACTIVATED))
    if end_devices is None or (activated is None and _member(totals, ACTIVATED) is not None):
        return PushedTotals(tenant_id, problem=f"totals are no whole numbers from 0 to {LARGEST_COUNT}")
    # Zeros are left out of the message (things-stack.md 3); where there are devices, it may as well be a version that
    # does not count activated ones, and what is not known is not zero.
    return PushedTotals(tenant_id, end_devices, 0 if end_devices == 0 else activated)


def _member(fields: Mapping[str, Any], name: str, default: Any = None) -> Any:
    """A field in snake_case or camelCase: both are read (things-stack.md 3)."""
    first, *rest = name.split("_")
    return fields.get(name, fields.get(first + "".join(map(str.title, rest)), default))


def _count(value: object) -> int | None:
    """A count: a number, or the string that The Things Stack writes it as (T-08)."""
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_COUNT else None


def write_annotation(pushed: PushedTotals, now: datetime) -> str:
    """How a report is kept."""
    return json.dumps(
        {
            "endDevices": pushed.end_devices,
            "activatedEndDevices": pushed.activated_end_devices,
            "time": format_timestamp(now),
        },
        separators=(",", ":"),
    )


def read_annotation(text: str) -> CountedTotals | None:
    """A report that was kept; None where there is none, or it is not ours."""
    try:
        kept = json.loads(text)
        time = datetime.fromisoformat(kept["time"]).astimezone(UTC)
        totals = Totals(
            end_devices=_count(kept["endDevices"]), activated_end_devices=_count(kept["activatedEndDevices"])
        )
    except (ValueError, TypeError, KeyError):
        return None
    return CountedTotals(totals, time)


def is_worth_keeping(pushed: PushedTotals, kept: CountedTotals | None, now: datetime) -> bool:
    """Whether to write it: what changed at once, what did not now and then, so that it is known to be current."""
    return kept is None or not pushed.same_as(kept.totals) or now - kept.counted_at >= KEPT_FOR

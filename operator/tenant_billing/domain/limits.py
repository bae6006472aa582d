"""Entity limits: what a tenant may have, while paid, overridden or frozen. None is unlimited, 0 is none (T-07)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tenant_billing.api.conditions import ConditionStatus
from tenant_billing.api.entities import EntityKind, EntityLimits, EntityUsage, EntityUsages
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import LimitOverrides
from tenant_billing.domain.observations import LIMIT_NAMES, Limits, Totals

_KIND_OF_NAME: Mapping[str, EntityKind] = dict(zip(LIMIT_NAMES, EntityKind, strict=True))


def as_limits(limits: EntityLimits | None) -> dict[str, int | None]:
    """The six limits by name; an absent object means that all are unlimited."""
    source = limits or EntityLimits()
    return {name: getattr(source, name) for name in LIMIT_NAMES}


def overridden(limits: Limits, overrides: LimitOverrides | None, now: datetime) -> dict[str, int | None]:
    """Limits with the object's overrides, which end at their expiration time."""
    result = dict(limits)
    if overrides is None or not is_in_force(overrides, now):
        return result
    for name in LIMIT_NAMES:
        value = getattr(overrides.limits, name)
        if value is not None:
            result[name] = value
        if _KIND_OF_NAME[name] in overrides.unlimited:
            result[name] = None
    return result


def is_in_force(overrides: LimitOverrides, now: datetime) -> bool:
    """Whether overrides count at this time."""
    return overrides.expiration_time is None or now < overrides.expiration_time


def frozen_at(limits: Limits, totals: Totals | None) -> EntityLimits | None:
    """What existed when a tenant is frozen, where that is less than its limit.

    A total that is not known lowers nothing; None where nothing at all is known.
    """
    if totals is None:
        return None
    known = {name: total for name in LIMIT_NAMES if (total := totals.of(name)) is not None}
    lowered = {
        name: total for name, total in known.items() if (limit := limits.get(name)) is None or total < limit
    }
    return EntityLimits(**lowered) if known else None


def lowered(limits: Limits, frozen: EntityLimits | None) -> dict[str, int | None]:
    """Limits while frozen: the lower of both for each name."""
    result = dict(limits)
    if frozen is not None:
        for name in LIMIT_NAMES:
            value = getattr(frozen, name)
            limit = result.get(name)
            if value is not None and (limit is None or value < limit):
                result[name] = value
    return result


def difference(wanted: Limits, seen: Limits) -> dict[str, int | None]:
    """The limits that must be written; a value of None makes one unlimited."""
    return {name: wanted[name] for name in LIMIT_NAMES if wanted[name] != seen.get(name)}


@dataclass(frozen=True)
class Use:
    """How a tenant's entities stand against its limits: the condition ``WithinLimits`` and ``status.entities``."""

    reason: Reason
    status: ConditionStatus
    message: str
    entities: EntityUsages | None


def use_of(totals: Totals | None, limits: Limits) -> Use:
    """Compare totals with limits; unknown totals say so."""
    if totals is None:
        return Use(Reason.UNKNOWN, ConditionStatus.UNKNOWN, "The tenant's totals are not known yet.", None)
    known = {name: total for name in LIMIT_NAMES if (total := totals.of(name)) is not None}
    entities = EntityUsages(
        **{name: EntityUsage(total=total, limit=limits.get(name)) for name, total in known.items()}
    )
    limited = {name: limit for name in known if (limit := limits.get(name)) is not None}
    over = [_KIND_OF_NAME[name].value for name, limit in limited.items() if known[name] > limit]
    if over:
        message = f"More than the limit: {', '.join(over)}. What exists stays; nothing more can be created."
        return Use(Reason.OVER_LIMIT, ConditionStatus.FALSE, message, entities)
    reached = [_KIND_OF_NAME[name].value for name, limit in limited.items() if 0 < limit == known[name]]
    if reached:
        return Use(
            Reason.LIMIT_REACHED, ConditionStatus.TRUE, f"At the limit: {', '.join(reached)}.", entities
        )
    return Use(Reason.WITHIN_LIMITS, ConditionStatus.TRUE, "", entities)

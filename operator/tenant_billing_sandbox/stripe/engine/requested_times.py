"""The times that a call asks for: when a trial ends, where billing is anchored, when all is to end."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Object
from tenant_billing_sandbox.stripe.engine.periods import after
from tenant_billing_sandbox.stripe.engine.refusals import not_simulated
from tenant_billing_sandbox.stripe.engine.timeline import DAY
from tenant_billing_sandbox.stripe.problems import invalid

Params = Mapping[str, Any]
LONGEST_TRIAL_DAYS = 730
LONGEST_TRIAL_YEARS = 2


def trial_end(params: Params, now: int) -> int | None:
    """When the trial ends that is asked for; None for no trial, as for one that ends now.

    Raises:
        Problem: 400 for two wishes at once, a time that is over, or more than two years ("at most two years from
            billing_cycle_anchor", SDK 16.1.0).
    """
    days, asked = params.get("trial_period_days"), params.get("trial_end")
    if days is not None and asked not in {None, ""}:
        raise invalid(
            "You may only specify one of these parameters: trial_end, trial_period_days.", param="trial_end"
        )
    if days is not None:
        if not 1 <= days <= LONGEST_TRIAL_DAYS:
            raise invalid(
                f"A trial has at least 1 day, and {LONGEST_TRIAL_DAYS} days at most.",
                param="trial_period_days",
            )
        return int(now + days * DAY)
    if asked in {None, "", "now"}:
        return None
    _check_future(asked, now, "trial_end")
    if asked > after(now, "year", LONGEST_TRIAL_YEARS):
        raise invalid("A trial can be two years long at most.", param="trial_end")
    return int(asked)


def check_anchor(anchor: int | None, now: int, recurrings: list[Object]) -> None:
    """Refuse to anchor a new subscription in the past, or beyond its first period.

    Raises:
        Problem: 400.
    """
    if anchor is None:
        return
    _check_future(anchor, now, "billing_cycle_anchor")
    if any(anchor > after(now, each["interval"], each["interval_count"]) for each in recurrings):
        raise invalid(
            "billing_cycle_anchor cannot be later than the next natural billing date.",
            param="billing_cycle_anchor",
        )


def check_end(params: Params, now: int) -> None:
    """Refuse a wish for an end that cannot be had.

    Raises:
        Problem: 400.
    """
    at = params.get("cancel_at")
    if at and params.get("cancel_at_period_end"):
        raise invalid("You may only specify one of these parameters: cancel_at, cancel_at_period_end.")
    if at == "max_billed_until":
        raise not_simulated(f"cancel_at={at}", "cancel_at")
    if isinstance(at, int) and at <= now:
        raise invalid("The timestamp provided for `cancel_at` must be in the future.", param="cancel_at")


def end_of(params: Params, items: list[Object]) -> int | None:
    """When a subscription of these items is to end, by a wish that was checked; None for never."""
    at, ends = params.get("cancel_at") or None, [item["current_period_end"] for item in items]
    if params.get("cancel_at_period_end") or at == "max_period_end":
        return int(max(ends))
    return int(min(ends)) if at == "min_period_end" else at


def _check_future(moment: int, now: int, param: str) -> None:
    if moment <= now:
        raise invalid("Invalid timestamp: must be an integer Unix timestamp in the future.", param=param)

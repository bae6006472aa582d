"""What is wrong with the price that a plan asks for, before anything is sent."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tenant_billing.api.billing_plan import BillingPlanSpec
from tenant_billing.api.prices import MeteredPrice, RecurringPrice, Tier
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.money import amount_problem, currency_problem
from tenant_billing.domain.readiness import Finding

RECURRING = "spec.price.recurring"
METERED = "spec.price.metered"


def invalid_price(spec: BillingPlanSpec) -> Finding | None:
    """A currency that does not exist, an amount that it cannot have, or tiers out of order (api.md, "Left to us")."""
    problem = None
    if spec.price.recurring is not None:
        problem = _problem_of_recurring(spec.price.recurring)
    elif spec.price.metered is not None:
        problem = _problem_of_metered(spec.price.metered)
    return None if problem is None else Finding(Reason.INVALID_PRICE, problem)


def _problem_of_recurring(price: RecurringPrice) -> str | None:
    return currency_problem(price.currency, RECURRING) or amount_problem(
        price.currency, price.unit_amount, f"{RECURRING}.unitAmount"
    )


def _problem_of_metered(price: MeteredPrice) -> str | None:
    problem = currency_problem(price.currency, METERED) or _problem_of_order(price.tiers or ())
    if problem is not None:
        return problem
    problems = (amount_problem(price.currency, amount, field) for field, amount in _amounts(price))
    return next((each for each in problems if each is not None), None)


def _amounts(price: MeteredPrice) -> Iterator[tuple[str, int]]:
    """Every amount in whole minor units, with its path."""
    if price.unit_amount is not None:
        yield f"{METERED}.unitAmount", price.unit_amount
    for number, tier in enumerate(price.tiers or ()):
        yield f"{METERED}.tiers[{number}].unitAmount", tier.unit_amount
        yield f"{METERED}.tiers[{number}].flatAmount", tier.flat_amount


def _problem_of_order(tiers: Sequence[Tier]) -> str | None:
    """Each tier ends after the one before it; the last has no end."""
    for number, (before, after) in enumerate(pairwise(tiers), start=1):
        if before.up_to is not None and after.up_to is not None and after.up_to <= before.up_to:
            return (
                f"{METERED}.tiers[{number}].upTo: {after.up_to} is not above {before.up_to}; "
                "list the tiers in ascending order"
            )
    ends = [each.up_to for each in tiers]
    if tiers and (ends[-1] is not None or None in ends[:-1]):
        return f"{METERED}.tiers: the last tier, and no other, must be without upTo"
    return None

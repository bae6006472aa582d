"""The terms of a price: whether one that stands is what the plan asks for. Others are another price."""

from decimal import Decimal
from typing import Any

import pytest

from plan_builders import METERED, a_plan, a_price, metered, recurring
from tenant_billing.api.prices import MeteredPrice, RecurringPrice
from tenant_billing.domain.observations import PriceTier
from tenant_billing.domain.plan import PlanIdentity
from tenant_billing.domain.price_terms import has_terms, new_price

TIERS = metered(
    unitAmount=None,
    tiersMode="Volume",
    tiers=[{"upTo": 100, "unitAmount": 50, "flatAmount": 9}, {"unitAmount": 40}],
)
STEPS = (PriceTier(100, Decimal(50), Decimal(9)), PriceTier(None, Decimal(40)))


def arm_of(price: dict[str, Any]) -> RecurringPrice | MeteredPrice:
    arm = a_plan(price=price).spec.price.arm
    assert isinstance(arm, RecurringPrice | MeteredPrice)
    return arm


RECURRING_TERMS = [
    pytest.param({}, {}, True, id="the same terms"),
    pytest.param({"unit_amount": 5900}, {}, False, id="another amount"),
    pytest.param({"unit_amount_decimal": Decimal("4900.0")}, {}, True, id="the same amount with decimals"),
    pytest.param({"currency": "USD"}, {}, False, id="another currency"),
    pytest.param({"interval": "year"}, {}, False, id="another interval"),
    pytest.param({"interval_count": 3}, {}, False, id="another number of intervals"),
    pytest.param({"metered": True}, {}, False, id="usage instead of a quantity"),
    pytest.param({"tiered": True}, {}, False, id="tiers instead of an amount"),
    pytest.param({"tax_behavior": "exclusive"}, {}, True, id="unspecified may have been set outside"),
    pytest.param({}, {"taxBehavior": "Exclusive"}, False, id="a tax behaviour that is not there"),
    pytest.param(
        {"tax_behavior": "exclusive"}, {"taxBehavior": "Exclusive"}, True, id="the same tax behaviour"
    ),
]


@pytest.mark.parametrize(("seen", "wanted", "same"), RECURRING_TERMS)
def test_terms_of_a_recurring_price_are_compared(
    seen: dict[str, Any], wanted: dict[str, Any], same: bool
) -> None:
    assert has_terms(a_price(**seen), arm_of(recurring(**wanted))) is same


METERED_TERMS: list[Any] = [
    pytest.param({"unit_amount": 50}, METERED, True, id="the same amount by the same meter"),
    pytest.param({"unit_amount": 60}, METERED, False, id="another amount"),
    pytest.param({"unit_amount": 50, "meter_id": "mtr_2"}, METERED, False, id="another meter"),
    pytest.param({"unit_amount": 50, "meter_id": None}, METERED, False, id="no meter: of the old kind"),
    pytest.param({"unit_amount": 50, "metered": False}, METERED, False, id="a quantity instead of usage"),
    pytest.param(
        {"unit_amount": None, "unit_amount_decimal": Decimal("0.5")},
        metered(unitAmount=None, unitAmountDecimal="0.50"),
        True,
        id="the same amount below a cent",
    ),
    pytest.param({"tiered": True, "tiers": STEPS, "tiers_mode": "volume"}, TIERS, True, id="the same tiers"),
    pytest.param(
        {"tiered": True, "tiers": STEPS, "tiers_mode": "graduated"}, TIERS, False, id="applied otherwise"
    ),
    pytest.param(
        {"tiered": True, "tiers": STEPS[1:], "tiers_mode": "volume"}, TIERS, False, id="other tiers"
    ),
    pytest.param({"tiered": True}, TIERS, True, id="tiers that were not told are no other tiers"),
    pytest.param({"unit_amount": 50}, TIERS, False, id="an amount instead of tiers"),
    pytest.param({"tiered": True, "tiers": STEPS}, METERED, False, id="tiers instead of an amount"),
]


@pytest.mark.parametrize(("seen", "wanted", "same"), METERED_TERMS)
def test_terms_of_a_metered_price_are_compared(
    seen: dict[str, Any], wanted: dict[str, Any], same: bool
) -> None:
    known: dict[str, Any] = {"metered": True, "meter_id": "mtr_1", "unit_amount": None}
    price = a_price(**(known | seen))
    assert has_terms(price, arm_of(wanted), "mtr_1") is same


REQUESTS: list[Any] = [
    pytest.param(recurring(), {"unit_amount": 4900, "meter_id": None}, id="a recurring price"),
    pytest.param(METERED, {"unit_amount": 50, "meter_id": "mtr_1", "tiers": None}, id="usage"),
    pytest.param(
        metered(unitAmount=None, unitAmountDecimal="0.5"),
        {"unit_amount": None, "unit_amount_decimal": Decimal("0.5")},
        id="below a cent",
    ),
    pytest.param(TIERS, {"unit_amount": None, "tiers": STEPS, "tiers_mode": "volume"}, id="tiers"),
]


@pytest.mark.parametrize(("wanted", "fields"), REQUESTS)
def test_price_is_asked_for_with_its_terms(wanted: dict[str, Any], fields: dict[str, Any]) -> None:
    arm = arm_of(wanted)
    meter_id = "mtr_1" if isinstance(arm, MeteredPrice) else None
    request = new_price(arm, "prod_1", meter_id, PlanIdentity("default", "starter"))
    assert {name: getattr(request, name) for name in fields} == fields

"""A plan adopts prices that stand at the provider; nothing of them is written."""

from dataclasses import replace
from typing import Any

import pytest

from plan_account import PlanAccount
from plan_builders import EXISTING, OURS, a_plan, an_adopted_price
from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.observations import Price
from tenant_billing.domain.plan_decision import decide

ADOPTED = [
    pytest.param([an_adopted_price()], {}, None, id="a price in sale is adopted"),
    pytest.param([], {}, Reason.PRICE_NOT_FOUND, id="no such price"),
    pytest.param([an_adopted_price(active=False)], {}, Reason.PRICE_ARCHIVED, id="nobody new can subscribe"),
    pytest.param([an_adopted_price(interval=None)], {}, Reason.INVALID_PRICE, id="charged once"),
    pytest.param([an_adopted_price(unit_amount=None, tiered=True)], {}, None, id="tiers need nothing of us"),
    pytest.param(
        [an_adopted_price(metadata={"max-users": "many"})],
        {},
        Reason.INVALID_METADATA,
        id="an unreadable limit",
    ),
    pytest.param(
        [an_adopted_price(metadata={"max-users": "many"})],
        {"limitsFrom": "Spec"},
        None,
        id="metadata is not read where the spec limits",
    ),
    pytest.param(
        [an_adopted_price()],
        {"acceptedPriceIDs": ["price_B"]},
        Reason.PRICE_NOT_FOUND,
        id="an accepted one is missing",
    ),
    pytest.param(
        [an_adopted_price(), an_adopted_price("price_B", active=False)],
        {"acceptedPriceIDs": ["price_B"]},
        None,
        id="an accepted one may be archived: nobody new gets it",
    ),
    pytest.param(
        [an_adopted_price(metadata={StripeMetadata.OWNER: "other"})],
        {},
        Reason.PRICE_CONFLICT,
        id="another owner's",
    ),
    pytest.param([an_adopted_price(metadata=OURS)], {}, None, id="one of our own can be adopted"),
]


@pytest.mark.parametrize(("prices", "arm", "reason"), ADOPTED)
def test_adopted_prices_are_judged_and_never_written(
    prices: list[Price], arm: dict[str, Any], reason: Reason | None
) -> None:
    plan = a_plan(price={"existing": {"priceID": "price_A"} | arm})
    decision = decide(PlanAccount(plan, prices={each.id: each for each in prices}).world())
    assert (decision.finding.reason if decision.finding else None) == reason
    assert decision.actions == ()


def test_adopting_plan_shows_what_it_adopted() -> None:
    plan = a_plan(price={"existing": {"priceID": "price_A", "acceptedPriceIDs": ["price_B", "price_A"]}})
    prices = {each.id: each for each in (an_adopted_price("price_B"), an_adopted_price())}
    decision = decide(PlanAccount(plan, prices=prices).world())
    assert (decision.product_id, decision.price) == ("prod_1", prices["price_A"])
    assert [each.id for each in decision.revisions] == ["price_A", "price_B"]


def test_price_of_an_older_plan_is_a_conflict_for_the_younger_only() -> None:
    older = a_plan("older", price=EXISTING, metadata={"creationTimestamp": "2026-11-19T10:00:00Z"})
    younger = a_plan("younger", price=EXISTING)
    world = PlanAccount(younger, prices={"price_A": an_adopted_price()}).world(plans=[younger, older])
    finding = decide(world).finding
    assert finding is not None
    assert finding.reason is Reason.PRICE_CONFLICT
    assert "'older'" in finding.message
    assert decide(replace(world, resource=older)).finding is None

"""The operator dies at any moment of a plan's life: nothing is doubled, nothing is forgotten."""

from collections.abc import Callable

import pytest

from plan_account import PlanAccount, an_edited_account
from plan_builders import DELETED, a_plan, recurring

SCENARIOS: dict[str, Callable[[], PlanAccount]] = {
    "create": lambda: PlanAccount(a_plan()),
    "change amount": lambda: an_edited_account(price=recurring(unitAmount=5900)),
    "delete": lambda: an_edited_account(metadata=DELETED),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("died_after", range(8))
def test_death_at_any_moment_doubles_nothing(scenario: str, died_after: int) -> None:
    """Killed after so many actions, and started again with the looks forgotten: the same end, no second object."""
    undisturbed = SCENARIOS[scenario]()
    undisturbed.settle()
    account = SCENARIOS[scenario]()
    account.settle(most=died_after)
    account.restart()
    decision = account.settle()
    assert decision.actions == ()
    assert account.products == undisturbed.products
    assert account.prices == undisturbed.prices
    assert account.plan.status == undisturbed.plan.status


@pytest.mark.parametrize("died_after", range(1, 5))
def test_edit_while_the_operator_is_dead_leaves_one_price_in_sale(died_after: int) -> None:
    account = PlanAccount(a_plan())
    account.settle(most=died_after)
    account.restart()
    account.edit(a_plan(price=recurring(unitAmount=5900), displayName="Starter plus"))
    assert account.settle().finding is None
    assert len(account.products) == 1
    assert [each.unit_amount for each in account.prices.values() if each.active] == [5900]
    assert next(iter(account.products.values())).name == "Starter plus"

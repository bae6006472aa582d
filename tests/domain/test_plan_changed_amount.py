"""A price is immutable: a changed amount is a new price, and the old one goes out of sale."""

from dataclasses import replace
from typing import Any

import pytest

from plan_account import a_settled_account
from plan_builders import METERED, a_plan, metered, recurring
from subscription_builders import a_subscription, an_item


def test_changed_amount_is_a_new_price_and_the_old_one_is_archived_last() -> None:
    account = a_settled_account()
    account.edit(a_plan(price=recurring(unitAmount=5900)))
    decision = account.settle()
    assert account.kinds() == ["StoreIntent", "LookAgain", "CreatePrice", "ArchivePrice"]
    assert [(each.unit_amount, each.active) for each in decision.revisions] == [(4900, False), (5900, True)]
    assert decision.price == decision.revisions[-1]


def test_default_price_is_moved_before_it_is_archived() -> None:
    account = a_settled_account()
    account.products["prod_1"] = replace(account.products["prod_1"], default_price_id="price_1")
    account.edit(a_plan(price=recurring(unitAmount=5900)))
    account.settle()
    assert account.kinds()[-2:] == ["UpdateProduct", "ArchivePrice"]
    assert account.products["prod_1"].default_price_id == "price_2"


def test_amount_that_returns_is_a_new_price_under_a_new_key() -> None:
    """The old one stays archived, and a replay of its key would give it back."""
    account = a_settled_account()
    for amount in (5900, 4900):
        account.edit(a_plan(price=recurring(unitAmount=amount)))
        account.settle()
    assert [each.unit_amount for each in account.prices.values()] == [4900, 5900, 4900]
    assert [each.id for each in account.prices.values() if each.active] == ["price_3"]


FREE = recurring(unitAmount=0)

KEPT = [
    pytest.param(
        METERED, metered(unitAmount=60), "AtRenewal", [True, True], id="usage, until its period ends"
    ),
    pytest.param(METERED, metered(unitAmount=60), "Immediately", [True, True], id="usage, always"),
    pytest.param(METERED, metered(unitAmount=60), "NewSubscriptionsOnly", [False, True], id="nobody moves"),
    pytest.param(FREE, recurring(), "AtRenewal", [True, True], id="what was free, at renewal"),
    pytest.param(FREE, recurring(), "Immediately", [False, True], id="what was free, at once"),
    pytest.param(recurring(), recurring(unitAmount=5900), "AtRenewal", [False, True], id="an ordinary price"),
]


@pytest.mark.parametrize(("before", "after", "policy", "in_sale"), KEPT)
def test_former_price_stays_in_sale_while_a_schedule_has_to_name_it(
    before: dict[str, Any], after: dict[str, Any], policy: str, in_sale: list[bool]
) -> None:
    account = a_settled_account(price=before)
    account.subscribers = (a_subscription(items=(an_item("price_1"),)),)
    account.edit(a_plan(price=after, priceChangePolicy=policy))
    account.settle()
    assert [each.active for each in account.prices.values()] == in_sale
    account.subscribers = ()
    account.settle()
    assert [each.active for each in account.prices.values()] == [False, True]

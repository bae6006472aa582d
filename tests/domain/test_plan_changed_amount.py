"""A price is immutable: a changed amount is a new price, and the old one goes out of sale."""

from dataclasses import replace

from plan_account import a_settled_account
from plan_builders import a_plan, recurring


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

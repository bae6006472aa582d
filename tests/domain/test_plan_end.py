"""What was archived outside, and how a plan ends and begins again."""

from dataclasses import replace

import pytest

from plan_account import PlanAccount, a_settled_account
from plan_builders import DELETED, EXISTING, a_plan, an_adopted_price
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.plan_actions import ArchivePrice, UpdateProduct
from tenant_billing.domain.plan_decision import decide
from tenant_billing.domain.requests import ProductChange


@pytest.mark.parametrize("recorded", [True, False])
def test_price_archived_outside_is_not_made_again(recorded: bool) -> None:
    account = a_settled_account()
    account.prices["price_1"] = replace(account.prices["price_1"], active=False)
    if not recorded:
        account.plan = a_plan()
    finding = account.settle().finding
    assert finding is not None
    assert (finding.reason, account.done) == (Reason.PRICE_ARCHIVED, [])


def test_product_archived_outside_is_not_activated() -> None:
    account = a_settled_account()
    account.products["prod_1"] = replace(account.products["prod_1"], active=False)
    finding = account.settle().finding
    assert finding is not None
    assert finding.reason is Reason.PRICE_ARCHIVED
    assert "prod_1" in finding.message


@pytest.mark.parametrize("died_after", range(6))
def test_plan_that_ended_can_begin_again(died_after: int) -> None:
    """Its product is sold again with a new price; nothing of this is stuck by a crash."""
    account = a_settled_account()
    account.edit(a_plan(metadata=DELETED))
    account.settle()
    account.restart()
    account.plan = a_plan(metadata={"uid": "another"})
    account.settle(most=died_after)
    account.restart()
    assert account.settle().finding is None
    assert [each.active for each in account.products.values()] == [True]
    assert [each.active for each in account.prices.values()] == [False, True]


def test_plan_that_begins_again_uses_a_price_that_is_still_in_sale() -> None:
    """A default price cannot be archived, so it may have outlived the plan."""
    account = a_settled_account()
    account.products["prod_1"] = replace(account.products["prod_1"], default_price_id="price_1")
    account.edit(a_plan(metadata=DELETED))
    assert account.settle().released
    assert account.prices["price_1"].active
    account.restart()
    account.plan = a_plan(metadata={"uid": "another"})
    account.settle()
    assert account.done == [UpdateProduct("prod_1", ProductChange(active=True))]


def test_deletion_is_refused_while_the_plan_is_used() -> None:
    account = a_settled_account()
    account.edit(a_plan(metadata=DELETED))
    account.users = tuple(f"tenants/t{number}" for number in range(7))
    decision = account.settle()
    assert decision.finding is not None
    assert decision.finding.reason is Reason.IN_USE
    assert "tenants/t0, tenants/t1, tenants/t2, tenants/t3, tenants/t4 and 2 more" in decision.finding.message
    assert (account.done, decision.released) == ([], False)


def test_deletion_names_all_of_few_users() -> None:
    finding = decide(PlanAccount(a_plan(metadata=DELETED), users=("tenants/acme",)).world()).finding
    assert finding is not None
    assert "used by tenants/acme:" in finding.message


def test_deleted_plan_without_anything_outside_is_released() -> None:
    assert decide(PlanAccount(a_plan(metadata=DELETED)).world()).released


def test_deletion_archives_what_we_made_and_never_what_was_adopted() -> None:
    account = a_settled_account()
    account.prices["price_A"] = an_adopted_price()
    account.edit(a_plan(metadata=DELETED))
    assert account.settle().released
    assert account.done == [UpdateProduct("prod_1", ProductChange(active=False)), ArchivePrice("price_1")]


def test_deleted_adopting_plan_archives_nothing() -> None:
    plan = a_plan(price=EXISTING, metadata=DELETED)
    assert decide(PlanAccount(plan, prices={"price_A": an_adopted_price()}).world()).released

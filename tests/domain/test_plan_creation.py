"""A plan comes into being at the provider, is known again, and follows its texts."""

from dataclasses import replace
from typing import Any

import pytest

from plan_account import PlanAccount, a_settled_account
from plan_builders import LOOKUP_KEY, NOW, OURS, a_plan, recurring
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.intents import next_attempt
from tenant_billing.domain.plan_actions import UpdateProduct
from tenant_billing.domain.plan_decision import decide
from tenant_billing.domain.requests import ProductChange


def test_new_plan_gets_product_and_price_each_after_its_intent_and_a_look() -> None:
    account = PlanAccount(a_plan(description="Up to 500", tax={"code": "txcd_1"}))
    decision = account.settle()
    assert account.kinds() == [
        "StoreIntent", "LookAgain", "CreateProduct", "StoreIntent", "CreatePrice",
    ]  # fmt: skip
    (product,) = account.products.values()
    (price,) = account.prices.values()
    assert (product.name, product.description, product.tax_code) == ("Starter", "Up to 500", "txcd_1")
    assert (price.unit_amount, price.lookup_key, price.metadata) == (4900, LOOKUP_KEY, OURS)
    assert (decision.finding, decision.price) == (None, price)
    assert account.plan.status.display_price == "EUR 49.00 / month"
    assert account.plan.status.pending_operation is None


def test_settled_plan_needs_nothing() -> None:
    account = a_settled_account()
    assert account.settle().actions == ()
    assert account.done == []


TEXTS = [
    pytest.param({"displayName": "Plus"}, {"name": "Plus"}, id="its name"),
    pytest.param({"description": "More"}, {"description": "More"}, id="its description"),
    pytest.param({"tax": {"code": "txcd_1"}}, {"tax_code": "txcd_1"}, id="its tax code"),
]


@pytest.mark.parametrize(("spec", "change"), TEXTS)
def test_product_follows_the_spec(spec: dict[str, Any], change: dict[str, Any]) -> None:
    account = a_settled_account()
    account.edit(a_plan(**spec))
    account.settle()
    assert account.done == [UpdateProduct("prod_1", ProductChange(**change))]


def test_description_that_is_left_out_is_removed() -> None:
    account = a_settled_account(description="More")
    account.edit(a_plan())
    account.settle()
    assert account.done == [UpdateProduct("prod_1", ProductChange(description=""))]


def test_lost_cluster_finds_everything_again_and_creates_nothing() -> None:
    """The status is empty and the uid another one; metadata and lookup key tell."""
    account = a_settled_account()
    account.plan = a_plan(metadata={"uid": "another"})
    decision = account.settle()
    assert account.done == []
    assert (decision.product_id, account.plan.status.price_id) == ("prod_1", "price_1")


def test_price_without_its_lookup_key_is_known_by_metadata() -> None:
    account = a_settled_account()
    account.prices["price_1"] = replace(account.prices["price_1"], lookup_key=None)
    account.plan = a_plan()
    assert account.settle().price == account.prices["price_1"]


PROBLEMS = [
    pytest.param(
        a_plan(price=recurring(currency="EUX")), Reason.INVALID_PRICE, id="a currency that does not exist"
    ),
]


@pytest.mark.parametrize(("plan", "reason"), PROBLEMS)
def test_plan_that_cannot_be_carried_out_makes_no_call(plan: BillingPlan, reason: Reason) -> None:
    decision = decide(PlanAccount(plan).world())
    assert decision.finding is not None
    assert (decision.finding.reason, decision.actions) == (reason, ())


def test_refused_plan_is_not_asked_again() -> None:
    decision = decide(PlanAccount(a_plan()).world(refusal="the provider refused it: no"))
    assert decision.finding is not None
    assert (decision.finding.reason, decision.actions) == (Reason.INVALID_PRICE, ())


def test_stored_failure_gets_a_new_key_and_a_look() -> None:
    """The provider would repeat the stored answer for ever (stripe.md 5.3)."""
    account = PlanAccount(a_plan())
    account.settle(most=1)
    intent = account.plan.status.pending_operation
    assert intent is not None
    again = next_attempt(intent, NOW)
    assert (again.attempt, again.parameters) == (2, intent.parameters)
    assert again.idempotency_key != intent.idempotency_key
    account.plan = account.plan.model_copy(
        update={"status": account.plan.status.model_copy(update={"pending_operation": again})}
    )
    account.restart()
    account.settle()
    assert account.kinds()[:2] == ["LookAgain", "CreateProduct"]

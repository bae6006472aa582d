"""Offers are made once for thousands of subscriptions, and anew when what they are made from has changed."""

from dataclasses import replace

import kubernetes_bodies as bodies
from account_memory import AccountMemory
from hand_clock import HandClock
from loop_fakes import WaitingKeys
from plan_builders import a_price
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.domain import health
from tenant_billing.reconcilers.account_picture import AccountPicture
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.offers import Offers


def a_plan(**status: object) -> BillingPlan:
    return BillingPlan.from_kubernetes({**bodies.a_plan(), "status": {"priceID": "price_1", **status}})


async def test_offer_follows_the_plan_and_the_catalogue() -> None:
    account = AccountMemory()
    accounts = Accounts(HandClock(), WaitingKeys())
    picture = AccountPicture(account, HandClock())
    offers, plan = Offers(accounts), a_plan()
    assert offers.of(plan).amount_on("price_1") is None, "the account is not known yet"

    await accounts.open(AccountConnection("main", "default", "acct_1", account, picture, False, "settings"))
    accounts.judged("main", health.AVAILABLE)
    picture.take(a_price())
    offer = offers.of(plan)
    assert offer.amount_on("price_1") == a_price().unit_amount
    assert offers.of(plan) is offer

    picture.take(replace(a_price(), unit_amount=7))
    assert offers.of(plan).amount_on("price_1") == 7
    assert offers.of(a_plan(priceID="price_2")).price_id == "price_2"

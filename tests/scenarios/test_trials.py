"""Trials: what stands before anybody paid, how they end, and that there is never a second one."""

import pytest

from scenario_scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

CREATES_INVOICE = {"spec.trial": {"days": 14, "missingPaymentMethod": "CreateInvoice"}}
PAUSES = {"spec.trial": {"days": 14, "missingPaymentMethod": "Pause"}}
CANCELS = {"spec.trial": {"days": 14, "missingPaymentMethod": "Cancel"}}


async def test_tenant_is_approved_while_its_trial_runs(scene: Scene) -> None:
    acme = await scene.apply(await scene.plan(changes=CREATES_INVOICE))

    seen = await acme.until(ready="Provisioned", payment="Trialing", tenant="Approved", stripe="trialing")

    assert seen.limit() == 500
    assert "hostedInvoiceURL" not in seen.status


async def test_trial_that_creates_an_invoice_is_past_due_after_its_end_until_the_customer_pays(
    scene: Scene,
) -> None:
    acme = await scene.apply(await scene.plan(changes=CREATES_INVOICE))
    await acme.until(tenant="Approved", stripe="trialing")

    await scene.advance(days=15)
    await acme.until(ready="Provisioned", payment="PastDue", tenant="Flagged", stripe="past_due")

    await acme.pays()
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")


async def test_trial_that_pauses_suspends_the_tenant_until_somebody_resumes_it(scene: Scene) -> None:
    acme = await scene.apply(await scene.plan(changes=PAUSES))
    await acme.until(tenant="Approved", stripe="trialing")

    await scene.advance(days=15)
    seen = await acme.until(ready="Provisioned", payment="Paused", tenant="Suspended", stripe="paused")
    assert seen.description == "Billing: subscription paused"

    await scene.at_stripe(f"subscriptions/{seen.status['subscriptionID']}/resume")
    await acme.pays()
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")


async def test_trial_that_cancels_suspends_the_tenant_and_is_not_made_again(scene: Scene) -> None:
    acme = await scene.apply(await scene.plan(changes=CANCELS))
    await acme.until(tenant="Approved", stripe="trialing")

    await scene.advance(days=15)
    seen = await acme.until(ready="SubscriptionEnded", payment="Ended", tenant="Suspended", stripe="canceled")

    assert seen.status["subscriptionID"] in seen.message()


async def test_tenant_that_had_a_trial_gets_none_when_it_subscribes_again(scene: Scene) -> None:
    acme = await scene.apply(await scene.plan(changes=CANCELS))
    await acme.until(tenant="Approved", stripe="trialing")
    await scene.advance(days=15)
    ended = await acme.until(ready="SubscriptionEnded", tenant="Suspended")

    await acme.annotate(resubscribe=ended.status["subscriptionID"])
    again = await acme.until(ready="AwaitingPayment", stripe="incomplete", tenant="Suspended")
    assert again.subscription["trial_end"] is None

    await acme.pays()
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")


async def test_tenant_that_had_a_trial_gets_none_at_the_expense_of_another_customer(scene: Scene) -> None:
    plan = await scene.plan(changes=CANCELS)
    acme = await scene.apply(plan)
    await acme.until(tenant="Approved", stripe="trialing")
    await acme.delete()
    await acme.until_gone()
    lab = await scene.apply(plan, name="lab")
    await lab.until(tenant="Approved", stripe="trialing")

    again = await scene.apply(plan, {"spec.customer": {"subscriptionRef": {"name": "lab"}}})

    seen = await again.until(ready="AwaitingPayment", stripe="incomplete", tenant="Suspended")
    assert await again.customer_id() == await lab.customer_id()
    assert seen.subscription["trial_end"] is None

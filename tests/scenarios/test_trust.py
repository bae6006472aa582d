"""What only a trusted namespace may set, and what becomes of it when the trust is lost."""

from datetime import timedelta
from typing import Any

import pytest

from scenario_scene import Scene
from scenario_stage import Object
from scenario_tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="module")

INVOICED = {"spec.collection": {"method": "Invoice", "daysUntilDue": 14}}
OVERRIDES = {"spec.limitOverrides": {"limits": {"gateways": 20}, "unlimited": ["Users"]}}


@pytest.mark.parametrize(
    "changes",
    [
        {"spec.customer": {"id": "cus_of_somebody"}},
        {"spec.subscriptionID": "sub_of_somebody"},
        INVOICED,
        {"spec.discounts": [{"couponID": "PILOT20"}]},
        OVERRIDES,
        {"spec.tenant.adoptionPolicy": "IfUnmanaged"},
        {"spec.accessPolicy": "KeepActive"},
        {"spec.deletionPolicy": "CancelAndDeleteTenant"},
    ],
    ids=lambda changes: next(iter(changes)).removeprefix("spec."),
)
async def test_untrusted_namespace_buys_nothing_with_a_field_that_needs_trust(
    scene: Scene, changes: dict[str, Any]
) -> None:
    plan = await scene.plan()
    before = scene.writes()
    acme = await scene.apply(plan, changes)

    seen = await acme.until(ready="NotAllowed", tenant="Absent")

    assert next(iter(changes)) in seen.message()
    assert scene.writes() == before


async def test_object_goes_on_once_its_namespace_is_trusted(scene: Scene) -> None:
    acme = await scene.apply(await scene.plan(), INVOICED)
    await acme.until(ready="NotAllowed")

    await scene.trust()

    await acme.until(ready="Provisioned", tenant="Approved")


async def test_invoiced_subscription_is_active_and_its_tenant_approved_before_anything_is_paid(
    scene: Scene,
) -> None:
    await scene.trust()
    acme = await scene.apply(await scene.plan(), INVOICED)

    seen = await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")

    assert seen.subscription["collection_method"] == "send_invoice"
    assert seen.subscription["days_until_due"] == 14


async def test_discount_lowers_the_first_invoice(scene: Scene) -> None:
    await scene.trust()
    coupon = await scene.at_stripe("coupons", percent_off="20", duration="forever")
    acme = await scene.apply(await scene.plan(), {"spec.discounts": [{"couponID": coupon["id"]}]})

    seen = await acme.until(ready="AwaitingPayment", stripe="incomplete")

    invoice = await scene.stage.outside.from_stripe(f"/v1/invoices/{seen.subscription['latest_invoice']}")
    assert invoice["amount_due"] == 3920


async def test_limit_overrides_hold_until_they_expire_in_the_accounts_time(scene: Scene) -> None:
    await scene.trust()
    end = await scene.advance(seconds=0) + timedelta(days=3)
    overrides = {**OVERRIDES["spec.limitOverrides"], "expirationTime": end.isoformat().replace("+00:00", "Z")}
    acme = await scene.subscribe(await scene.plan(), {"spec.limitOverrides": overrides})
    await acme.until(limits={"gateways": 20, "users": None, "end_devices": 500})

    await scene.advance(days=4)

    await acme.until(ready="Provisioned", limits={"gateways": 10, "users": 20, "end_devices": 500})


async def test_trust_that_is_lost_stops_new_writes_and_leaves_the_tenant_as_it_is(scene: Scene) -> None:
    await scene.trust()
    acme = await scene.subscribe(await scene.plan(), OVERRIDES)
    await acme.until(limits={"gateways": 20, "users": None})

    await scene.trust(granted=False)
    await acme.until(ready="NotAllowed", payment="Paid", tenant="Approved", stripe="active")
    seen = await acme.settled()

    assert (seen.limit("gateways"), seen.limit("users")) == (20, None)


async def test_payer_whose_namespace_lost_the_trust_is_still_judged_by_payments(scene: Scene) -> None:
    await scene.trust()
    acme = await scene.subscribe(await scene.plan(), OVERRIDES)
    await scene.trust(granted=False)
    await acme.until(ready="NotAllowed", tenant="Approved")

    await acme.card("declines")
    await scene.advance(days=32)
    await acme.until(ready="NotAllowed", payment="PastDue", tenant="Flagged")

    await acme.pays()
    await acme.until(ready="NotAllowed", payment="Paid", tenant="Approved")


async def test_keep_active_keeps_a_tenant_approved_whose_customer_does_not_pay(scene: Scene) -> None:
    await scene.trust()
    acme = await scene.subscribe(await scene.plan(), {"spec.accessPolicy": "KeepActive"})
    await acme.card("declines")

    await scene.advance(days=60)

    await acme.until(ready="Provisioned", payment="GraceExpired", tenant="Approved", stripe="past_due")


async def test_keep_active_leaves_somebody_elses_suspension(scene: Scene) -> None:
    await scene.trust()
    acme = await scene.subscribe(await scene.plan())
    await acme.in_the_console({"state": "STATE_SUSPENDED", "state_description": "Abuse report 4711"})

    await acme.change({"accessPolicy": "KeepActive"})
    await acme.settled()

    await acme.until(ready="SuspendedByOther", tenant="Suspended")


async def test_suspend_needs_no_trust_and_goes_on_billing(scene: Scene) -> None:
    acme = await scene.subscribe(await scene.plan())

    await acme.change({"accessPolicy": "Suspend"})
    seen = await acme.until(ready="Suspended", payment="Paid", tenant="Suspended", stripe="active")
    assert seen.description == "Billing: suspended by an administrator"
    assert "billing goes on" in seen.message()

    await acme.change({"accessPolicy": "FollowBilling"})
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved")


async def _a_paid_subscription(scene: Scene, plan: str, **fields: str) -> Object:
    """Somebody subscribes in the dashboard to a plan's price, with a card that pays."""
    price = (await scene.until_plan(plan))["status"]["priceID"]
    customer = await scene.at_stripe(
        "customers",
        payment_method="pm_card_visa",
        invoice_settings__default_payment_method="pm_card_visa",
        email="billing@acme.example",
    )
    return await scene.at_stripe("subscriptions", customer=customer["id"], items__0__price=price, **fields)


async def test_untrusted_namespace_learns_nothing_of_somebody_elses_subscription(scene: Scene) -> None:
    plan = await scene.plan()
    theirs = await scene.subscribe(plan, name="theirs")
    found = (await theirs.look()).status
    await theirs.card("declines")
    await scene.advance(days=32)
    await theirs.until(payment="PastDue")

    acme = await scene.apply(
        plan, {"spec.subscriptionID": found["subscriptionID"], "spec.customer": {"id": found["customerID"]}}
    )

    seen = await acme.until(ready="NotAllowed", tenant="Absent")
    told = {"subscriptionStatus", "hostedInvoiceURL", "currentPeriod", "pastDueSinceTime"} & set(seen.status)
    assert (seen.reason("PaymentCurrent"), told) == ("AwaitingPayment", set())

    await acme.delete()
    await acme.until_gone()
    assert (await theirs.settled()).subscription["status"] == "past_due"


async def test_trusted_namespace_takes_an_existing_subscription_over(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    found = await _a_paid_subscription(scene, plan)

    acme = await scene.apply(
        plan, {"spec.subscriptionID": found["id"], "spec.customer": {"id": found["customer"]}}
    )

    await acme.until(
        ready="Provisioned",
        payment="Paid",
        tenant="Approved",
        status={"subscriptionID": found["id"], "customerID": found["customer"]},
    )
    listed = await scene.stage.outside.from_stripe("/v1/subscriptions", customer=found["customer"])
    assert [each["id"] for each in listed["data"]] == [found["id"]]


async def test_subscription_of_another_customer_than_the_one_named_is_refused(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    found = await _a_paid_subscription(scene, plan)
    other = await scene.at_stripe("customers", email="billing@acme.example")
    before = scene.writes()

    acme = await scene.apply(plan, {"spec.subscriptionID": found["id"], "spec.customer": {"id": other["id"]}})

    seen = await acme.until(ready="SubscriptionNotFound", tenant="Absent")
    assert f"{found['id']} of customer {other['id']}" in seen.message()
    assert scene.writes() == before


async def test_subscription_is_taken_over_with_the_customer_that_it_has(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    found = await _a_paid_subscription(scene, plan)

    acme = await scene.apply(plan, {"spec.subscriptionID": found["id"]})

    await acme.until(
        ready="Provisioned",
        tenant="Approved",
        status={"subscriptionID": found["id"], "customerID": found["customer"]},
    )


async def test_coupon_that_does_not_exist_is_said_and_buys_nothing_until_it_is_corrected(
    scene: Scene,
) -> None:
    await scene.trust()
    acme = await scene.apply(await scene.plan(), {"spec.discounts": [{"couponID": "NEVER"}]})
    seen = await acme.until(synced="Rejected", tenant="Absent")
    assert "NEVER" in seen.message()
    await acme.change({"discounts": None})

    await acme.until(ready="AwaitingPayment", stripe="incomplete")


async def test_subscription_that_does_not_exist_is_not_made(scene: Scene) -> None:
    await scene.trust()
    plan = await scene.plan()
    customer = await scene.at_stripe("customers", email="billing@acme.example")
    acme = await scene.apply(
        plan, {"spec.subscriptionID": "sub_never", "spec.customer": {"id": customer["id"]}}
    )

    seen = await acme.until(ready="SubscriptionNotFound", tenant="Absent")

    assert "sub_never" in seen.message()


async def test_existing_customer_is_charged_where_the_namespace_is_trusted(scene: Scene) -> None:
    await scene.trust()
    customer = await scene.at_stripe("customers", email="billing@acme.example")

    acme = await scene.subscribe(await scene.plan(), {"spec.customer": {"id": customer["id"]}})

    seen = await acme.look()
    assert seen.subscription["customer"] == customer["id"]


async def test_sibling_pays_for_two_tenants_of_one_namespace(scene: Scene) -> None:
    plan = await scene.plan()
    lab = await scene.apply(plan, {"spec.customer": {"subscriptionRef": {"name": "acme"}}}, name="lab")
    seen = await lab.until(ready="SubscriptionNotFound", tenant="Absent")
    assert "acme" in seen.message()

    acme = await scene.apply(plan)
    await acme.until(ready="AwaitingPayment", stripe="incomplete")
    seen = await lab.until(ready="AwaitingPayment", stripe="incomplete")
    assert seen.subscription["customer"] == await acme.customer_id()

    for _ in ("lab", "acme"):
        await acme.pays()  # the customer's newest invoice
    await acme.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")
    await lab.until(ready="Provisioned", payment="Paid", tenant="Approved", stripe="active")


def _is_of(seen: Object, tenant: Tenant) -> bool:
    return bool(seen["metadata"].get("tenantbilling.dev/tenant-id") == tenant.tenant_id)


async def test_two_tenants_of_one_customer_are_judged_apart(scene: Scene) -> None:
    plan = await scene.plan()
    acme = await scene.subscribe(plan)
    lab = await scene.subscribe(plan, {"spec.customer": {"subscriptionRef": {"name": "acme"}}}, name="lab")

    await lab.cancelled_in_the_dashboard()

    await lab.until(ready="SubscriptionEnded", tenant="Suspended", stripe="canceled")
    seen = await acme.settled()
    assert (seen.reason(), seen.tenant["state"]) == ("Provisioned", "STATE_APPROVED")
    assert _is_of(seen.subscription, acme)

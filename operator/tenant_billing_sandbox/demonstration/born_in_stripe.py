"""A tenant that is born in Stripe: a customer subscribes there, is named there, and pays for what is used."""

from collections.abc import Sequence
from typing import Final

from tenant_billing_sandbox.demonstration.eyes import NO_TENANT
from tenant_billing_sandbox.demonstration.stage import Stage, stripe
from tenant_billing_sandbox.demonstration.steps import Happening, Step

PLAN: Final = "per-device"
PRICE: Final = "EUR 0.50 / device / month"
DEVICES: Final = 300
AN_HOUR: Final = 3600
CUSTOMER: Final = {"name": "Beta Farm", "email": "billing@beta-farm.example"}
CARD: Final = "pm_card_visa"


def born_in_stripe(stage: Stage) -> Sequence[Step]:
    """The steps, in order."""
    return (_offer(stage), _subscribe(stage), _name(stage), _use(stage), _invoice(stage))


def _offer(stage: Stage) -> Step:
    return Step(
        "metered",
        "Offer a plan that is paid by the device, also to whoever subscribes in Stripe",
        (stage.applies("metered-billingplan.yaml"),),
        (stage.is_ready("billingplans", PLAN, "Available", price=PRICE),),
        stage,
    )


def _subscribe(stage: Stage) -> Step:
    async def buys() -> str:
        outside = stage.environment.outside
        customer = (await outside.to_stripe("/v1/customers", CUSTOMER))["id"]
        card = (await outside.to_stripe(f"/v1/payment_methods/{CARD}/attach", {"customer": customer}))["id"]
        bought = {"customer": customer, "items[0][price]": await stage.eyes.price_id(PLAN)}
        await outside.to_stripe("/v1/subscriptions", {**bought, "default_payment_method": card})
        return ""

    return Step(
        "in Stripe",
        "A customer subscribes in Stripe",
        (Happening("the customer follows a Payment Link and leaves a card", buys),),
        (
            stripe("{status}, {price}; no tenant-id in its metadata", stage.eyes.newest, tenant=""),
            stage.of_the_plan(PLAN, "waits for {waiting} subscription to name its tenant", waiting="1"),
            stage.in_things_stack("{state}", state=NO_TENANT),
        ),
        stage,
    )


def _name(stage: Stage) -> Step:
    async def names() -> str:
        path = f"/v1/subscriptions/{await stage.eyes.newest_subscription_id()}"
        await stage.environment.outside.to_stripe(path, {"metadata[tenant-id]": stage.tenant_id})
        return ""

    return Step(
        "named",
        "Somebody names the tenant",
        (Happening(f"the subscription's metadata gets tenant-id: {stage.tenant_id}", names),),
        (
            stage.is_carried_out("Provisioned", payment="Paid", state="Approved", plan=PLAN),
            stage.is_allowed(devices="1000"),
        ),
        stage,
    )


def _use(stage: Stage) -> Step:
    async def registers() -> str:
        await stage.environment.outside.register(stage.tenant_id, end_devices=DEVICES)
        return ""

    return Step(
        "devices",
        "The tenant registers devices",
        (
            Happening(f"the tenant's users register {DEVICES} devices", registers),
            stage.time_passes("time passes: an hour, after which devices are counted again", AN_HOUR),
        ),
        (
            stage.in_kubernetes("reported {reported} devices", reported=str(DEVICES)),
            stripe("the meter counts {metered} devices", stage.eyes.metered, metered=str(DEVICES)),
        ),
        stage,
    )


def _invoice(stage: Stage) -> Step:
    return Step(
        "invoice",
        "The month is over",
        (stage.period_ends("time passes: the period ends, Stripe counts and charges"),),
        (
            stage.at_stripe(status="active", price=PRICE, invoice="paid", due="EUR 150.00"),
            stage.is_carried_out("Provisioned", payment="Paid", state="Approved", plan=PLAN),
        ),
        stage,
    )

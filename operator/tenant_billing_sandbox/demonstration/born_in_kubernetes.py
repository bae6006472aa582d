"""A tenant that is born in Kubernetes: it is sold, pays, grows, falls behind, pays again, and leaves."""

from collections.abc import Sequence
from typing import Final

from tenant_billing_sandbox.demonstration.eyes import NO_TENANT
from tenant_billing_sandbox.demonstration.observation import Fact
from tenant_billing_sandbox.demonstration.stage import Stage
from tenant_billing_sandbox.demonstration.steps import Step

THREE_WEEKS: Final = 21 * 24 * 3600
DELETION_TIMEOUT: Final = "30s"
STARTER: Final = "EUR 49.00 / month"
GROWTH: Final = "EUR 149.00 / month"
RAISED: Final = "EUR 159.00 / month"


def born_in_kubernetes(stage: Stage) -> Sequence[Step]:
    """The steps, in order."""
    return (
        _subscribe(stage),
        _pay(stage),
        _upgrade(stage),
        _fail_to_pay(stage),
        _wait_three_weeks(stage),
        _pay_again(stage),
        _raise_the_price(stage),
        _cancel(stage),
    )


def _object_of(stage: Stage) -> str:
    return f"tsub {stage.tenant_id} -n {stage.namespace}"


def _is_paid(stage: Stage, plan: str, price: str, *, devices: str) -> tuple[Fact, ...]:
    """A plan is paid, and the tenant has what it allows."""
    return (
        stage.at_stripe(status="active", price=price, invoice="paid"),
        stage.is_allowed(devices=devices),
        stage.is_carried_out("Provisioned", payment="Paid", state="Approved", plan=plan),
    )


def _subscribe(stage: Stage) -> Step:
    waits = "not Ready: {reason}, hostedInvoiceURL set"
    return Step(
        "subscribe",
        "Subscribe a tenant to the starter plan",
        (stage.applies("tenantsubscription.yaml"),),
        (
            stage.in_kubernetes(waits, "invoice", ready="False", reason="AwaitingPayment"),
            stage.at_stripe(status="incomplete", price=STARTER, invoice="open"),
            stage.in_things_stack("{state}", state=NO_TENANT),
        ),
        stage,
    )


def _pay(stage: Stage) -> Step:
    how = "the customer opens the invoice and pays by card"
    paid = _is_paid(stage, "starter", STARTER, devices="500")
    return _payment(stage, "pay", "The customer pays", how, paid)


def _payment(stage: Stage, name: str, title: str, how: str, paid: tuple[Fact, ...]) -> Step:
    """The customer pays what is open."""
    return Step(name, title, (stage.customer_pays(how),), paid, stage)


def _upgrade(stage: Stage) -> Step:
    return Step(
        "upgrade",
        "Upgrade to the growth plan",
        (stage.patches(_object_of(stage), '{"spec":{"planRef":{"name":"growth"}}}'),),
        _is_paid(stage, "growth", GROWTH, devices="5000"),
        stage,
    )


def _fail_to_pay(stage: Stage) -> Step:
    told = {"ready": "True", "reason": "Provisioned", "payment": "PastDue", "state": "Flagged"}
    return Step(
        "fail to pay",
        "A payment fails at the renewal",
        (
            stage.card_declines("from now on the customer's card declines"),
            stage.period_ends("time passes: the period ends, Stripe charges the card"),
        ),
        (
            stage.at_stripe(status="past_due", price=GROWTH, invoice="open"),
            stage.in_things_stack(
                "{state}: {description}", state="flagged", description="Stripe subscription past due"
            ),
            stage.in_kubernetes(
                "Ready: {payment}, {state}, to be suspended {suspension}", "suspension", **told
            ),
        ),
        stage,
    )


def _wait_three_weeks(stage: Stage) -> Step:
    return Step(
        "three weeks",
        "Three weeks later it still is not paid",
        (stage.time_passes("time passes: 21 days, every retry of Stripe's declines", THREE_WEEKS),),
        (
            stage.at_stripe(status="past_due", price=GROWTH, invoice="open"),
            stage.in_things_stack("{state}: {description}", state="suspended"),
            stage.is_carried_out("Provisioned", payment="GraceExpired", state="Suspended"),
        ),
        stage,
    )


def _pay_again(stage: Stage) -> Step:
    how = "the customer pays the open invoice with another card"
    paid = _is_paid(stage, "growth", GROWTH, devices="5000")
    return _payment(stage, "pay at last", "The customer pays at last", how, paid)


def _raise_the_price(stage: Stage) -> Step:
    patch = '{"spec":{"price":{"recurring":{"unitAmount":15900}},"priceChangePolicy":"Immediately"}}'
    return Step(
        "raise price",
        "The growth plan costs more from now on, also for those who have it",
        (stage.patches("bp growth", patch),),
        (
            stage.is_ready("billingplans", "growth", "Available", price=RAISED),
            stage.at_stripe(status="active", price=RAISED),
            stage.of_the_plan(
                "growth", "PricesMigrated: {migrated}, {moved} moved", migrated="UpToDate", moved="1 of 1"
            ),
        ),
        stage,
    )


def _cancel(stage: Stage) -> Step:
    shown = f"delete {_object_of(stage)}"
    return Step(
        "cancel",
        "Cancel",
        (stage.kubectl(shown, *shown.split(), "--timeout", DELETION_TIMEOUT),),
        (
            stage.in_kubernetes("{object}", object="gone"),
            stage.at_stripe(status="canceled", price=RAISED),
            stage.in_things_stack("{state}: {description}", state="suspended"),
        ),
        stage,
    )

"""Conversations about invoices: how they are paid, voided, written off, sent."""

from stripe_contract import Service, refused
from stripe_conversations.registry import conversation
from stripe_conversations.steps import (
    MONTH,
    active,
    advance,
    latest_invoice,
    past_due,
    pay,
    set_card,
    subscribed,
)


@conversation(
    "GET /v1/invoices",
    "GET /v1/invoices/{}",
    "GET /v1/invoices/{}/lines",
    "POST /v1/invoices/{}",
    "POST /v1/invoices/{}/pay",
    "GET /v1/invoice_payments",
    "GET /v1/invoice_payments/{}",
    "GET /v1/payment_intents/{}",
    events=("invoice.paid", "invoice.payment_succeeded", "payment_intent.succeeded", "invoice_payment.paid"),
)
async def an_invoice_is_declined_and_paid(service: Service) -> None:
    invoices, payments = service.client.v1.invoices, service.client.v1.invoice_payments
    subscription = await subscribed(service)
    first = await latest_invoice(service, subscription)
    await invoices.update_async(first, {"metadata": {"a": "b"}, "description": "First"})
    await pay(service, subscription, "insufficient_funds")
    attach, payer = service.client.v1.payment_methods.attach_async, str(subscription.customer)
    bad = await attach("pm_card_chargeCustomerFail", {"customer": payer})
    good = await attach("pm_card_visa", {"customer": payer})
    await refused(invoices.pay_async(first, {"payment_method": bad.id}))
    await invoices.pay_async(first, {"payment_method": good.id})
    await invoices.retrieve_async(
        first, {"expand": ["payments", "confirmation_secret", "customer", "default_payment_method"]}
    )
    await invoices.line_items.list_async(first, {"limit": 1})
    made = await payments.list_async({"invoice": first})
    intent = str(made.data[0].payment.payment_intent)
    await service.client.v1.payment_intents.retrieve_async(intent, {"expand": ["payment_method"]})
    await payments.retrieve_async(made.data[0].id, {"expand": ["invoice"]})
    await service.client.v1.payment_intents.retrieve_async(intent)
    await invoices.list_async(
        {
            "subscription": subscription.id,
            "status": "paid",
            "created": {"gte": 1},
            "expand": ["data.customer"],
        }
    )
    await refused(invoices.pay_async(first))


@conversation(
    "POST /v1/invoices/{}/void",
    "POST /v1/invoices/{}/mark_uncollectible",
    events=("invoice.voided", "invoice.marked_uncollectible"),
)
async def failed_invoices_are_voided_and_written_off(service: Service) -> None:
    invoices = service.client.v1.invoices
    await invoices.void_invoice_async(await latest_invoice(service, await past_due(service)))
    await invoices.mark_uncollectible_async(await latest_invoice(service, await past_due(service)))


@conversation("POST /v1/invoices/{}/finalize", "POST /v1/invoices/{}/pay", events=("invoice.updated",))
async def a_draft_is_finalised_by_hand(service: Service) -> None:
    invoices = service.client.v1.invoices
    subscription = await active(service)
    await advance(service, MONTH - 3600)
    draft = await latest_invoice(service, subscription)
    await invoices.retrieve_async(draft)
    await invoices.finalize_invoice_async(draft, {"auto_advance": False})
    await invoices.pay_async(draft, {"paid_out_of_band": True})


@conversation("POST /v1/invoices/{}/send", events=("invoice.sent",))
async def an_invoice_is_sent(service: Service) -> None:
    subscription = await subscribed(
        service, collection_method="send_invoice", days_until_due=14, payment_behavior=None
    )
    await service.client.v1.invoices.send_invoice_async(await latest_invoice(service, subscription))
    await pay(service, subscription)
    await service.client.v1.invoices.list_async({"customer": str(subscription.customer)})


@conversation("GET /v1/invoices/{}", events=("invoice.payment_action_required",))
async def a_renewal_needs_the_customer(service: Service) -> None:
    subscription = await active(service)
    await set_card(service, subscription, "requires_action")
    await advance(service, MONTH)
    invoice = await latest_invoice(service, subscription)
    await service.client.v1.invoices.retrieve_async(invoice, {"expand": ["payments"]})

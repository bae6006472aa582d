"""The calls on invoices."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.billing import count_usage
from tenant_billing_sandbox.stripe.engine.changes import changing, merge_metadata
from tenant_billing_sandbox.stripe.engine.collection import advance, collect
from tenant_billing_sandbox.stripe.engine.invoices import (
    finalize,
    mark_paid,
    mark_uncollectible,
    void,
)
from tenant_billing_sandbox.stripe.engine.lists import found, listing, matches
from tenant_billing_sandbox.stripe.engine.memory import invoices_of, of_customer
from tenant_billing_sandbox.stripe.engine.payment_methods import belonging
from tenant_billing_sandbox.stripe.engine.refusals import declined
from tenant_billing_sandbox.stripe.operations import Call, operation
from tenant_billing_sandbox.stripe.problems import invalid


@operation("GET", "/v1/invoices")
def _list(account: Account, call: Call) -> Object:
    params = call.params
    return listing(
        "/v1/invoices", [invoice for invoice in _candidates(account, call) if _matches(invoice, params)]
    )


def _candidates(account: Account, call: Call) -> list[Object]:
    subscription = account.table("subscription").get(call.params.get("subscription") or "")
    if call.params.get("subscription"):
        return invoices_of(account, subscription) if subscription else []
    if call.params.get("customer"):
        return of_customer(account, "invoice", call.params["customer"])
    return [invoice for invoice in account.table("invoice").values() if invoice["test_clock"] is None]


def _matches(invoice: Object, params: Mapping[str, Any]) -> bool:
    return matches(invoice, params, ("customer", "status", "collection_method"), ("created", "due_date"))


@operation("GET", "/v1/invoices/{}")
def _retrieve(account: Account, call: Call) -> Object:
    return found(account, "invoice", call.path[0])


@operation("GET", "/v1/invoices/{}/lines")
def _lines(account: Account, call: Call) -> Object:
    invoice = found(account, "invoice", call.path[0])
    return listing(invoice["lines"]["url"], invoice["lines"]["data"][::-1])


@operation("POST", "/v1/invoices/{}")
def _update(account: Account, call: Call) -> Object:
    invoice = found(account, "invoice", call.path[0])
    with changing(account, invoice, "invoice.updated"):
        merge_metadata(invoice, call.params.get("metadata"))
        for name in ("description", "auto_advance", "footer"):
            if name in call.params:
                invoice[name] = call.params[name] if call.params[name] != "" else None
    return invoice


@operation("POST", "/v1/invoices/{}/finalize")
def _finalize(account: Account, call: Call) -> Object:
    invoice = found(account, "invoice", call.path[0])
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
    _finalize_now(account, invoice)
    if call.params.get("auto_advance", invoice["auto_advance"]):
        advance(account, invoice)
    return invoice


def _finalize_now(account: Account, invoice: Object) -> None:
    """Finalise before the time: with the usage that was reported until now."""
    count_usage(account, invoice)
    finalize(account, invoice)


@operation("POST", "/v1/invoices/{}/pay")
def _pay(account: Account, call: Call) -> Object:
    """Pay now; a failed charge is answered by 402 and recorded (stripe.md 5.2)."""
    invoice = found(account, "invoice", call.path[0])
    method = call.params.get("payment_method")
    chosen = belonging(account, method, invoice["customer"], "payment_method") if method else None
    if invoice["status"] == "draft":
        _finalize_now(account, invoice)
        if invoice["status"] == "paid":
            return invoice
    if invoice["status"] == "paid":
        raise invalid("Invoice is already paid")
    if invoice["status"] == "void":
        raise invalid("Voided invoices can't be paid.")
    if call.params.get("paid_out_of_band"):
        with changing(account, invoice, "invoice.updated"):
            invoice["amount_paid_off_stripe"] = invoice["amount_due"]
        mark_paid(account, invoice, None)
        return invoice
    outcome = collect(account, invoice, chosen, automatic=False)
    if outcome.refusal is not None:
        raise declined(outcome.refusal)
    return invoice


@operation("POST", "/v1/invoices/{}/void")
def _void(account: Account, call: Call) -> Object:
    invoice = found(account, "invoice", call.path[0])
    if invoice["status"] not in {"open", "uncollectible"}:
        raise invalid(f"You can only pass in open invoices. This invoice isn't open: {invoice['status']}.")
    void(account, invoice)
    return invoice


@operation("POST", "/v1/invoices/{}/mark_uncollectible")
def _mark_uncollectible(account: Account, call: Call) -> Object:
    invoice = found(account, "invoice", call.path[0])
    if invoice["status"] != "open":
        raise invalid(f"You can only pass in open invoices. This invoice isn't open: {invoice['status']}.")
    mark_uncollectible(account, invoice, "user_forgiven")
    return invoice


@operation("POST", "/v1/invoices/{}/send")
def _send(account: Account, call: Call) -> Object:
    invoice = found(account, "invoice", call.path[0])
    if invoice["collection_method"] != "send_invoice":
        raise invalid("You can only send invoices with `collection_method=send_invoice`.")
    if invoice["status"] == "draft":
        _finalize_now(account, invoice)  # which sends it
    else:
        account.emit("invoice.sent", invoice)
    return invoice


@operation("GET", "/v1/invoice_payments")
def _list_payments(account: Account, call: Call) -> Object:
    payments = account.table("invoice_payment").values()
    wanted = (call.params.get("payment") or {}).get("payment_intent")
    return listing(
        "/v1/invoice_payments",
        [
            payment
            for payment in payments
            if matches(payment, call.params, ("invoice", "status"), ("created",))
            and wanted in {None, payment["payment"]["payment_intent"]}
        ],
    )


@operation("GET", "/v1/invoice_payments/{}")
def _retrieve_payment(account: Account, call: Call) -> Object:
    return found(account, "invoice_payment", call.path[0])


@operation("GET", "/v1/payment_intents/{}")
def _retrieve_intent(account: Account, call: Call) -> Object:
    return found(account, "payment_intent", call.path[0])

"""The refusals that several billing calls share, in Stripe's words."""

from collections.abc import Mapping
from typing import Any

from tenant_billing_sandbox.stripe.account import Object
from tenant_billing_sandbox.stripe.engine.cards import Refusal
from tenant_billing_sandbox.stripe.problems import Problem, invalid

NOT_SIMULATED = (
    "add_invoice_items",
    "application_fee_percent",
    "backdate_start_date",
    "billing_cycle_anchor_config",
    "billing_schedules",
    "billing_thresholds",
    "default_source",
    "default_tax_rates",
    "on_behalf_of",
    "pending_invoice_item_interval",
    "transfer_data",
    "trial",
    "trial_from_plan",
)


def check_simulated(params: Mapping[str, Any]) -> None:
    """Refuse what Stripe would carry out and this simulator would not, instead of passing over it.

    Raises:
        Problem: 400 naming the first such parameter that is set.
    """
    for name in NOT_SIMULATED:
        if params.get(name):
            raise not_simulated(name, name)


def not_simulated(what: str, param: str) -> Problem:
    """The refusal of something that only Stripe itself carries out."""
    return invalid(f"The simulator does not carry out `{what}`.", param=param, code="not_simulated")


def check_tax_location(customer: Object, params: Mapping[str, Any]) -> None:
    """Refuse automatic tax for a customer whose location is not known well enough (docs.stripe.com ``tax/invoicing``).

    Raises:
        Problem: 400.
    """
    if not (params.get("automatic_tax") or {}).get("enabled"):
        return
    address = (customer.get("shipping") or {}).get("address") or customer.get("address") or {}
    also = {"US": ("postal_code",), "CA": ("postal_code", "state")}.get(
        address.get("country") or "", ("country",)
    )
    if not any(address.get(name) for name in also):
        raise invalid(
            "The customer's location isn't recognized. Set a valid customer address in order to automatically "
            "calculate tax.",
            param="automatic_tax",
            code="customer_tax_location_invalid",
        )


def check_email(customer: Object, collection_method: str | None) -> None:
    """Refuse to send invoices to a customer without an address.

    Raises:
        Problem: 400.
    """
    if collection_method == "send_invoice" and not customer.get("email"):
        raise invalid(
            "Missing email. In order to create invoices that are sent to the customer, the customer must have a valid "
            "email.",
            param="collection_method",
        )


def declined(refusal: Refusal) -> Problem:
    """The 402 ``card_error`` of a failed charge, or the 400 where there is nothing to charge (stripe.md 5.2)."""
    if refusal.code == "resource_missing":
        return invalid(refusal.message, code=refusal.code)
    extra = {"decline_code": refusal.decline_code} if refusal.decline_code else None
    return Problem(402, "card_error", refusal.message, refusal.code, extra=extra)


def frozen(subscription: Object) -> Problem:
    """An ended subscription cannot be changed any more (stripe.md 2.2)."""
    return invalid(
        f"A subscription with status `{subscription['status']}` can only update its cancellation_details and metadata.",
    )


def still_incomplete() -> Problem:
    """An incomplete subscription waits for its first payment (stripe.md 2.1)."""
    return invalid(
        "You cannot update a subscription in `incomplete` status in this way. "
        "Only the default_source and metadata can be updated."
    )

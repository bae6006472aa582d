"""From what the operator asks for to Stripe's parameters (stripe.md 1.3, 5.1 and 7)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, cast

from stripe import RequestOptions
from stripe import params as wire

from tenant_billing.domain import requests
from tenant_billing.domain.errors import Refused
from tenant_billing.domain.observations import PriceTier

METADATA_KEYS: Final = 50
METADATA_KEY_LENGTH: Final = 40
METADATA_VALUE_LENGTH: Final = 500
IDEMPOTENCY_KEY_LENGTH: Final = 255

TIERS: Final = "tiers"
"""Expanded on every price: Stripe tells the tiers only when asked (stripe.md 1.2)."""
EXPANDED_OF_SUBSCRIPTION: Final = ("latest_invoice", "schedule", "discounts")
"""Expanded on every single subscription: the invoice that the customer pays, and which tells since when payment is due;
the schedule, which says whose it is; the discounts, which name their coupons."""


def from_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Metadata within Stripe's bounds (stripe.md 9). An empty value removes its key, other keys stay.

    Raises:
        Refused: Too many keys, or one of them or its value is too long.
    """
    if len(metadata) > METADATA_KEYS:
        raise Refused(f"at most {METADATA_KEYS} metadata keys, not {len(metadata)}", field="metadata")
    for key, value in metadata.items():
        if not 0 < len(key) <= METADATA_KEY_LENGTH or "[" in key or "]" in key:
            raise Refused(f"not a metadata key: {key!r}", field="metadata")
        if len(value) > METADATA_VALUE_LENGTH:
            raise Refused(
                f"at most {METADATA_VALUE_LENGTH} characters in metadata {key!r}, not {len(value)}",
                field="metadata",
            )
    return dict(metadata)


def from_new_product(request: requests.NewProduct) -> wire.ProductCreateParams:
    """The parameters of a new product."""
    parameters: wire.ProductCreateParams = {
        "name": request.name,
        "metadata": from_metadata(request.metadata),
    }
    if request.description:
        parameters["description"] = request.description
    if request.tax_code:
        parameters["tax_code"] = request.tax_code
    return parameters


def from_product_change(change: requests.ProductChange) -> wire.ProductUpdateParams:
    """The parameters of a changed product; an empty text clears the field."""
    parameters: wire.ProductUpdateParams = {}
    if change.name is not None:
        parameters["name"] = change.name
    if change.description is not None:
        parameters["description"] = change.description
    if change.tax_code is not None:
        parameters["tax_code"] = change.tax_code
    if change.default_price_id is not None:
        parameters["default_price"] = change.default_price_id
    if change.active is not None:
        parameters["active"] = change.active
    return parameters


def from_new_price(request: requests.NewPrice) -> wire.PriceCreateParams:
    """The parameters of a new recurring price; its lookup key moves to it at once (stripe.md 7)."""
    interval = cast("Literal['day', 'week', 'month', 'year']", request.interval)
    recurring: wire.PriceCreateParamsRecurring = {
        "interval": interval,
        "interval_count": request.interval_count,
        "usage_type": "licensed",
    }
    if request.meter_id is not None:
        recurring["usage_type"] = "metered"
        recurring["meter"] = request.meter_id
    parameters: wire.PriceCreateParams = {
        "product": request.product_id,
        "currency": request.currency.lower(),
        "recurring": recurring,
        "tax_behavior": request.tax_behavior,
        "lookup_key": request.lookup_key,
        "transfer_lookup_key": True,
        "metadata": from_metadata(request.metadata),
        "expand": [TIERS],
    }
    if request.tiers is not None:
        parameters["billing_scheme"] = "tiered"
        parameters["tiers_mode"] = cast("Literal['graduated', 'volume']", request.tiers_mode)
        parameters["tiers"] = [from_tier(each) for each in request.tiers]
    elif request.unit_amount_decimal is not None:
        parameters["unit_amount_decimal"] = request.unit_amount_decimal
    elif request.unit_amount is not None:
        parameters["unit_amount"] = request.unit_amount
    return parameters


def from_tier(tier: PriceTier) -> wire.PriceCreateParamsTier:
    """One step of a price; the last has no end."""
    step: wire.PriceCreateParamsTier = {
        "up_to": "inf" if tier.up_to is None else tier.up_to,
        "unit_amount_decimal": tier.unit_amount,
    }
    if tier.flat_amount:
        step["flat_amount_decimal"] = tier.flat_amount
    return step


def from_new_customer(request: requests.NewCustomer) -> wire.CustomerCreateParams:
    """The parameters of a new customer; what is not given is not sent."""
    parameters: wire.CustomerCreateParams = {"metadata": from_metadata(request.metadata)}
    if request.email:
        parameters["email"] = request.email
    if request.name:
        parameters["name"] = request.name
    if request.description:
        parameters["description"] = request.description
    if request.address is not None:
        parameters["address"] = from_address(request.address)
    if request.tax_ids:
        parameters["tax_id_data"] = [{"type": kind, "value": value} for kind, value in request.tax_ids]
    return parameters


def from_address(address: requests.Address) -> wire.CustomerCreateParamsAddress:
    """The lines of an address that are given."""
    lines = {name: line for name, line in vars(address).items() if line}
    return cast("wire.CustomerCreateParamsAddress", lines)


def from_new_subscription(request: requests.NewSubscription) -> wire.SubscriptionCreateParams:
    """The parameters of a new subscription (product.md, "Two births").

    ``default_incomplete``: nothing is active before it is paid. ``on_subscription``: the payment method of the first
    payment is kept, else the second month fails. ``flexible`` is written out so that the account's age does not decide.
    """
    parameters: wire.SubscriptionCreateParams = {
        "customer": request.customer_id,
        "items": [
            {"price": request.price_id} if request.metered else {"price": request.price_id, "quantity": 1}
        ],
        "billing_mode": {"type": "flexible"},
        "payment_behavior": "default_incomplete",
        "payment_settings": {"save_default_payment_method": "on_subscription"},
        "metadata": from_metadata(request.metadata),
        "expand": [*EXPANDED_OF_SUBSCRIPTION],
    }
    if request.days_until_due is not None:
        parameters["collection_method"] = "send_invoice"
        parameters["days_until_due"] = request.days_until_due
    if request.trial_days:
        parameters["trial_period_days"] = request.trial_days
        ending = cast(
            "Literal['cancel', 'create_invoice', 'pause']",
            request.trial_without_payment_method or "create_invoice",
        )
        parameters["trial_settings"] = {"end_behavior": {"missing_payment_method": ending}}
    if request.coupon_ids:
        parameters["discounts"] = [{"coupon": coupon} for coupon in request.coupon_ids]
    if request.automatic_tax:
        parameters["automatic_tax"] = {"enabled": True}
    return parameters


def from_item_change(change: requests.ItemChange) -> wire.SubscriptionUpdateParams:
    """The parameters that put one item on another price.

    Without its id the item would be added, without its quantity it would become 1 (stripe.md 7). Where the change
    waits for its payment, Stripe takes no metadata in the same call: only what makes an invoice may wait.
    """
    item: wire.SubscriptionUpdateParamsItem = {"id": change.item_id, "price": change.price_id}
    if change.quantity is not None:
        item["quantity"] = change.quantity
    parameters: wire.SubscriptionUpdateParams = {
        "items": [item],
        "proration_behavior": change.proration,
        "expand": [*EXPANDED_OF_SUBSCRIPTION],
    }
    if change.only_when_paid:
        parameters["payment_behavior"] = "pending_if_incomplete"
    elif change.metadata:
        parameters["metadata"] = from_metadata(change.metadata)
    return parameters


def from_subscription_change(change: requests.SubscriptionChange) -> wire.SubscriptionUpdateParams:
    """The parameters that change the rest of a subscription."""
    parameters: wire.SubscriptionUpdateParams = {"expand": [*EXPANDED_OF_SUBSCRIPTION]}
    if change.cancel_at_period_end is not None:
        parameters["cancel_at_period_end"] = change.cancel_at_period_end
    if change.clears_cancel_at:
        parameters["cancel_at"] = ""
    if change.metadata:
        parameters["metadata"] = from_metadata(change.metadata)
    if change.collection is not None and change.collection.days_until_due is not None:
        parameters["collection_method"] = "send_invoice"
        parameters["days_until_due"] = change.collection.days_until_due
    elif change.collection is not None:
        parameters["collection_method"] = "charge_automatically"
    if change.discounts is not None:
        parameters["discounts"] = _from_discounts(change.discounts) or ""
    return parameters


def _from_discounts(change: requests.DiscountsChange) -> list[wire.SubscriptionUpdateParamsDiscount]:
    """The whole list, as Stripe replaces it whole: existing discounts by their ids, new ones by their coupons."""
    kept: list[wire.SubscriptionUpdateParamsDiscount] = [{"discount": each} for each in change.kept_ids]
    new: list[wire.SubscriptionUpdateParamsDiscount] = [{"coupon": each} for each in change.coupon_ids]
    return kept + new


def from_time(moment: datetime) -> int:
    """Unix seconds, rounded down."""
    return int(moment.timestamp())


def from_created_since(moment: datetime | None) -> dict[str, object]:
    """The filter of a list for what was created at a time or later; no filter without a time."""
    return {} if moment is None else {"created": {"gte": from_time(moment)}}


def from_id(identifier: str, what: str) -> str:
    """An id for a path.

    The SDK sends an empty one to the address of the whole collection (stripe.md 5.1), so it is stopped here.

    Raises:
        Refused: It is empty, or no id at all.
    """
    if not identifier or not identifier.isascii() or any(sign in identifier for sign in "/?#% \t\r\n"):
        raise Refused(f"not an id of a {what}: {identifier[:80]!r}", field="id")
    return identifier


def from_key(key: str) -> RequestOptions:
    """The options of a call under an idempotency key (stripe.md 5.3).

    Raises:
        Refused: It is empty or too long.
    """
    if not 0 < len(key) <= IDEMPOTENCY_KEY_LENGTH:
        raise Refused(f"an idempotency key has 1 to {IDEMPOTENCY_KEY_LENGTH} characters, not {len(key)}")
    return {"idempotency_key": key}

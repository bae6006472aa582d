"""What today's API version has and the published document, two months older, does not: the one table of it.

The document is of 2026-08-26.dahlia, the operator and the simulator speak 2026-10-28.endive. Every entry names the
module of the official SDK (stripe-python 16.1.0) that has it, and a test looks there for the name and for every value
of an enumeration. An entry that the document has by now is refused when the document is loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Field:
    """A member of an answered object.

    Attributes:
        of: Name of the object's schema in the document.
        name: The member.
        schema: What it holds, written as the document would.
        source: Module of the SDK that names it.
        replaces: The document has the member, with another meaning.
    """

    of: str
    name: str
    schema: Schema
    source: str
    replaces: bool = False


@dataclass(frozen=True)
class Parameter:
    """A parameter of a call, ``items[current_trial]`` for one inside a hash.

    Attributes:
        of: Method and path template of the call.
        name: The parameter.
        schema: What it takes.
        source: Module of the SDK that names it.
        replaces: The document has the parameter, with another meaning.
    """

    of: str
    name: str
    schema: Schema
    source: str
    replaces: bool = False


@dataclass(frozen=True)
class Operation:
    """A whole call.

    Attributes:
        name: Method and path template.
        answer: Name of the schema that it answers with.
        source: Module of the SDK that names it.
        parameters: Schema of its parameters.
    """

    name: str
    answer: str
    source: str
    parameters: Schema = field(default_factory=dict)


Addition = Field | Parameter | Operation


def choice(*values: str) -> Schema:
    """One of these texts."""
    return {"type": "string", "enum": list(values)}


def hash_of(**members: Schema) -> Schema:
    """A hash in which all members are required."""
    return {"type": "object", "properties": members, "required": list(members)}


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return {**schema, "nullable": True}


TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "integer"}
"""Seconds since the epoch."""
ANCHOR = hash_of(type=choice("now", "unchanged"))
"""What a number or a text has become (stripe.md 1.3)."""
PAUSE_REASONS = choice(
    "final_payment_failure",
    "first_payment_failure",
    "pause_requested",
    "system",
    "trial_end_without_payment_method",
)
UNCOLLECTIBLE_REASONS = choice(
    "max_payment_attempts",
    "payment_not_received",
    "subscription_canceled",
    "subscription_paused",
    "user_forgiven",
)
TAX_DETAILS: Schema = {
    "type": "object",
    "properties": {"performance_location": or_null(TEXT), "tax_code": or_null(TEXT)},
}
PAUSE_PARAMETERS: Schema = {
    "type": "object",
    "properties": {
        "bill_for": {
            "type": "object",
            "properties": {
                "outstanding_usage_through": hash_of(type=choice("none", "now")),
                "unused_time_from": hash_of(type=choice("item_current_period_start", "none", "now")),
            },
        },
        "expand": {"type": "array", "items": TEXT},
        "invoicing_behavior": choice("invoice", "pending_invoice_item"),
        "type": choice("subscription"),
    },
}

ADDITIONS: tuple[Addition, ...] = (
    # stripe.md 1.2: why a subscription is paused, why an invoice was written off
    Field(
        "subscription",
        "status_details",
        or_null(
            hash_of(
                paused=hash_of(
                    subscription=hash_of(type=PAUSE_REASONS),
                    transitioned_at=TIME,
                    type=choice("subscription"),
                )
            )
        ),
        "stripe._subscription",
    ),
    Field(
        "invoice",
        "status_details",
        or_null(hash_of(uncollectible=or_null(hash_of(reason=or_null(UNCOLLECTIBLE_REASONS))))),
        "stripe._invoice",
    ),
    # stripe.md 1.3: pausing, by a call and by a schedule
    Operation(
        "POST /v1/subscriptions/{}/pause",
        "subscription",
        "stripe.params._subscription_pause_params",
        PAUSE_PARAMETERS,
    ),
    Parameter(
        "POST /v1/subscriptions/{}/resume",
        "payment_behavior",
        choice("resume_on_payment_attempt", "resume_on_payment_success"),
        "stripe.params._subscription_resume_params",
    ),
    Field(
        "subscription_schedule",
        "pause_schedules",
        {"type": "array", "maxItems": 0},  # the simulator plans no pauses
        "stripe._subscription_schedule",
    ),
    Field(
        "subscriptions_resource_pending_update",
        "cancel_at_period_end",
        or_null({"type": "boolean"}),
        "stripe._subscription",
    ),
    # stripe.md 1.3: the billing cycle anchor is a hash in update, resume and preview
    Parameter(
        "POST /v1/subscriptions/{}",
        "billing_cycle_anchor",
        ANCHOR,
        "stripe.params._subscription_update_params",
        replaces=True,
    ),
    Parameter(
        "POST /v1/subscriptions/{}/resume",
        "billing_cycle_anchor",
        ANCHOR,
        "stripe.params._subscription_resume_params",
        replaces=True,
    ),
    Parameter(
        "POST /v1/invoices/create_preview",
        "subscription_details[billing_cycle_anchor]",
        ANCHOR,
        "stripe.params._invoice_create_preview_params",
        replaces=True,
    ),
    # stripe.md 3.2: an endpoint's payloads in the version of the pinned SDK
    Parameter(
        "POST /v1/webhook_endpoints",
        "api_version",
        choice("2026-10-28.endive"),
        "stripe.params._webhook_endpoint_create_params",
        replaces=True,
    ),
    # the public edition of the document leaves these out, the SDK's does not
    Field(
        "product",
        "tax_details",
        or_null(TAX_DETAILS),
        "stripe._product",
    ),
    Parameter("POST /v1/products", "tax_details", TAX_DETAILS, "stripe.params._product_create_params"),
    Field("product", "type", choice("good", "service"), "stripe._product"),
    Field("recurring", "trial_period_days", or_null({"type": "integer"}), "stripe._price"),
)

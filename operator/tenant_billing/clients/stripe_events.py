"""Stripe's events: which of them matter, and what one says (stripe.md 3)."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from tenant_billing.clients.stripe_fields import (
    Fields,
    to_fields,
    to_id,
    to_list,
    to_metadata,
    to_moment,
    to_required_id,
)
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing.domain.observations import Event

__all__ = ["EVENT_TYPES", "THIN", "to_event"]

THIN: Final = "v2.core.event"


def to_event(fields: Fields) -> Event:
    """An event, whatever API version it was rendered in: only ids and metadata are taken from it.

    Raises:
        KeyError: It lacks what every event has.
        ValueError: It is none.
    """
    if fields["object"] == THIN:
        return _to_thin_event(fields)
    subject = to_fields(to_fields(fields["data"])["object"])
    return Event(
        id=to_required_id(fields["id"]),
        type=str(fields["type"]),
        created=to_moment(fields["created"]),
        livemode=bool(fields["livemode"]),
        account_id=to_id(fields.get("account")),
        object_id=to_id(subject.get("id")),
        object_kind=to_id(subject.get("object")),
        related=_related(subject),
        metadata=_metadata(subject),
        request_key=to_id(to_fields(fields.get("request")).get("idempotency_key")) or "",
    )


def _to_thin_event(fields: Fields) -> Event:
    """An event notification: it names what it is about and says nothing of it (stripe.md 1.2)."""
    created = datetime.fromisoformat(str(fields["created"]))
    if created.tzinfo is None:
        raise ValueError("expected a time with an offset")
    about = to_fields(fields.get("related_object"))
    return Event(
        id=to_required_id(fields["id"]),
        type=str(fields["type"]),
        created=created,
        livemode=bool(fields["livemode"]),
        account_id=to_id(fields.get("context")),
        object_id=to_id(about.get("id")),
        object_kind=to_id(about.get("type")),
    )


def _related(subject: Fields) -> Mapping[str, str]:
    """Ids of other objects, in today's places and in those of older API versions (stripe.md 1.3)."""
    items = to_list(subject.get("items"))
    price = to_fields(items[0].get("price")) if items else to_fields(subject.get("price"))
    subscription = subject.get("subscription") or _subscription_details(subject).get("subscription")
    found = {
        "customer": to_id(subject.get("customer")),
        "subscription": to_id(subscription),
        "price": to_id(price),
        "product": to_id(subject.get("product")) or to_id(price.get("product")),
    }
    return MappingProxyType(
        {kind: identifier for kind, identifier in found.items() if identifier is not None}
    )


def _metadata(subject: Fields) -> Mapping[str, str]:
    details = _subscription_details(subject)
    return to_metadata(details.get("metadata")) if details else to_metadata(subject.get("metadata"))


def _subscription_details(subject: Fields) -> Fields:
    """What an invoice knows of its subscription."""
    return to_fields(
        to_fields(subject.get("parent")).get("subscription_details") or subject.get("subscription_details")
    )

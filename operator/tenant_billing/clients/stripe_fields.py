"""Reading single fields of Stripe's JSON, as :meth:`stripe.StripeObject.to_dict` gives it.

Absent fields, null and ids that may be expanded to whole objects are Stripe's ways; here they end.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from tenant_billing.api.names import BillingServerMetadata
from tenant_billing.domain.observations import EMPTY

Fields = Mapping[str, Any]
NOTHING: Fields = MappingProxyType({})


def to_time(seconds: object) -> datetime | None:
    """A moment from Unix seconds; None stays None."""
    return None if seconds is None else to_moment(seconds)


def to_moment(seconds: object) -> datetime:
    """A moment from Unix seconds.

    Raises:
        TypeError: It is no number of seconds.
    """
    if not isinstance(seconds, int):
        raise TypeError(f"expected Unix seconds, not {type(seconds).__name__}")
    return datetime.fromtimestamp(seconds, UTC)


def to_id(value: object) -> str | None:
    """The id of what a field refers to, expanded or not; None where it refers to nothing."""
    match value:
        case str() if value:
            return value
        case {"id": str(identifier)}:
            return identifier
        case _:
            return None


def to_required_id(value: object) -> str:
    """The id of what a field must refer to.

    Raises:
        ValueError: It refers to nothing.
    """
    identifier = to_id(value)
    if identifier is None:
        raise ValueError("expected a reference to an object")
    return identifier


def to_fields(value: object) -> Fields:
    """A nested object; an empty one where there is none, or only its id."""
    return value if isinstance(value, Mapping) else NOTHING


def to_list(value: object) -> list[Fields]:
    """What a list object, or a plain list, holds."""
    data = value.get("data") if isinstance(value, Mapping) else value
    return [each for each in data if isinstance(each, Mapping)] if isinstance(data, list) else []


def to_metadata(value: object) -> Mapping[str, str]:
    """Metadata without the one key that is a secret; empty where there is none."""
    if not isinstance(value, Mapping) or not value:
        return EMPTY
    known = {str(key): str(text) for key, text in value.items()}
    known.pop(BillingServerMetadata.ADMIN_PASSWORD, None)
    return MappingProxyType(known)


def to_admin_password(metadata: object) -> str:
    """The password that a customer's seller wrote into metadata; empty where there is none. Never shown."""
    return str(to_fields(metadata).get(BillingServerMetadata.ADMIN_PASSWORD, ""))

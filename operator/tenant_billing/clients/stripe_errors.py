"""Every way in which a call of the Stripe SDK can fail, as one of the operator's few errors: one closed table.

What decides, in this order: the code, the HTTP status, and only where there is no status the SDK's class, because the
SDK gives a 409 and many a 429 the class of a server error (stripe.md 5.2). No message is taken from an answer that is
not an error object of Stripe's: the SDK puts the whole body into those.
"""

import enum
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import stripe

from tenant_billing.domain.errors import (
    AlreadyExists,
    Forbidden,
    KeyReused,
    NotFound,
    OutsideError,
    PaymentDeclined,
    Refused,
    StoredFailure,
    Throttled,
    Unauthorized,
    Unreachable,
)

SECRET: Final = re.compile(r"(?:\b(?:[srp]k|ek|whsec)_|_secret_)[A-Za-z0-9_*]+")
MESSAGE_LENGTH: Final = 400
LIMITED_REASON: Final = "stripe-rate-limited-reason"
REPLAYED: Final = "idempotent-replayed"
"""Header of an answer that was stored under the request's key (stripe.md 5.3)."""

BY_CODE: Final[Mapping[str, type[OutsideError]]] = {
    "duplicate_meter_event": AlreadyExists,  # the identifier was taken within the last day (stripe.md 4.2)
    "idempotency_key_in_use": Unreachable,  # the first request with this key still runs
    "lock_timeout": Throttled,  # not processed: something else holds the object (stripe.md 5.4)
    "rate_limit": Throttled,
    "resource_already_exists": AlreadyExists,
    "resource_missing": NotFound,
}
BY_STATUS: Final[Mapping[int, type[OutsideError]]] = {
    HTTPStatus.BAD_REQUEST: Refused,
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.PAYMENT_REQUIRED: PaymentDeclined,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: Unreachable,  # without "resource_missing" it is the address that is wrong
    HTTPStatus.REQUEST_TIMEOUT: Unreachable,
    HTTPStatus.CONFLICT: Unreachable,
    HTTPStatus.TOO_MANY_REQUESTS: Throttled,
}
BY_CLASS: Final[Mapping[type[stripe.StripeError], type[OutsideError]]] = {
    stripe.APIConnectionError: Unreachable,
    stripe.AuthenticationError: Unauthorized,
    stripe.CardError: PaymentDeclined,
    stripe.IdempotencyError: KeyReused,
    stripe.InvalidRequestError: Refused,
    stripe.PermissionError: Forbidden,
    stripe.RateLimitError: Throttled,
    stripe.TemporarySessionExpiredError: Unauthorized,
}


class CallKind(enum.Enum):
    """What a failure means depends on what was tried."""

    READ = enum.auto()
    WRITE = enum.auto()
    """A write of absolute values: sent again, it leaves the same behind."""
    KEYED_WRITE = enum.auto()
    """A write under the caller's idempotency key."""


def to_outside_error(error: stripe.StripeError, operation: str, kind: CallKind) -> OutsideError:
    """The operator's error for one of the SDK's."""
    failure_class = _class_of(error, kind)
    code = _code_of(error)
    failure = failure_class(
        _message_of(error, operation),
        operation=operation,
        code=code,
        request_id=error.request_id or "",
        field=str(getattr(error, "param", None) or ""),
    )
    if isinstance(failure, Throttled):
        failure.code = code or _header(error, LIMITED_REASON)
        failure.retry_after = _seconds(_header(error, "retry-after"))
    failure.outcome_unknown = kind is not CallKind.READ and isinstance(failure, Unreachable)
    return failure


def _class_of(error: stripe.StripeError, kind: CallKind) -> type[OutsideError]:
    status = error.http_status
    if isinstance(error, stripe.IdempotencyError):
        return KeyReused
    if status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StoredFailure if kind is CallKind.KEYED_WRITE and _is_stored(error) else Unreachable
    by_code = BY_CODE.get(_code_of(error))
    if by_code is not None:
        return by_code
    if status is not None:
        is_refusal = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        return BY_STATUS.get(status, Refused if is_refusal else Unreachable)
    return next((known for sdk_class, known in BY_CLASS.items() if isinstance(error, sdk_class)), Unreachable)


def _is_stored(error: stripe.StripeError) -> bool:
    """Whether a 5xx is Stripe's last word on the key of its request.

    A 502, 503 or 504 may come from what stands before Stripe, and says nothing of the request: it may still run there.
    So its key is sent again; another key could make a second subscription.
    """
    return error.http_status == HTTPStatus.INTERNAL_SERVER_ERROR or _header(error, REPLAYED).lower() == "true"


def _code_of(error: stripe.StripeError) -> str:
    """The SDK fills ``code`` for a few classes only; the rest have it in the error object (stripe.md 5.2)."""
    return str(error.code or getattr(error.error, "code", None) or "")


def _message_of(error: stripe.StripeError, operation: str) -> str:
    if error.error is not None:
        text = str(error.user_message or "no message")
    elif error.http_status is not None:
        text = f"an answer that is not Stripe's (HTTP {error.http_status})"
    else:
        cause = type(error.__cause__ or error).__name__
        text = f"no answer ({cause})"
    return f"Stripe, {operation}: {SECRET.sub('[redacted]', text)[:MESSAGE_LENGTH]}"


def _header(error: stripe.StripeError, name: str) -> str:
    """A header of the answer; the SDK's mapping ignores case, a plain dict does not."""
    headers = error.headers or {}
    return next((str(value) for key, value in headers.items() if key.lower() == name), "")


def _seconds(text: str) -> float | None:
    return float(text) if text.isdecimal() else None

"""Whether a delivery is Stripe's (stripe.md 3.3)."""

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Sequence
from typing import Final

from tenant_billing.clients.stripe_events import to_event
from tenant_billing.domain.observations import Event
from tenant_billing.ports import Clock

TOLERANCE: Final = 300
"""Seconds that a delivery may be old, or ahead: the SDK lets any future pass, so it is not used here."""
SIGNATURE_HEADER_LENGTH: Final = 4096
TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
UNREADABLE: Final = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What a signed body raises that is no event: no UTF-8, no JSON, no object, or not of this shape."""


class StripeWebhookVerifier:
    """Checks deliveries against all secrets: two are valid while one is rolled.

    Args:
        clock: What time it is; a delivery of another time is refused, so that none can be replayed.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, payload: bytes, signature: str, secrets: Sequence[str]) -> Event | None:
        """The event that a delivery carries, or None where no secret verifies it or it is no event."""
        timestamp, candidates = _parse(signature)
        if timestamp is None or abs(int(self._clock.now().timestamp()) - int(timestamp)) > TOLERANCE:
            return None
        # Every secret and every signature is compared, so that the time it takes tells nothing.
        matches = [
            hmac.compare_digest(_sign(payload, timestamp, secret), candidate)
            for secret in secrets
            if secret.strip()
            for candidate in candidates
        ]
        if not any(matches):
            return None
        try:
            return to_event(json.loads(payload))
        except UNREADABLE:
            return None


def _parse(signature: str) -> tuple[str | None, list[bytes]]:
    """The timestamp as it was signed, and the ``v1`` signatures; other schemes do not count."""
    if len(signature) > SIGNATURE_HEADER_LENGTH:
        return None, []
    parts = [part.strip().partition("=") for part in signature.split(",")]
    timestamps = [value for name, _, value in parts if name == "t"]
    if len(timestamps) != 1 or TIMESTAMP.fullmatch(timestamps[0]) is None:
        return None, []
    return timestamps[0], list(_encoded(value for name, _, value in parts if name == "v1"))


def _encoded(values: Iterable[str]) -> Iterable[bytes]:
    return (value.encode("utf-8", "replace") for value in values)


def signature_of(payload: bytes, timestamp: int, secret: str) -> str:
    """The header with which Stripe would sign a delivery."""
    return f"t={timestamp},v1={_sign(payload, str(timestamp), secret).decode()}"


def _sign(payload: bytes, timestamp: str, secret: str) -> bytes:
    signed = timestamp.encode() + b"." + payload
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()

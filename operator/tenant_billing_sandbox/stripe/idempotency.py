"""Idempotency keys: the first answer is kept and given again (stripe.md 5.3)."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenant_billing_sandbox.stripe.problems import Problem

KEPT_FOR = 24 * 3600
"""Seconds of the account's time after which a key is forgotten; Stripe promises at least this."""
LONGEST_KEY = 255


@dataclass(frozen=True)
class StoredAnswer:
    """The answer of a first run.

    Attributes:
        status: HTTP status, which may be a 4xx or 500.
        body: JSON body.
        request_id: The id of the first request.
    """

    status: int
    body: dict[str, Any]
    request_id: str


@dataclass
class _Kept:
    fingerprint: str
    at: int
    answer: StoredAnswer | None = None


@dataclass
class IdempotencyKeys:
    """The keys of one account."""

    _kept: dict[str, _Kept] = field(default_factory=dict)

    def begin(self, key: str, fingerprint: str, now: int) -> StoredAnswer | None:
        """Start a call under a key; the stored answer if there is one.

        Args:
            key: The caller's key.
            fingerprint: Of the call, see :func:`fingerprint`.
            now: The account's time in seconds.

        Raises:
            Problem: 400 if the key was used with other parameters, or is too long; 409 while the first call runs.
        """
        if len(key) > LONGEST_KEY:
            raise _error(400, f"Idempotency keys may be at most {LONGEST_KEY} characters long.")
        kept = self._kept.get(key)
        if kept is None or kept.at + KEPT_FOR <= now:
            self._kept[key] = _Kept(fingerprint, now)
            return None
        if kept.fingerprint != fingerprint:
            raise _error(
                400,
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
            )
        if kept.answer is None:
            raise _error(
                409,
                f"There is currently another in-progress request using this Idempotent Key: {key}.",
                code="idempotency_key_in_use",
            )
        return kept.answer

    def finish(self, key: str, answer: StoredAnswer) -> None:
        """Keep the answer of a call that was carried out, whatever its status."""
        self._kept[key].answer = answer

    def abandon(self, key: str) -> None:
        """Forget a key under which nothing was carried out."""
        self._kept.pop(key, None)


def fingerprint(method: str, path: str, params: Mapping[str, Any]) -> str:
    """What must be the same when a key is used again."""
    text = json.dumps([method, path, params], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _error(status: int, message: str, code: str | None = None) -> Problem:
    return Problem(status, "idempotency_error", message, code=code)

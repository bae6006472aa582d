"""Stripe's error bodies as one exception (stripe.md 5.2)."""

from dataclasses import dataclass
from typing import Any


@dataclass
class Problem(Exception):
    """A refusal, as Stripe words it.

    Attributes:
        status: HTTP status.
        type: ``error.type``, for example ``invalid_request_error``.
        message: ``error.message``, for people.
        code: ``error.code``, for programs, or None.
        param: ``error.param``, the parameter at fault, or None.
        extra: Further members of ``error`` (``decline_code``, ``payment_intent`` …).
    """

    status: int
    type: str
    message: str
    code: str | None = None
    param: str | None = None
    extra: dict[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """The JSON body that Stripe answers with."""
        members = {"code": self.code, "message": self.message, "param": self.param, "type": self.type}
        return {
            "error": {key: value for key, value in members.items() if value is not None} | (self.extra or {})
        }


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> Problem:
    """An ``invalid_request_error``."""
    return Problem(status, "invalid_request_error", message, code=code, param=param)


def no_such(kind: str, identifier: str, *, param: str | None = None) -> Problem:
    """The 404 (400 for a reference inside parameters is the caller's to choose) of a missing object."""
    return invalid(
        f"No such {kind}: '{identifier}'", param=param or "id", code="resource_missing", status=404
    )

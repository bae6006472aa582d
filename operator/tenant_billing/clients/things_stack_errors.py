"""Every way in which a call to The Things Stack can fail, as one of the operator's few errors: one closed table.

What decides is the gRPC code in the body, never the HTTP status, which is ambiguous for 400 and 409 (T-02), and the
name of the error, never its namespace (things-stack.md 4). An answer without such a body is not the registry's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from tenant_billing.domain.errors import (
    AlreadyExists,
    Forbidden,
    NotFound,
    OutsideError,
    Refused,
    Throttled,
    Unauthorized,
    Unreachable,
    Unsupported,
)

MESSAGE_LENGTH: Final = 400
LONG_HEXADECIMAL: Final = re.compile(r"\b[0-9A-Fa-f]{32,}\b")
"""Has the form of a tenant admin key."""
RETRY_HEADER: Final = "x-rate-limit-retry"
REQUEST_ID_HEADER: Final = "x-request-id"

BY_CODE: Final[Mapping[int, type[OutsideError]]] = {
    1: Unreachable,  # canceled
    2: Unreachable,  # unknown
    3: Refused,  # invalid argument
    4: Unreachable,  # deadline exceeded
    5: NotFound,
    6: AlreadyExists,
    7: Forbidden,  # permission denied
    8: Throttled,  # resource exhausted
    9: Refused,  # failed precondition
    10: Unreachable,  # aborted
    11: Refused,  # out of range
    12: Unsupported,  # unimplemented
    13: Unreachable,  # internal
    14: Unreachable,  # unavailable
    15: Unreachable,  # data loss
    16: Unauthorized,  # unauthenticated
}
BY_NAME: Final[Mapping[str, type[OutsideError]]] = {
    "field_mask_paths": Unsupported,  # this version does not know the field
    "route_not_found": Unreachable,  # the address is wrong, nothing is said about a tenant (T-01)
    "tenant_admin_key": Unauthorized,
    "id_taken": AlreadyExists,
}
UNLICENSED: Final = re.compile(r"licen[cs]e|multi_?tenancy")
"""In the name of a failed precondition: multi-tenancy is not licensed. The exact name is not documented."""
NOT_FOUND: Final = 5
FAILED_PRECONDITION: Final = 9
NOTHING_DONE: Final = frozenset({NOT_FOUND, 10})
"""Codes of a failure that say that a write was not carried out: nobody to carry it out, or aborted."""


@dataclass(frozen=True)
class Failure:
    """One answer that is not a success, as far as it could be read.

    Attributes:
        status: HTTP status.
        headers: Of the answer, lower case.
        body: The JSON body, None where there is none.
        secrets: What must not be repeated, such as the key or a password that was sent.
    """

    operation: str
    writes: bool
    status: int
    headers: Mapping[str, str]
    body: object
    secrets: Iterable[str] = ()


def to_outside_error(failure: Failure) -> OutsideError:
    """The operator's error for an answer."""
    body = failure.body if isinstance(failure.body, Mapping) else {}
    code = body.get("code")
    if not isinstance(code, int) or code not in BY_CODE:
        return _not_theirs(failure)
    detail = _first_detail(body)
    name = str(detail.get("name") or "")
    error = _class_of(code, name)(
        _message(failure, str(body.get("message") or f"code {code}")),
        operation=failure.operation,
        code=name or f"code_{code}",
        request_id=failure.headers.get(REQUEST_ID_HEADER, ""),
        field=_field(detail),
    )
    if isinstance(error, Throttled):
        error.retry_after = _seconds(failure.headers.get(RETRY_HEADER, ""))
    error.outcome_unknown = failure.writes and isinstance(error, Unreachable) and code not in NOTHING_DONE
    return error


def to_no_answer(operation: str, problem: str, *, writes: bool) -> Unreachable:
    """The error for a call that got no answer, or one that cannot be read."""
    return Unreachable(
        f"The Things Stack, {operation}: {problem}", operation=operation, outcome_unknown=writes
    )


def _not_theirs(failure: Failure) -> OutsideError:
    """A proxy, a login page, another server: nothing that it says is about tenants or keys."""
    problem = f"an answer that is not the tenant registry's (HTTP {failure.status})"
    if failure.status != HTTPStatus.TOO_MANY_REQUESTS:
        unknown = failure.writes and failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return to_no_answer(failure.operation, problem, writes=unknown)
    return Throttled(
        f"The Things Stack, {failure.operation}: {problem}",
        operation=failure.operation,
        retry_after=_seconds(failure.headers.get(RETRY_HEADER, "")),
    )


def _class_of(code: int, name: str) -> type[OutsideError]:
    if code == NOT_FOUND and not name:
        return Unreachable  # the gateway's own 404: an unknown path (T-01)
    if code == FAILED_PRECONDITION and UNLICENSED.search(name):
        return Unsupported
    return BY_NAME.get(name, BY_CODE[code])


def _first_detail(body: Mapping[str, Any]) -> Mapping[str, Any]:
    details = body.get("details")
    named = [each for each in details if isinstance(each, Mapping)] if isinstance(details, list) else []
    return named[0] if named else {}


def _field(detail: Mapping[str, Any]) -> str:
    attributes = detail.get("attributes")
    if not isinstance(attributes, Mapping):
        return ""
    paths = attributes.get("forbidden_paths")
    return ",".join(map(str, paths)) if isinstance(paths, list) else str(attributes.get("field") or "")


def _message(failure: Failure, text: str) -> str:
    for secret in failure.secrets:
        text = text.replace(secret, "[redacted]") if secret else text
    text = LONG_HEXADECIMAL.sub("[redacted]", text)
    return f"The Things Stack, {failure.operation}: {text[:MESSAGE_LENGTH]}"


def _seconds(text: str) -> float | None:
    """Whole seconds, rounded down by the server: 0 occurs (things-stack.md 5)."""
    return float(text) if text.isdecimal() else None

"""The rules of the message definitions, checked on whole requests whatever the mask names (T-10)."""

import re
from typing import Any

from tenant_billing_sandbox.things_stack.errors import VALIDATION, ThingsStackError
from tenant_billing_sandbox.things_stack.fields import MAX_ID_LENGTH, Cardinality, Field, Kind
from tenant_billing_sandbox.things_stack.message_definitions import MESSAGES
from tenant_billing_sandbox.things_stack.message_json import Message

WORD = r"[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
EMAIL_ADDRESS = re.compile(rf"(?P<local>{WORD}(?:\.{WORD})*)@{LABEL}(?:\.{LABEL})*")
LONGEST_ADDRESS = 254
LONGEST_LOCAL_PART = 64
"""Bytes, as are those of the whole address."""


def is_email_address(value: str) -> bool:
    """Whether a text is one bare e-mail address, by the rule ``email`` of the validator that the definitions name.

    That is an address of RFC 5322 at a host whose labels are letters, digits and inner hyphens. It also takes quoted
    local parts and a name before the address, which nobody means by one.
    """
    form = EMAIL_ADDRESS.fullmatch(value)
    return (
        form is not None
        and len(value.encode(errors="replace")) <= LONGEST_ADDRESS
        and len(form["local"].encode(errors="replace")) <= LONGEST_LOCAL_PART
    )


def validate(name: str, content: Message) -> None:
    """Check a message and everything in it.

    Raises:
        ThingsStackError: ``validation``, for the first field that breaks a rule; nested messages nest causes.
    """
    for field_name, field in MESSAGES[name].items():
        _validate_field(name, field_name, field, content.get(field_name))


def violation(
    message: str, field: str, reason: str, cause: ThingsStackError | None = None
) -> ThingsStackError:
    """The error of one field that breaks a rule."""
    return ThingsStackError(
        VALIDATION, cause=cause, field=field, reason=reason, name=f"{message}ValidationError"
    )


def _validate_field(name: str, field_name: str, field: Field, value: Any) -> None:
    if field.cardinality is not Cardinality.ONE:
        _validate_entries(name, field_name, field, value or {})
    elif field.kind is Kind.MESSAGE:
        if value is not None:
            _validate_nested(name, field_name, field, value)
        elif field.required:
            raise violation(name, field_name, "it is required")
    elif field.kind is Kind.ENUM and field.enum is not None:
        if value is not None and value not in list(field.enum):
            raise violation(name, field_name, "it must be one of the defined values")
    elif field.kind is Kind.STRING:
        problem = _problem_of_string(field, value or "")
        if problem:
            raise violation(name, field_name, problem)


def _validate_entries(name: str, field_name: str, field: Field, value: Any) -> None:
    if field.max_entries is not None and len(value) > field.max_entries:
        raise violation(name, field_name, f"it must have at most {field.max_entries} entries")
    is_map = field.cardinality is Cardinality.MAP
    for key, item in value.items() if is_map and value else enumerate(value):
        path = f"{field_name}[{key}]"
        problem = _problem_of_entry(field, str(key) if is_map else None, item)
        if problem:
            raise violation(name, path, problem)
        if field.kind is Kind.MESSAGE:
            _validate_nested(name, path, field, item)


def _validate_nested(name: str, path: str, field: Field, value: Message) -> None:
    try:
        validate(field.message, value)
    except ThingsStackError as cause:
        raise violation(name, path, "the message in it is invalid", cause) from cause


def _problem_of_entry(field: Field, key: str | None, item: Any) -> str | None:
    if key is not None and field.pattern is not None:
        if len(key) > MAX_ID_LENGTH:
            return f"its key must have at most {MAX_ID_LENGTH} characters"
        if not field.pattern.fullmatch(key):
            return f"its key must match {field.pattern.pattern}"
    if field.max_length is not None and len(item) > field.max_length:
        return f"it must have at most {field.max_length} characters"
    return None


def _problem_of_string(field: Field, value: str) -> str | None:
    if len(value) < field.min_length:
        return f"it must have at least {field.min_length} characters"
    if field.max_length is not None and len(value) > field.max_length:
        return f"it must have at most {field.max_length} characters"
    if field.pattern is not None and not field.pattern.fullmatch(value):
        return f"it must match {field.pattern.pattern}"
    if field.email and not is_email_address(value):
        return "it must be an e-mail address"
    return None

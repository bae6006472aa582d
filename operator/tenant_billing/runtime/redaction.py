"""The last line of defence: nothing that looks like a key leaves in a log line.

Keys are kept out of messages and exceptions where they are handled; this catches what was overlooked, also in the text
of exceptions that libraries raise.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

REDACTED: Final = "[redacted]"
_SECRETS: Final = re.compile(
    r"\b(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z_]+"  # Stripe's secret, restricted and publishable keys
    r"|\bwhsec_[0-9A-Za-z+/=_-]+"  # signing secrets of webhooks
    r"|(?i:(?<=tenantadminkey )|(?<=bearer )|(?<=basic ))[^\s,;'\"]+"  # values of the header Authorization
)


def redact(text: str) -> str:
    """The text without anything that looks like a key."""
    return _SECRETS.sub(REDACTED, text)


def redact_event(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: every text of a log line, however deep, without anything that looks like a key."""
    for field, value in event.items():
        event[field] = _redacted(value)
    return event


def _redacted(value: Any) -> Any:
    match value:
        case str():
            return redact(value)
        case Mapping():
            return {key: _redacted(each) for key, each in value.items()}
        case list() | tuple():
            return [_redacted(each) for each in value]
        case bool() | int() | float() | None:
            return value
        case _:
            return redact(str(value))

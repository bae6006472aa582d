"""What The Things Stack takes for an e-mail address, of an administrator and of a contact."""

import re
from typing import Final

_WORD: Final = r"[^\x00-\x20\x7f()<>\[\]:;@\\,.\"]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS: Final = re.compile(rf"(?P<local>{_WORD}(?:\.{_WORD})*)@{_LABEL}(?:\.{_LABEL})*")
LONGEST_ADDRESS: Final = 254
LONGEST_LOCAL_PART: Final = 64
"""Bytes of UTF-8, as are those of the whole."""


def is_email_address(text: str) -> bool:
    """Whether a text is one bare address, by the rule ``email`` of the API definitions (things-stack.md 3).

    A quoted local part, or a name before the address, passes there too; here it is taken for a mistake.
    """
    form = ADDRESS.fullmatch(text)
    return form is not None and _fits(text, LONGEST_ADDRESS) and _fits(form["local"], LONGEST_LOCAL_PART)


def _fits(text: str, longest: int) -> bool:
    return len(text.encode(errors="replace")) <= longest

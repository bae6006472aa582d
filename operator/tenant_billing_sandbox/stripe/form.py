"""Decoding the bracketed form encoding that the SDK sends (stripe.md 8, item 1)."""

import re
from typing import Any
from urllib.parse import parse_qsl

from tenant_billing_sandbox.stripe.problems import invalid

Decoded = dict[str, Any]
KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")


def decode(encoded: str) -> Decoded:
    """Nested hashes of strings: ``items[0][price]=p`` is ``{"items": {"0": {"price": "p"}}}``, ``a[]=x`` a list.

    Raises:
        Problem: 400 for a name that brackets do not close, or that is a value and a hash at once.
    """
    decoded: Decoded = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        match = KEY.fullmatch(name)
        if match is None:
            raise invalid(f"Invalid parameter name: {name}", param=name)
        path = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        _put(decoded, path, value, name)
    return decoded


def _put(target: Decoded, path: list[str], value: str, name: str) -> None:
    head, rest = path[0], path[1:]
    if rest == [""]:
        present = target.setdefault(head, [])
        if not isinstance(present, list):
            raise invalid(f"Invalid parameter: {name} is given in two ways", param=name)
        present.append(value)
    elif rest:
        inner = target.setdefault(head, {})
        if not isinstance(inner, dict):
            raise invalid(f"Invalid parameter: {name} is given in two ways", param=name)
        _put(inner, rest, value, name)
    else:
        target[head] = value

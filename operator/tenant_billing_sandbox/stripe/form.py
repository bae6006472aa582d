"""The bracketed form encoding that the SDK sends, both ways (stripe.md 8, item 1)."""

import re
from collections.abc import Iterator, Mapping
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


def encode(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Names and values for a query string: what :func:`decode` reads back."""
    for name, value in values.items():
        match value:
            case Mapping():
                yield from encode({f"{name}[{key}]": each for key, each in value.items()})
            case list():
                yield from encode({f"{name}[{index}]": each for index, each in enumerate(value)})
            case _:
                yield name, str(value)


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

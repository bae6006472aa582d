"""Names of Kubernetes objects from what things are called outside."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Final

LONGEST_NAME: Final = 50
_VALID: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_LONGEST_SUBDOMAIN: Final = 100


def is_valid_name(text: str) -> bool:
    """Whether Kubernetes takes a text as the name of an object of ours (a DNS label; api.md: at most 100)."""
    return len(text) <= _LONGEST_SUBDOMAIN and _VALID.fullmatch(text) is not None


def name_from(text: str, fallback: str) -> str:
    """A name that resembles a text: lower case, accents dropped, everything else a dash.

    Args:
        text: What it is called outside.
        fallback: What to call it where nothing of the text can be used.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].strip("-")
    return name or re.sub(r"[^a-z0-9]+", "-", fallback.lower()).strip("-")


def told_apart(wished: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Give everything a name of its own.

    Args:
        wished: By identity, the names it could have, the best first.

    Returns:
        By identity, its name: the first wish that nobody else has on any place up to there, else the first wish with a
        digest of the identity, so that a name does not depend on the order in which things are met.
    """
    names: dict[str, str] = {}
    for identity, wishes in wished.items():
        others = [each for other, each in wished.items() if other != identity]
        free = (
            wish for place, wish in enumerate(wishes) if all(wish not in each[: place + 1] for each in others)
        )
        digest = sha256(identity.encode()).hexdigest()[:8]
        names[identity] = next(free, f"{wishes[0]}-{digest}")
    return names

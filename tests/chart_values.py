"""Sets of values that people install with, each named by what it is for."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

ROOM: Final = Path(__file__).parent / "chart"

MATRIX: Final[Mapping[str, Mapping[str, Any]]] = yaml.safe_load(
    (ROOM / "values.yaml").read_text(encoding="utf-8")
)
"""Values by what they are for."""

WRONG: Final[list[list[Any]]] = yaml.safe_load((ROOM / "wrong-values.yaml").read_text(encoding="utf-8"))
"""A set of values, and what the message has to say."""

NAMESPACES: Final = ("tenants", "more-tenants", "monitoring")
"""Namespaces that some of them name, which have to exist."""

"""``docs/architecture.md`` says which room may import which; the code keeps to it."""

import ast
import re
from collections.abc import Iterator
from typing import Final

import pytest

from document_pages import DOCUMENTS, codes, rows
from manifests import REPOSITORY

PAGE: Final = DOCUMENTS / "architecture.md"
OPERATOR: Final = REPOSITORY / "operator" / "tenant_billing"
EVERYTHING: Final = "everything below"


def told() -> dict[str, set[str] | None]:
    """What each room may import of the operator, by the page; None where that is everything below it."""
    found: dict[str, set[str] | None] = {}
    for names, _, imports in rows(PAGE, "Rooms"):
        allowed = None if imports == EVERYTHING else set(re.findall(r"[a-z]+", imports))
        found |= {name.removeprefix("tenant_billing."): allowed for name in codes(names)}
    return found


def rooms() -> set[str]:
    return {each.stem for each in OPERATOR.iterdir() if each.is_dir() or each.suffix == ".py"} - {
        "__init__",
        "__pycache__",
    }


def imported(room: str) -> Iterator[str]:
    """The other rooms that a room imports something of."""
    path = OPERATOR / room
    for module in path.rglob("*.py") if path.is_dir() else [path.with_suffix(".py")]:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            yield from (name.split(".")[1] for name in names if name.startswith("tenant_billing."))


def test_every_room_is_on_the_page() -> None:
    assert rooms() == set(told()) - {"tenant_billing_sandbox"}


@pytest.mark.parametrize("room", sorted(rooms()))
def test_a_room_imports_what_the_page_says_and_no_other(room: str) -> None:
    names = list(told())
    allowed = told()[room]
    if allowed is None:
        allowed = set(names[names.index(room) + 1 :])
    assert set(imported(room)) - allowed - {room} == set()

"""Tests that are named somewhere else than where they stand: what names one must be told when it is renamed."""

import ast
from functools import cache
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent


@cache
def _functions(module: Path) -> frozenset[str]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def exists(test: str) -> bool:
    """Whether there is a test of this name, as ``scenarios/test_ending.py::test_…`` below ``tests``."""
    path, _, name = test.partition("::")
    module = TESTS / path
    return module.is_file() and name.startswith("test_") and name in _functions(module)

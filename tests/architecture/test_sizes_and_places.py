"""The shape of the code, checked: sizes, places, and words that have one home."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "operator"
OPERATOR = SOURCE / "tenant_billing"
LONGEST_MODULE = 400
LONGEST_FUNCTION = 45

PROVIDER_STATUSES = {
    "trialing",
    "active",
    "incomplete",
    "incomplete_expired",
    "past_due",
    "unpaid",
    "paused",
    "canceled",
}
"""Words of the provider's subscription statuses (stripe.md 1.2): compared in the domain only."""

ASKS_WHICH_INVOICES_TO_READ = "clients/stripe_subscriptions.py"
"""The client reads open invoices where a status says that there are some: what to read, not what to decide."""


def modules(root: Path = SOURCE) -> list[Path]:
    return sorted(root.rglob("*.py"))


def functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_source_root_is_no_package() -> None:
    """``operator/__init__.py`` would shadow the standard library's module."""
    assert not (SOURCE / "__init__.py").exists()


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_module_and_its_functions_can_be_read_at_once(module: Path) -> None:
    """A module has one reason to exist, a function fits on a screen."""
    lines = module.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST_MODULE, f"{lines} lines"
    long = [
        f"{each.name}: {length} lines"
        for each in functions(module)
        if (length := (each.end_lineno or each.lineno) - each.lineno + 1) > LONGEST_FUNCTION
    ]
    assert long == []


def compared_words(module: Path) -> Iterator[tuple[int, str]]:
    """The texts that a module compares something with, or keeps in a set to do so."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        parts: list[ast.expr] = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.match_case):
            parts = [value.value for value in ast.walk(node.pattern) if isinstance(value, ast.MatchValue)]
        elif isinstance(node, ast.Set):
            parts = [node]
        for part in parts:
            for each in ast.walk(part):
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.lineno, each.value


def test_statuses_of_the_provider_are_compared_in_the_domain_only() -> None:
    """New statuses may come: one place knows what each means."""
    found = [
        f"{module.relative_to(OPERATOR)}:{line} {word!r}"
        for module in modules(OPERATOR)
        if module.parent.name != "domain" and not str(module).endswith(ASKS_WHICH_INVOICES_TO_READ)
        for line, word in compared_words(module)
        if word in PROVIDER_STATUSES
    ]
    assert found == []


def test_kopf_is_imported_by_handlers_and_the_entry_only() -> None:
    allowed = {"handlers", "wiring.py", "__main__.py", "commands"}
    found = [
        str(module.relative_to(OPERATOR))
        for module in modules(OPERATOR)
        if module.relative_to(OPERATOR).parts[0] not in allowed
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "kopf" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "kopf")
    ]
    assert found == []


def test_nobody_asks_for_the_time_but_the_clock() -> None:
    """Decisions take the time as a parameter; one place reads the operating system's."""
    found = [
        f"{module.relative_to(OPERATOR)}:{node.lineno}"
        for module in modules(OPERATOR)
        if module.relative_to(OPERATOR) != Path("runtime/clock.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today", "monotonic", "time"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date", "time"}
    ]
    assert found == []

"""``docs/security.md`` names every call to Stripe, with the right that a restricted key needs for it."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from document_pages import DOCUMENTS, codes, rows
from manifests import REPOSITORY

PAGE: Final = DOCUMENTS / "security.md"
CLIENTS: Final = REPOSITORY / "operator" / "tenant_billing" / "clients"
CALL: Final = re.compile(r"(List|Get|Create|Update|Delete|Cancel|Release)[A-Z][A-Za-z]+")


def operations() -> Iterator[str]:
    """Names of calls, as the clients hand them to the budget and to the audit."""
    for module in CLIENTS.glob("stripe_*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and CALL.fullmatch(node.value):
                yield node.value


def test_every_call_to_stripe_is_listed_with_its_right_and_no_other() -> None:
    listed = [(row[0], row[2]) for row in rows(PAGE, "The Stripe key")]
    assert {call for cell, _ in listed for call in codes(cell)} == set(operations())
    assert [cell for cell, right in listed if not right] == []

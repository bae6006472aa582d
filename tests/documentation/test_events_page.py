"""``docs/reference/events.md`` names every Event that is told under a name of its own."""

import ast
from collections.abc import Iterator
from typing import Final

from document_pages import DOCUMENTS, codes, rows
from manifests import REPOSITORY
from tenant_billing.api.names import KINDS
from tenant_billing.api.reasons import Reason
from tenant_billing.api.tenant_subscription import TenantState

PAGE: Final = DOCUMENTS / "reference" / "events.md"
OPERATOR: Final = REPOSITORY / "operator" / "tenant_billing"
TELLERS: Final = {"News": 1, "_wait": 2, "_waiting": 2}
"""Functions that make an Event, with the place of its reason among their arguments."""


def told() -> Iterator[str]:
    for module in OPERATOR.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            place = TELLERS.get(name)
            if place is None or len(node.args) <= place:
                continue
            reason = node.args[place]
            if isinstance(reason, ast.Constant) and isinstance(reason.value, str):
                yield reason.value


def documented() -> set[str]:
    return {code for kind in KINDS for row in rows(PAGE, kind.kind) for code in codes(row[0])}


def test_every_event_of_a_name_of_its_own_is_on_the_page() -> None:
    assert set(told()) - documented() == set()


def test_every_state_of_a_tenant_that_can_be_told_is_on_the_page() -> None:
    assert {
        f"Tenant{each}" for each in TenantState if each is not TenantState.UNKNOWN
    } - documented() == set()


def test_no_event_is_on_the_page_that_nobody_tells() -> None:
    states = {f"Tenant{each}" for each in TenantState}
    usage = {f"Usage{each}" for each in Reason}
    assert documented() - set(told()) - states - usage - set(Reason) == set()

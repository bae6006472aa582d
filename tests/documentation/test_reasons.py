"""Every reason of every condition has its heading on the page of its kind, and says what a person on call asks."""

import re
from pathlib import Path
from typing import Final

import pytest

from document_pages import DOCUMENTS, headings, name_of
from tenant_billing.api.condition_table import CONDITION_REASONS
from tenant_billing.api.conditions import PRESENT_ONLY_WHILE_TRUE, ConditionType
from tenant_billing.api.names import KINDS

REASONS: Final = DOCUMENTS / "reasons"
ANSWERS: Final = ("When", "Customers", "Do", "Ends")
SECTION: Final = re.compile(r"^### (?P<title>.+)$", re.MULTILINE)


def page_of(kind: str) -> Path:
    return REASONS / (re.sub(r"(?<!^)(?=[A-Z])", "-", kind).lower() + ".md")


def expected(kind: str) -> set[str]:
    """The headings of a kind: ``Stalled`` carries Ready's reasons, ``Reconciling`` has one for all kinds."""
    return {
        f"{condition}: {reason}"
        for condition, reasons in CONDITION_REASONS[kind].items()
        if condition not in PRESENT_ONLY_WHILE_TRUE
        for reason in reasons
    }


def sections(page: Path) -> dict[str, str]:
    """What stands below each heading of the third level."""
    parts = SECTION.split(page.read_text(encoding="utf-8"))[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize("kind", [each.kind for each in KINDS])
def test_every_reason_has_its_heading_and_every_heading_its_reason(kind: str) -> None:
    assert {each.text for each in headings(page_of(kind)) if each.level == 3} == expected(kind)


@pytest.mark.parametrize("kind", [each.kind for each in KINDS])
def test_every_condition_has_its_heading(kind: str) -> None:
    conditions = set(CONDITION_REASONS[kind]) - PRESENT_ONLY_WHILE_TRUE
    assert {each.text for each in headings(page_of(kind)) if each.level == 2} == conditions


@pytest.mark.parametrize("kind", [each.kind for each in KINDS])
def test_every_reason_says_when_what_customers_feel_what_to_do_and_when_it_ends(kind: str) -> None:
    asked = {
        title: re.findall(r"^\* \*\*(\w+):\*\*", text, re.MULTILINE)
        for title, text in sections(page_of(kind)).items()
    }
    assert {title: answers for title, answers in asked.items() if tuple(answers) != ANSWERS} == {}


def test_what_is_common_to_all_kinds_is_on_the_first_page() -> None:
    page = REASONS / "README.md"
    reconciling = {
        f"{ConditionType.RECONCILING}: {each}"
        for each in CONDITION_REASONS["BillingPlan"][ConditionType.RECONCILING]
    }
    assert reconciling <= {each.text for each in headings(page)}, name_of(page)

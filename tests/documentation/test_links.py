"""Links lead somewhere, and every page is found."""

from pathlib import Path
from typing import Final

import pytest

from document_pages import DOCUMENTS, PAGES, headings, links, name_of

ELSEWHERE: Final = ("https://", "mailto:")
FOUND_OTHERWISE: Final = {DOCUMENTS / "README.md"}
ALERT_PAGES: Final = DOCUMENTS / "runbooks"
"""Named after their alerts, whose ``runbook_url`` leads there."""


def target_of(page: Path, target: str) -> tuple[Path, str]:
    """File and anchor that a link within the repository names."""
    path, _, anchor = target.partition("#")
    return ((page.parent / path).resolve() if path else page), anchor


def problem_with(page: Path, target: str) -> str:
    if target.startswith(ELSEWHERE):
        return ""
    file, anchor = target_of(page, target)
    if not file.exists():
        return "there is no such file"
    if anchor and anchor not in {each.anchor for each in headings(file)}:
        return f"{name_of(file)} has no heading of this anchor"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    found = {str(link): problem_with(page, link.target) for link in links(page)}
    assert {link: problem for link, problem in found.items() if problem} == {}


def test_every_page_is_linked_from_another() -> None:
    linked = {
        target_of(page, link.target)[0]
        for page in PAGES
        for link in links(page)
        if not link.target.startswith(ELSEWHERE) and target_of(page, link.target)[0] != page
    }
    expected = {page for page in PAGES if DOCUMENTS in page.parents and page.parent != ALERT_PAGES}
    assert sorted(map(name_of, expected - linked - FOUND_OTHERWISE)) == []

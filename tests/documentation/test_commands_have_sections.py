"""``docs/commands.md`` has a section for every command, and a row in its table."""

from typing import Final

from document_pages import DOCUMENTS, codes, headings, rows
from tenant_billing.commands.group import COMMANDS

PAGE: Final = DOCUMENTS / "commands.md"


def test_every_command_has_its_section_and_every_section_its_command() -> None:
    sections = [each.text.split() for each in headings(PAGE) if each.level == 2]
    assert {words[1] for words in sections if words[0] == "tenant-billing"} == set(COMMANDS)


def test_every_command_has_its_row() -> None:
    assert {codes(row[0])[0].split()[0] for row in rows(PAGE, "The command line")} == set(COMMANDS)

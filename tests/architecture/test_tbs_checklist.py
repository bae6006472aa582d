"""``docs/tbs-checklist.md``: everything that the Tenant Billing Server does is there, with a test that exists."""

import re
from typing import Final

import pytest

from manifests import REPOSITORY
from named_tests import exists

CHECKLIST: Final = REPOSITORY / "docs" / "tbs-checklist.md"
PROMISES: Final = [f"TBS-{number:02}" for number in range(1, 21)]


def rows() -> dict[str, list[str]]:
    """The cells of each line of the table, by its id."""
    lines = [line.strip("| ").split(" | ") for line in CHECKLIST.read_text(encoding="utf-8").splitlines()]
    return {cells[0]: cells[1:] for cells in lines if re.fullmatch(r"TBS-\d\d", cells[0])}


def test_every_promise_of_the_tenant_billing_server_stands_in_the_checklist() -> None:
    assert list(rows()) == PROMISES


@pytest.mark.parametrize("promise", PROMISES)
def test_promise_is_proved_by_tests_that_exist(promise: str) -> None:
    *_, proof = rows()[promise]
    named = re.findall(r"`([^`]+::[^`]+)`", proof)
    assert named, "no test is named"
    assert [test for test in named if not exists(test)] == []

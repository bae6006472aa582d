"""The file by which ``tenant-billing sandbox`` finds what runs."""

import json
from pathlib import Path

from tenant_billing_sandbox.environment.command import state_file

FIRST = {"stripe": "http://127.0.0.1:1"}
SECOND = {"stripe": "http://127.0.0.1:2"}


def test_it_is_there_while_the_sandbox_runs_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / ".sandbox" / "state.json"
    with state_file(path, FIRST):
        assert json.loads(path.read_text()) == FIRST
        assert path.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == []


def test_whoever_reads_it_never_sees_a_part_of_it(tmp_path: Path) -> None:
    path, as_it_was = tmp_path / "state.json", tmp_path / "as-it-was"
    path.write_text("left by a sandbox that was killed")
    as_it_was.hardlink_to(path)
    with state_file(path, FIRST):
        assert json.loads(path.read_text()) == FIRST
        assert as_it_was.read_text() == "left by a sandbox that was killed"


def test_a_sandbox_that_was_started_later_is_still_found_when_the_first_one_ends(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with state_file(path, FIRST):
        second = state_file(path, SECOND)
        second.__enter__()
    assert json.loads(path.read_text()) == SECOND
    second.__exit__(None, None, None)
    assert not path.exists()

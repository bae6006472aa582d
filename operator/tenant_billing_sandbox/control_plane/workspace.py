"""The directory of one control plane: made, locked while it is used, removed; logs stay after a failure."""

import fcntl
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

PREFIX = "tenant-billing-control-plane-"
OWNER = "owner"
SETTLED_AFTER = 60.0


class Workspace:
    """A directory, the caller's or a temporary one.

    A temporary one that a killed process left behind is removed when the next one is made: its lock tells.

    Args:
        directory: The caller's own, which is never removed; absent: a temporary one.
        parent: Where temporary ones are made; absent: the system's place for them.
    """

    def __init__(self, directory: Path | None = None, *, parent: Path | None = None) -> None:
        self._lock: IO[str] | None = None
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
            self.directory = directory.resolve()
            return
        temporary = parent or Path(tempfile.gettempdir())
        _remove_abandoned(temporary)
        self.directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=temporary)).resolve()
        self._lock = (self.directory / OWNER).open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    @property
    def logs(self) -> Path:
        """Where the servers' logs lie."""
        path = self.directory / "logs"
        path.mkdir(exist_ok=True)
        return path

    def close(self, *, keep_logs: bool) -> None:
        """Remove a temporary directory, all of it or all but the logs."""
        if self._lock is None:
            return
        owner, logs = self.directory / OWNER, self.directory / "logs"
        for path in set(self.directory.iterdir()) - {owner, *([logs] if keep_logs else [])}:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        owner.unlink()  # last: by it others find what is left of this one if it is killed here
        if not keep_logs:
            self.directory.rmdir()
        self.forget()

    def forget(self) -> None:
        """Let the lock go and nothing else, as the end of the process does."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None


def _remove_abandoned(parent: Path) -> None:
    for owner in parent.glob(f"{PREFIX}*/{OWNER}"):
        with suppress(OSError):  # another user's, in use, or removed by another process just now
            if time.time() - owner.stat().st_mtime < SETTLED_AFTER:
                continue
            with owner.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(owner.parent)

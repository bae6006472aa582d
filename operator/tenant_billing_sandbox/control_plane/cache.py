"""The folder of finished programs, outside the tree and shared by every checkout of one user."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.control_plane.problems import ControlPlaneError
from tenant_billing_sandbox.control_plane.recipe import recipe_name
from tenant_billing_sandbox.control_plane.reports import Report

FOLDER_NAME = "tenant-billing-operator"
UNFINISHED = "unfinished-"


class ProgramCache:
    """Finished programs of one recipe and one origin (``downloaded`` or ``compiled``).

    Args:
        folder: Where this cache keeps its programs; made when something is put in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of_user(cls, environment: Mapping[str, str], origin: str) -> "ProgramCache":
        """Take the folder under ``$XDG_CACHE_HOME``, else under ``~/.cache``.

        Raises:
            ControlPlaneError: Neither is known.
        """
        base = Path(environment.get("XDG_CACHE_HOME", ""))
        if not base.is_absolute():  # the specification has such a value ignored
            try:
                base = Path.home() / ".cache"
            except RuntimeError as error:
                problem = "This user has no home directory; set XDG_CACHE_HOME to a folder for the programs."
                raise ControlPlaneError(problem) from error
        return cls(base / FOLDER_NAME / recipe_name() / origin)

    def find(self, programs: Collection[Program]) -> dict[Program, Path]:
        """Return those of the programs that are there."""
        return {
            program: self.folder / program
            for program in programs
            if os.access(self.folder / program, os.X_OK)
        }

    @contextmanager
    def locked(self, report: Report) -> Iterator[None]:
        """Keep other processes from filling the cache; the lock ends with the process, however that ends."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder.parent / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                report.say("Another process is preparing the programs: waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextmanager
    def workplace(self) -> Iterator[Path]:
        """Give a folder to make programs in; without an error, what lies there moves to the cache.

        Each file moves by one rename, and the programs last, so that a program that is seen is whole and has
        beside it what belongs to it. To be used under the lock: what a killed process left unfinished is removed.
        """
        for abandoned in self.folder.parent.glob(f"{UNFINISHED}*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.folder.parent, prefix=UNFINISHED) as name:
            folder = Path(name)
            yield folder
            for path in sorted(folder.iterdir(), key=lambda path: path.name in set(Program)):
                path.replace(self.folder / path.name)

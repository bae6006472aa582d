"""Finding the programs of the control plane, or making them: four ways, tried in order (control-plane.md).

``TENANT_BILLING_CONTROL_PLANE`` picks one way: ``assets``, ``cache``, ``download`` or ``compile``;
``auto``, the default, tries all.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tenant_billing_sandbox.control_plane.cache import ProgramCache
from tenant_billing_sandbox.control_plane.compiling import Compiler
from tenant_billing_sandbox.control_plane.downloads import Downloads, DownloadSources
from tenant_billing_sandbox.control_plane.pins import CORE_PROGRAMS, Program
from tenant_billing_sandbox.control_plane.problems import (
    ControlPlaneError,
    ProgramsMissingError,
    WayFailedError,
)
from tenant_billing_sandbox.control_plane.reports import Report, SilentReport
from tenant_billing_sandbox.control_plane.tools import STRIPE_DOCUMENT, TOOLS

SETTING = "TENANT_BILLING_CONTROL_PLANE"
ASSETS = "KUBEBUILDER_ASSETS"


class Way(StrEnum):
    """The values of ``TENANT_BILLING_CONTROL_PLANE``."""

    AUTO = "auto"
    ASSETS = "assets"
    CACHE = "cache"
    DOWNLOAD = "download"
    COMPILE = "compile"


@dataclass
class Binaries:
    """Finds programs, and installs those that are not there yet.

    Args:
        environment: Environment variables: the setting, ``KUBEBUILDER_ASSETS``, the cache and the compiler's.
        report: Where it is told what is done.
        sources: Where official archives lie.
    """

    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    report: Report = field(default_factory=SilentReport)
    sources: DownloadSources | None = None

    def __post_init__(self) -> None:
        self._downloaded = ProgramCache.of_user(self.environment, "downloaded")
        self._compiled = ProgramCache.of_user(self.environment, "compiled")

    @property
    def way(self) -> Way:
        """The way that is set.

        Raises:
            ControlPlaneError: The setting has a value that is none.
        """
        value = self.environment.get(SETTING) or Way.AUTO
        try:
            return Way(value)
        except ValueError as error:
            raise ControlPlaneError(f"{SETTING} is {value!r}; it can be {', '.join(Way)}") from error

    def locate(self, programs: Collection[Program] = CORE_PROGRAMS) -> dict[Program, Path]:
        """Find programs that are on this machine already; nothing is downloaded or compiled.

        Raises:
            ProgramsMissingError: One is not there.
        """
        attempts: list[str] = []
        found = self._look(programs, attempts)
        if len(found) < len(set(programs)):
            attempts.append("this command only looks; `make control-plane` downloads or compiles")
            raise ProgramsMissingError(_missing(programs, found), attempts)
        return found

    def install(self, programs: Collection[Program] = CORE_PROGRAMS) -> dict[Program, Path]:
        """Find programs, and download or compile those that are missing, once per machine.

        Raises:
            ProgramsMissingError: No way that may be tried works.
        """
        attempts: list[str] = []
        found = self._look(programs, attempts)
        for way in (Way.DOWNLOAD, Way.COMPILE):
            wanted = [program for program in programs if program not in found and self._may(way, program)]
            if wanted:
                try:
                    found |= self._make(way, wanted)
                except WayFailedError as error:
                    attempts.append(str(error))
                    self.report.say(str(error).splitlines()[0].rstrip(":"))
        if len(found) < len(set(programs)):
            raise ProgramsMissingError(_missing(programs, found), attempts)
        return found

    def _look(self, programs: Collection[Program], attempts: list[str]) -> dict[Program, Path]:
        found: dict[Program, Path] = {}
        if self.way in (Way.AUTO, Way.ASSETS):
            found = self._assets(programs, attempts)
        for cache, way in ((self._downloaded, Way.DOWNLOAD), (self._compiled, Way.COMPILE)):
            wanted = [
                program
                for program in programs
                if program not in found and (self.way == Way.CACHE or self._may(way, program))
            ]
            found |= cache.find(wanted)
        if self.way in (Way.AUTO, Way.CACHE) and len(found) < len(set(programs)):
            missing = ", ".join(_missing(programs, found))
            attempts.append(f"cache: {self._compiled.folder.parent} has no {missing}")
        return found

    def _assets(self, programs: Collection[Program], attempts: list[str]) -> dict[Program, Path]:
        value = self.environment.get(ASSETS)
        if not value:
            attempts.append(f"assets: {ASSETS} is not set")
            return {}
        wanted = [program for program in programs if program not in TOOLS]
        found = ProgramCache(Path(value)).find(wanted)
        if len(found) < len(wanted):
            attempts.append(f"assets: {value} ({ASSETS}) has no {', '.join(_missing(wanted, found))}")
        return found

    def _may(self, way: Way, program: Program) -> bool:
        """Tell whether the setting allows a way.

        Tools are no part of the control plane that the setting is about: they are always compiled.
        """
        if program in TOOLS:
            return way == Way.COMPILE and self.way != Way.CACHE
        return self.way in (Way.AUTO, way)

    def _make(self, way: Way, programs: Collection[Program]) -> dict[Program, Path]:
        cache = self._downloaded if way == Way.DOWNLOAD else self._compiled
        try:
            with cache.locked(self.report):
                wanted = [program for program in programs if program not in cache.find(programs)]
                if wanted:  # else another process has made them meanwhile
                    with cache.workplace() as folder:
                        self._fill(folder, way, wanted)
                return cache.find(programs)
        except OSError as error:
            problem = f"{way}: the programs can't be put into {cache.folder} ({error.strerror or error})"
            raise WayFailedError(problem) from error

    def _fill(self, folder: Path, way: Way, programs: Collection[Program]) -> None:
        if way == Way.DOWNLOAD:
            sources = self.sources or DownloadSources.from_environment(self.environment)
            Downloads(sources, self.report).fetch(programs, folder)
        else:
            Compiler(self.environment, self.report).compile(programs, folder)


def stripe_document(programs: Mapping[Program, Path]) -> Path:
    """Return the path of Stripe's published OpenAPI document, which comes with stripe-mock."""
    return STRIPE_DOCUMENT.beside(programs[Program.STRIPE_MOCK])


def _missing(programs: Collection[Program], found: Collection[Program]) -> list[str]:
    return [str(program) for program in programs if program not in found]

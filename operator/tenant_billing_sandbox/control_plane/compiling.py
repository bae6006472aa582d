"""Programs compiled by this machine's Go from pinned modules, verified by go.sum (control-plane.md)."""

import os
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tenant_billing_sandbox.control_plane.pins import (
    KUBERNETES_VERSION,
    PROGRAM_MODULES,
    Program,
)
from tenant_billing_sandbox.control_plane.problems import WayFailedError
from tenant_billing_sandbox.control_plane.reports import Report
from tenant_billing_sandbox.control_plane.server_process import LAUNCHER
from tenant_billing_sandbox.control_plane.tools import TOOLS, Document, module_of

VERSION_PACKAGES = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
MAJOR, MINOR, _ = KUBERNETES_VERSION.removeprefix("v").split(".")
VERSION_STAMP = {
    "gitVersion": KUBERNETES_VERSION,
    "gitMajor": MAJOR,
    "gitMinor": MINOR,
    "gitTreeState": "clean",
}
"""Without it the server calls itself v0.0.0-master+$Format, which clients can't parse."""

BUILD_FLAGS = (
    "-trimpath",
    "-gcflags=all=-dwarf=false",
    "-ldflags="
    + " ".join(
        [
            "-s",
            "-w",
            *(
                f"-X {package}.{key}={value}"
                for package in VERSION_PACKAGES
                for key, value in VERSION_STAMP.items()
            ),
        ]
    ),
)
BUILD_ENVIRONMENT = {
    "CGO_ENABLED": "0",
    "GOGC": "400",  # memory for time
    "GOFLAGS": "-buildvcs=false -mod=readonly",
    "GOWORK": "off",
}
FOREIGN_TARGET = ("GOOS", "GOARCH")
"""The programs run here, whatever the person cross-compiles otherwise."""

ERROR_LINES = 12
YAML_START = "---\n"
DOCUMENT_SEPARATOR = "\n---\n"
"""Between the parts of a YAML stream."""


class Compiler:
    """Compiles programs with the ``go`` of a search path.

    Args:
        environment: Environment of the compiler; its ``PATH`` is searched for ``go``.
        report: Where progress is told.
    """

    def __init__(self, environment: Mapping[str, str], report: Report) -> None:
        kept = {name: value for name, value in environment.items() if name not in FOREIGN_TARGET}
        self._environment = {**kept, **BUILD_ENVIRONMENT}
        self._report = report

    def compile(self, programs: Collection[Program], folder: Path) -> None:
        """Put the programs into the folder, with the documents that belong to them.

        Raises:
            WayFailedError: There is no Go, or it can't compile them.
        """
        kubernetes = [f"./{program}" for program in Program if program in programs and program not in TOOLS]
        if kubernetes:
            self._build(PROGRAM_MODULES, kubernetes, folder)
        for program, tool in TOOLS.items():
            if program in programs:
                self._build(module_of(program), [tool.package], folder, tool.tags)
                for document in tool.documents:
                    self._collect(document, folder)

    def _collect(self, document: Document, folder: Path) -> None:
        """Put a document together; its module is checked against go.sum as those of programs are."""
        self._go(document.pinned_by, "mod", "download", document.module)
        source = Path(self._go(document.pinned_by, "list", "-m", "-f", "{{.Dir}}", document.module).strip())
        parts: list[str] = []
        for pattern in document.files:
            found = sorted(source.glob(pattern))
            if not found:
                raise WayFailedError(f"compile: {document.module} has no {pattern}")
            parts += [path.read_text().removeprefix(YAML_START) for path in found]
        (folder / document.name).write_text(DOCUMENT_SEPARATOR.join(parts))

    def _build(self, module: Path, packages: Sequence[str], folder: Path, tags: str = "") -> None:
        names = ", ".join(package.rsplit("/", 1)[-1] for package in packages)
        self._report.say(f"Compiling {names} from the pinned Go modules (minutes, once)")
        flags = [*BUILD_FLAGS, *([f"-tags={tags}"] if tags else [])]
        stale = "{{if .Stale}}{{.ImportPath}}{{end}}"
        listed = self._go(module, "list", "-deps", "-f", stale, *flags, *packages)
        arguments = ["build", "-v", *flags, "-o", f"{folder}{os.sep}", *packages]
        last_lines: deque[str] = deque(maxlen=ERROR_LINES)
        with (
            self._report.progress("Packages", len(listed.split())) as advance,
            self._running(module, arguments, stdout=subprocess.DEVNULL) as process,
        ):
            done = 0
            for line in process.stderr or ():
                last_lines.append(line.rstrip())
                if not line.startswith("go: "):  # the name of a package that is compiled now
                    done += 1
                    advance(done)
        if process.returncode != 0:
            raise _failed(arguments[0], list(last_lines))

    def _go(self, module: Path, *arguments: str) -> str:
        with self._running(module, arguments, stdout=subprocess.PIPE) as process:
            output, errors = process.communicate()
        if process.returncode != 0:
            raise _failed(arguments[0], errors.splitlines()[-ERROR_LINES:])
        return output

    @contextmanager
    def _running(
        self, module: Path, arguments: Sequence[str], *, stdout: int
    ) -> Iterator[subprocess.Popen[str]]:
        """Run Go, which ends with this process as the servers do: nobody would wait for what it still compiles."""
        program = shutil.which("go", path=self._environment.get("PATH", os.defpath))
        if program is None:
            raise WayFailedError("compile: there is no Go compiler on the PATH")
        lifeline, ours = os.pipe()
        with subprocess.Popen(
            [sys.executable, "-I", "-S", LAUNCHER, program, *arguments],
            cwd=module,
            env=self._environment,
            stdin=lifeline,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            os.close(lifeline)
            try:
                yield process
                process.wait()
            finally:
                os.close(ours)


def _failed(step: str, lines: Sequence[str]) -> WayFailedError:
    told = "\n".join(f"      {line}" for line in lines if not line.startswith("go: downloading"))
    return WayFailedError(f"compile: `go {step}` failed:\n{told}")

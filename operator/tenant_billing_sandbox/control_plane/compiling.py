"""Programs compiled by this machine's Go from pinned modules, verified by go.sum (control-plane.md)."""

import os
import shutil
import subprocess
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from tenant_billing_sandbox.control_plane.pins import (
    KUBERNETES_MODULE,
    KUBERNETES_VERSION,
    STRIPE_DOCUMENT,
    STRIPE_MOCK_MODULE,
    Program,
)
from tenant_billing_sandbox.control_plane.problems import WayFailedError
from tenant_billing_sandbox.control_plane.reports import Report

STRIPE_MOCK_PACKAGE = "github.com/stripe/stripe-mock"
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
        """Put the programs into the folder, with the OpenAPI document beside stripe-mock.

        Raises:
            WayFailedError: There is no Go, or it can't compile them.
        """
        kubernetes = [
            f"./{program}" for program in Program if program in programs and program != Program.STRIPE_MOCK
        ]
        if kubernetes:
            self._build(KUBERNETES_MODULE, kubernetes, folder)
        if Program.STRIPE_MOCK in programs:
            self._build(STRIPE_MOCK_MODULE, [STRIPE_MOCK_PACKAGE], folder)
            source = self._go(STRIPE_MOCK_MODULE, "list", "-m", "-f", "{{.Dir}}", STRIPE_MOCK_PACKAGE).strip()
            shutil.copyfile(Path(source) / "embedded/openapi/spec3.json", folder / STRIPE_DOCUMENT)

    def _build(self, module: Path, packages: Sequence[str], folder: Path) -> None:
        names = ", ".join(package.rsplit("/", 1)[-1] for package in packages)
        self._report.say(f"Compiling {names} from the pinned Go modules (minutes, once)")
        listed = self._go(
            module, "list", "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}", *BUILD_FLAGS, *packages
        )
        arguments = ["build", "-v", *BUILD_FLAGS, "-o", f"{folder}{os.sep}", *packages]
        last_lines: deque[str] = deque(maxlen=ERROR_LINES)
        with (
            self._report.progress("Packages", len(listed.split())) as advance,
            self._start(module, arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process,
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
        with self._start(module, arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            output, errors = process.communicate()
        if process.returncode != 0:
            raise _failed(arguments[0], errors.splitlines()[-ERROR_LINES:])
        return output

    def _start(
        self, module: Path, arguments: Sequence[str], *, stdout: int, stderr: int
    ) -> subprocess.Popen[str]:
        program = shutil.which("go", path=self._environment.get("PATH", os.defpath))
        if program is None:
            raise WayFailedError("compile: there is no Go compiler on the PATH")
        return subprocess.Popen(
            [program, *arguments], cwd=module, env=self._environment, stdout=stdout, stderr=stderr, text=True
        )


def _failed(step: str, lines: Sequence[str]) -> WayFailedError:
    told = "\n".join(f"      {line}" for line in lines if not line.startswith("go: downloading"))
    return WayFailedError(f"compile: `go {step}` failed:\n{told}")

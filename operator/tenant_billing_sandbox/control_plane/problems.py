"""What can go wrong with the local control plane, worded for the person who wants to run it."""

from collections.abc import Sequence
from pathlib import Path


class ControlPlaneError(Exception):
    """The local control plane can't do what was asked; the message says what to do."""


class WayFailedError(ControlPlaneError):
    """One way of getting a program doesn't work on this machine; the message is one clause."""


class ProgramsMissingError(ControlPlaneError):
    """No way that may be tried gives a program.

    Args:
        missing: File names of the programs.
        attempts: What was tried and why it failed, one clause each.
    """

    def __init__(self, missing: Sequence[str], attempts: Sequence[str]) -> None:
        lines = [
            f"The local control plane needs {', '.join(missing)}, and no way of getting it works here:",
            *(f"  - {attempt}" for attempt in attempts),
            "Ways out, any one of them:",
            "  - set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kubectl (see setup-envtest);",
            "  - install Go (https://go.dev/dl): `make control-plane` compiles all there is, once, in minutes;",
            "  - let this machine reach github.com and dl.k8s.io, or set TENANT_BILLING_DOWNLOAD_MIRROR to",
            "    the address of a folder with the official archives, and run `make control-plane`;",
            "  - set XDG_CACHE_HOME to a folder with room for some GB, where the cache could not be written;",
            "  - unset TENANT_BILLING_CONTROL_PLANE, if it is set, so that every way is tried.",
        ]
        super().__init__("\n".join(lines))


class ServerFailedError(ControlPlaneError):
    """A server of the control plane ended, or didn't become ready in time.

    Attributes:
        log: Where its output lies.
    """

    def __init__(self, message: str, log: Path) -> None:
        super().__init__(f"{message}; its log is {log}")
        self.log = log


class KubectlError(ControlPlaneError):
    """kubectl refused; the message is what it wrote to its standard error.

    Attributes:
        code: Its exit status.
    """

    def __init__(self, command: str, code: int, message: str) -> None:
        super().__init__(f"kubectl {command} failed ({code}): {message.strip()}")
        self.code = code

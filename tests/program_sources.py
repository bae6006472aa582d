"""Builders for the places that programs come from: asset folders, archives, a file server, a Go compiler."""

import hashlib
import io
import os
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tenant_billing_sandbox.control_plane.downloads import DownloadSources
from tenant_billing_sandbox.control_plane.pins import CORE_PROGRAMS, KUBERNETES_VERSION, host_platform
from tenant_billing_sandbox.control_plane.reports import Advance
from tenant_billing_sandbox.control_plane.tools import TOOLS

FAKE_GO = """#!/bin/sh
# A Go compiler: lists three packages, compiles each ./NAME into a file, and writes down what it was asked.
echo $$ > "$FAKE_GO_CALLS.process"
echo "$*" >> "$FAKE_GO_CALLS"
env > "$FAKE_GO_CALLS.environment"
pwd > "$FAKE_GO_CALLS.folder"
if [ -n "$FAKE_GO_FAILS" ]; then echo "$FAKE_GO_FAILS" >&2; exit 1; fi
if [ "$1" = list ]; then
  case "$*" in *"-m -f"*) echo "$FAKE_GO_MODULE" ;; *) printf 'one\\ntwo\\nthree\\n' ;; esac
  exit 0
fi
waits=0  # not for ever: a test that is broken off leaves it behind
while [ -n "$FAKE_GO_WAITS_FOR" ] && [ ! -e "$FAKE_GO_WAITS_FOR" ] && [ $((waits += 1)) -lt 6000 ]; do sleep 0.02; done
printf 'one\\ntwo\\nthree\\n' >&2
while [ $# -gt 0 ]; do
  case "$1" in
    -o) folder=$2; shift ;;
    ./*|github.com/*|helm.sh/*|sigs.k8s.io/*) printf 'compiled' > "$folder/${1##*/}"; chmod +x "$folder/${1##*/}" ;;
  esac
  shift
done
"""


class ServedQuietly(SimpleHTTPRequestHandler):
    """Serves files and tells nobody."""

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@contextmanager
def file_server(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback and give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(ServedQuietly, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class RecordedReport:
    """Keeps what was said and how far each step came."""

    said: list[str] = field(default_factory=list)
    steps: dict[str, tuple[int, int]] = field(default_factory=dict)

    def say(self, text: str) -> None:
        self.said.append(text)

    @contextmanager
    def progress(self, title: str, total: int, /) -> Iterator[Advance]:
        def advance(done: int, /) -> None:
            self.steps[title] = (done, total)

        yield advance


def put_programs(folder: Path, *names: str, content: str = "there") -> Path:
    """Put executable files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or CORE_PROGRAMS:
        path = folder / name
        path.write_text(content)
        path.chmod(0o755)
    return folder


def put_archive(folder: Path, *, content: str = "downloaded", names: tuple[str, ...] = CORE_PROGRAMS) -> str:
    """Put an envtest archive into a folder, and return its SHA-512."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"envtest-{KUBERNETES_VERSION}-{host_platform()}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(f"controller-tools/envtest/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content.encode()))
    return hashlib.sha512(path.read_bytes()).hexdigest()


def put_release(folder: Path, name: str, *, content: str = "released", sha512: str | None = None) -> None:
    """Put a program of a Kubernetes release into a folder, with its checksum beside it."""
    path = folder / KUBERNETES_VERSION / "bin" / host_platform().replace("-", "/") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    digest = sha512 or hashlib.sha512(content.encode()).hexdigest()
    path.with_name(f"{name}.sha512").write_text(digest)


def sources(url: str, sha512: str = "") -> DownloadSources:
    """Take archives and releases from one address, with an expected checksum for this platform's archive."""
    return DownloadSources(archives_url=url, releases_url=url, envtest_sha512={host_platform(): sha512})


@dataclass(frozen=True)
class Machine:
    """A machine as the search for programs sees it: an empty cache, no assets, a Go compiler if it is put there.

    Attributes:
        root: Folder of everything on it.
    """

    root: Path

    @property
    def go_calls(self) -> Path:
        """What the Go compiler was asked, a line each."""
        return self.root / "go-calls"

    @property
    def builds(self) -> list[str]:
        """The compilations that were started."""
        calls = self.go_calls.read_text().splitlines() if self.go_calls.exists() else []
        return [call for call in calls if call.startswith("build")]

    @property
    def go_is_running(self) -> bool:
        """Whether the compiler that was started last still runs."""
        process = int((self.root / "go-calls.process").read_text())
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        return True

    @property
    def cache(self) -> Path:
        """The cache folder, empty at first."""
        return self.root / "cache"

    def install_go(self) -> None:
        """Put a Go compiler on its search path."""
        program = self.root / "bin" / "go"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(FAKE_GO)
        program.chmod(0o755)

    def environment(self, **variables: str) -> dict[str, str]:
        """Build its environment variables; the only ``go`` on its search path is the one that was put there."""
        module = self.root / "module"
        for pattern in (
            pattern for tool in TOOLS.values() for part in tool.documents for pattern in part.files
        ):
            path = module / pattern.replace("*", "x").replace("[!v]", "h")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        tools = self.root / "tools"
        if not tools.exists():
            tools.mkdir()
            for tool in ("sh", "env", "chmod", "sleep"):
                (tools / tool).symlink_to(_which(tool))
        return {
            "PATH": f"{self.root / 'bin'}:{tools}",
            "HOME": str(self.root),
            "XDG_CACHE_HOME": str(self.cache),
            "FAKE_GO_CALLS": str(self.go_calls),
            "FAKE_GO_MODULE": str(module),
            **variables,
        }


def _which(tool: str) -> Path:
    return next(path for folder in os.defpath.split(":") if (path := Path(folder or ".") / tool).exists())

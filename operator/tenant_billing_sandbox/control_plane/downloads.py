"""Programs from the official archives, each checked against its SHA-512 before anything of it is used.

This way could not be tried against the official addresses where it was written (control-plane.md); its
tests run against a local file server.
"""

import hashlib
import shutil
import tarfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tenant_billing_sandbox.control_plane.pins import (
    CORE_PROGRAMS,
    ENVTEST_SHA512,
    KUBERNETES_VERSION,
    RELEASE_PROGRAMS,
    Program,
    host_platform,
)
from tenant_billing_sandbox.control_plane.problems import WayFailedError
from tenant_billing_sandbox.control_plane.reports import Report

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 30.0
EXECUTABLE = 0o755


@dataclass(frozen=True)
class DownloadSources:
    """Where archives lie and what they must be.

    Attributes:
        archives_url: Folder of the envtest archives.
        releases_url: Folder above Kubernetes' releases, whose files have a ``.sha512`` beside them.
        envtest_sha512: Expected SHA-512 of the archives, by platform.
    """

    archives_url: str = (
        f"https://github.com/kubernetes-sigs/controller-tools/releases/download/envtest-{KUBERNETES_VERSION}"
    )
    releases_url: str = "https://dl.k8s.io"
    envtest_sha512: Mapping[str, str] = field(default_factory=lambda: ENVTEST_SHA512)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "DownloadSources":
        """Take the official addresses, or ``TENANT_BILLING_DOWNLOAD_MIRROR``; the checksums stay pinned."""
        mirror = environment.get("TENANT_BILLING_DOWNLOAD_MIRROR", "").rstrip("/")
        return cls(archives_url=mirror, releases_url=mirror) if mirror else cls()


class Downloads:
    """Fetches programs into a folder; what fails the check leaves nothing there."""

    def __init__(self, sources: DownloadSources, report: Report) -> None:
        self._sources = sources
        self._report = report

    def fetch(self, programs: Collection[Program], folder: Path) -> None:
        """Put the programs into the folder.

        Raises:
            WayFailedError: An address can't be reached, has no such file, or the file is not what it must be.
        """
        unpublished = set(programs) - {*CORE_PROGRAMS, *RELEASE_PROGRAMS}
        if unpublished:
            raise WayFailedError(f"download: {', '.join(sorted(unpublished))} is not published as a program")
        timeout = httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
        with httpx.Client(timeout=timeout, follow_redirects=True) as client:
            core = [program for program in CORE_PROGRAMS if program in programs]
            if core:
                self._fetch_archive(client, core, folder)
            for program in RELEASE_PROGRAMS:
                if program in programs:
                    self._fetch_release(client, program, folder)

    def _fetch_archive(self, client: httpx.Client, programs: Collection[Program], folder: Path) -> None:
        platform = host_platform()
        expected = self._sources.envtest_sha512.get(platform)
        if expected is None:
            raise WayFailedError(f"download: there is no pinned archive for {platform}")
        name = f"envtest-{KUBERNETES_VERSION}-{platform}.tar.gz"
        archive = folder / name
        self._save(client, f"{self._sources.archives_url}/{name}", archive, expected)
        with tarfile.open(archive) as content:
            for program in programs:
                member = next((m for m in content if m.isfile() and Path(m.name).name == program), None)
                source = content.extractfile(member) if member else None
                if source is None:
                    raise WayFailedError(f"download: {name} holds no {program}")
                with source, (folder / program).open("wb") as target:
                    shutil.copyfileobj(source, target)
                (folder / program).chmod(EXECUTABLE)
        archive.unlink()

    def _fetch_release(self, client: httpx.Client, program: Program, folder: Path) -> None:
        place = f"{KUBERNETES_VERSION}/bin/{host_platform().replace('-', '/')}"
        url = f"{self._sources.releases_url}/{place}/{program}"
        try:
            answer = client.get(f"{url}.sha512").raise_for_status()
        except httpx.HTTPError as error:
            raise _unreachable(f"{url}.sha512", error) from error
        words = answer.text.split()
        self._save(client, url, folder / program, words[0] if words else "")
        (folder / program).chmod(EXECUTABLE)

    def _save(self, client: httpx.Client, url: str, target: Path, expected: str) -> None:
        digest = hashlib.sha512()
        try:
            with client.stream("GET", url) as answer, target.open("wb") as file:
                answer.raise_for_status()
                size = int(answer.headers.get("Content-Length", "0")) >> 20
                with self._report.progress(f"Downloading {target.name} (MiB)", size) as advance:
                    for chunk in answer.iter_bytes():
                        digest.update(chunk)
                        file.write(chunk)
                        advance(file.tell() >> 20)
        except httpx.HTTPError as error:
            target.unlink(missing_ok=True)
            raise _unreachable(url, error) from error
        if digest.hexdigest() != expected:
            target.unlink()
            raise WayFailedError(
                f"download: {url} is not the pinned file (its SHA-512 differs), nothing of it is used"
            )


def _unreachable(url: str, error: httpx.HTTPError) -> WayFailedError:
    if isinstance(error, httpx.HTTPStatusError):
        return WayFailedError(f"download: {url} answers {error.response.status_code}")
    return WayFailedError(f"download: {url} can't be reached ({type(error).__name__})")

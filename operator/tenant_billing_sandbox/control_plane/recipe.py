"""Which cached programs are still the ones that would be made today."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from tenant_billing_sandbox.control_plane.compiling import BUILD_ENVIRONMENT, BUILD_FLAGS
from tenant_billing_sandbox.control_plane.pins import (
    ENVTEST_SHA512,
    KUBERNETES_VERSION,
    PROGRAM_MODULES,
    host_platform,
)
from tenant_billing_sandbox.control_plane.tools import TOOLS

DIGEST_LENGTH = 12
MODULE_FILES = ("**/go.mod", "**/go.sum", "**/*.go")


def recipe_name() -> str:
    """Name the recipe by the version and a digest of everything that decides what comes out of it."""
    digest = hashlib.sha256()
    for part in _parts():
        digest.update(part)
        digest.update(b"\0")
    return f"{KUBERNETES_VERSION}-{digest.hexdigest()[:DIGEST_LENGTH]}"


def _parts() -> Iterator[bytes]:
    yield host_platform().encode()
    yield repr((BUILD_FLAGS, sorted(BUILD_ENVIRONMENT.items()), sorted(ENVTEST_SHA512.items()))).encode()
    for tool in TOOLS.values():
        yield repr((tool.package, tool.tags, [(part.name, part.files) for part in tool.documents])).encode()
    for path in sorted(path for pattern in MODULE_FILES for path in PROGRAM_MODULES.glob(pattern)):
        yield _relative(path).encode()
        yield path.read_bytes()


def _relative(path: Path) -> str:
    return path.relative_to(PROGRAM_MODULES).as_posix()

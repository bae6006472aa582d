"""The command line as a person uses it: a process, what it writes, how it exits."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from manifests import REPOSITORY


@dataclass(frozen=True)
class Ran:
    """What became of a command."""

    code: int
    output: str
    errors: str


async def tenant_billing(
    *arguments: str, directory: Path, environment: Mapping[str, str] | None = None
) -> Ran:
    """Run ``tenant-billing`` in a directory, with nothing of the caller's environment but what is given."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tenant_billing",
        *arguments,
        cwd=directory,
        env={
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(directory),
            "PYTHONPATH": str(REPOSITORY / "operator"),
            **(environment or {}),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    return Ran(process.returncode or 0, output.decode(), errors.decode())

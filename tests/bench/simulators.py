"""The simulators as processes of their own, so that they share no interpreter with what is measured."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from tenant_billing_sandbox.control_plane.server_process import ServerProcess

START_TIMEOUT: Final = 30.0


@asynccontextmanager
async def simulator(name: str, log: Path, *options: str) -> AsyncIterator[dict[str, Any]]:
    """Run a simulator until the block is left; yields what it tells about itself when it has started.

    Args:
        name: The command, ``stripe`` or ``things-stack``.
        log: File for its output.
        options: Of the command.
    """
    process = ServerProcess([sys.executable, "-m", "tenant_billing_sandbox", name, *options], log)
    try:
        yield await asyncio.to_thread(_started, process, log)
    finally:
        await asyncio.to_thread(process.stop)


def _started(process: ServerProcess, log: Path) -> dict[str, Any]:
    process.start()
    process.wait_until(lambda: b"}\n" in log.read_bytes(), START_TIMEOUT)
    told: dict[str, Any] = json.loads(log.read_text().splitlines()[-1])
    return told

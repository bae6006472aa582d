"""Floors as processes of their own, as the operator is one."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from bench.floors.settings import FloorSettings
from bench.stage import Stage
from tenant_billing_sandbox.control_plane.ports import is_listening
from tenant_billing_sandbox.control_plane.server_process import ServerProcess

START_TIMEOUT: Final = 30.0
END_TIMEOUT: Final = 120.0
TESTS: Final = Path(__file__).resolve().parents[1]


def _settings(stage: Stage, objects: int) -> FloorSettings:
    accounts = stage.accounts
    return FloorSettings(
        kubernetes_url=stage.plane.url,
        authority=str(stage.plane.authority),
        token=stage.token,
        stripe_url=accounts.stripe_url,
        api_key=accounts.api_key,
        things_stack_url=accounts.things_stack_url,
        admin_key=accounts.admin_key,
        webhook_port=stage.webhook_port,
        objects=objects,
    )


def _process(stage: Stage, program: str, objects: int) -> tuple[ServerProcess, Path]:
    log = stage.operator.log.with_name(f"{program}.log")
    log.touch()
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(TESTS),
        **_settings(stage, objects).to_environment(),
    }
    return ServerProcess([sys.executable, "-m", f"bench.floors.{program}"], log, environment), log


@asynccontextmanager
async def least_operator(stage: Stage) -> AsyncIterator[None]:
    """In the operator's place, for as long as the block runs."""
    process, _ = _process(stage, "least_operator", 0)
    process.start()
    try:
        await asyncio.to_thread(process.wait_until, lambda: is_listening(stage.webhook_port), START_TIMEOUT)
        yield
    finally:
        await asyncio.to_thread(process.stop)


@asynccontextmanager
async def empty_operator(stage: Stage, objects: int) -> AsyncIterator[None]:
    """Kopf with an empty handler, once it has seen so many objects."""
    process, log = _process(stage, "empty_operator", objects)
    process.start()
    try:
        await asyncio.to_thread(process.wait_until, lambda: b"all seen" in log.read_bytes(), START_TIMEOUT)
        yield
    finally:
        await asyncio.to_thread(process.stop)


async def least_start(stage: Stage, objects: int) -> float:
    """Run it once; gives the seconds from its start to its end.

    Raises:
        RuntimeError: It failed, or saw fewer objects than there are.
    """
    settings = _settings(stage, objects)
    environment = {"PATH": os.defpath, "PYTHONPATH": str(TESTS), **settings.to_environment()}
    clock = asyncio.get_running_loop()
    begun = clock.time()
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.floors.least_start", env=environment
    )
    code = await asyncio.wait_for(program.wait(), END_TIMEOUT)
    if code:
        raise RuntimeError(f"the floor of a restart ended with status {code}")
    return clock.time() - begun

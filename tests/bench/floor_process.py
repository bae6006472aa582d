"""Floors as processes of their own, as the operator is one."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Run:
    """How long a program took, in seconds.

    Attributes:
        whole: From the start of its process to its end.
        work: What it says itself, without the start.
    """

    whole: float
    work: float


async def least_start(stage: Stage, objects: int) -> Run:
    """List everything once."""
    return await _once(stage, "least_start", objects)


async def least_price_change(stage: Stage, subscribers: int) -> Run:
    """Put the subscribers of the plan that has most of them on a new price."""
    return await _once(stage, "least_price_change", subscribers)


async def least_usage_run(stage: Stage, tenants: int) -> Run:
    """Count all tenants and report each."""
    return await _once(stage, "least_usage_run", tenants)


async def _once(stage: Stage, program: str, objects: int) -> Run:
    """Run a program to its end.

    Raises:
        RuntimeError: It failed, or saw fewer objects than there are.
    """
    settings = _settings(stage, objects)
    environment = {"PATH": os.defpath, "PYTHONPATH": str(TESTS), **settings.to_environment()}
    clock = asyncio.get_running_loop()
    begun = clock.time()
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"bench.floors.{program}", env=environment, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await asyncio.wait_for(running.communicate(), END_TIMEOUT)
    if running.returncode:
        raise RuntimeError(f"the floor {program} ended with status {running.returncode}")
    return Run(clock.time() - begun, float(told))

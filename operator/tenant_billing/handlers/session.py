"""Kopf from start to end, as a guest in an event loop that is not its own."""

import asyncio
from collections.abc import Callable

import kopf

from tenant_billing.handlers.startup import kopf_settings


async def watch(
    registry: kopf.OperatorRegistry, stop: asyncio.Event, on_started: Callable[[], None] | None = None
) -> None:
    """Run kopf until told to stop.

    Not ``kopf.operator``: in the end it cancels every task of the loop that is younger than itself, the operator's
    workers and servers included (1.45.2, ``running.run_tasks``).

    Args:
        registry: The handlers.
        stop: Ends it.
        on_started: Called when kopf has begun, and taken SIGINT and SIGTERM for itself.

    Raises:
        Exception: Whatever made a part of kopf fail; its watches would be incomplete from then on.
    """
    tasks = await kopf.spawn_tasks(
        registry=registry, settings=kopf_settings(), clusterwide=True, stop_flag=stop
    )
    if on_started is not None:
        on_started()
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        stop.set()
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

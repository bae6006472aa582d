"""The command: measures, and prints one line of JSON for each figure; what it is at goes to standard error."""

import asyncio
import os
import platform
import sys
import time
from collections.abc import Mapping
from typing import Any

import click

from bench.judging_figures import figures_of
from bench.measuring import Scale, few_run, floor_run, main_run, named
from bench.usage_run import usage_run


@click.command()
@click.option("--tenants", type=click.IntRange(min=1), default=1000, show_default=True)
@click.option("--few", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--probes", type=click.IntRange(1, 30), default=20, show_default=True)
@click.option("--repetitions", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--cursor-wait", type=click.FloatRange(min=0), default=35.0, show_default=True)
def main(tenants: int, few: int, probes: int, repetitions: int, cursor_wait: float) -> None:
    """Measure the operator beside floors of the same run; a goal that is missed is told, and is no failure."""
    asyncio.run(_run(Scale(tenants, few, probes, repetitions, cursor_wait)))


async def _run(scale: Scale) -> None:
    facts = _machine()
    begun = time.monotonic()
    floor = await floor_run(scale, _tell)
    early = await few_run(scale, _tell)
    main = await main_run(scale, _tell)
    usage = await usage_run(named("metered", scale.tenants), _tell)
    for figure in figures_of(scale, floor, early, main, usage):
        sys.stdout.write(f"{figure.line(facts)}\n")
    _tell(f"{time.monotonic() - begun:.0f} s in all")


def _tell(message: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {message}\n")


def _machine() -> Mapping[str, Any]:
    return {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
    }

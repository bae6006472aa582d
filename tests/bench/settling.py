"""When nothing waits any more: every object was passed with an end, and then there was silence."""

import asyncio
import time
from typing import Final

from bench.observing import DONE, passes
from bench.stage import Stage

QUIET: Final = 3.0
"""Seconds without a pass after which nothing waits any more."""
PATIENCE: Final = 300.0
POLL_INTERVAL: Final = 0.25
PERIODIC: Final = frozenset({"BillingBackend", "ThingsStackCluster", "UsageMetering"})
"""Kinds that are looked at every few seconds, or in every interval, whatever happens."""


async def settled(stage: Stage, since: int, objects: int) -> float:
    """Wait until so many objects were passed with an end, and nothing waits.

    Gives the time of the last pass over one of them, seconds since the epoch.

    Raises:
        TimeoutError: It takes too long.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = [each for each in passes(stage.operator.log, since) if each.key[0] not in PERIODIC]
            results = {each.key: each.result for each in seen}
            tenants = [result for key, result in results.items() if key[0] == "TenantSubscription"]
            last = max((each.at for each in seen), default=0.0)
            if len(tenants) >= objects and DONE.issuperset(results.values()) and time.time() - last > QUIET:
                return last
            await asyncio.sleep(POLL_INTERVAL)

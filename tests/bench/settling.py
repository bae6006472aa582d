"""When nothing waits any more: every object was passed with an end, and then there was silence."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from bench.observing import DONE, passes
from bench.stage import Stage

QUIET: Final = 3.0
"""Seconds without a pass after which nothing waits any more."""
PATIENCE: Final = 300.0
POLL_INTERVAL: Final = 0.25
TENANT: Final = "TenantSubscription"
PERIODIC: Final = frozenset({"BillingBackend", "ThingsStackCluster", "UsageMetering"})
"""Kinds that are looked at every few seconds, or in every interval, whatever happens."""


@dataclass(frozen=True)
class Settled:
    """When it was over, in seconds since the epoch.

    Attributes:
        tenants: The last pass over a TenantSubscription.
        everything: The last pass over any object, the echoes of what was written outside included.
    """

    tenants: float
    everything: float


async def settled(stage: Stage, since: int, objects: int) -> Settled:
    """Wait until so many TenantSubscriptions were passed with an end, and nothing waits.

    Raises:
        TimeoutError: It takes too long.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = [each for each in passes(stage.operator.log, since) if each.key[0] not in PERIODIC]
            results = {each.key: each.result for each in seen}
            tenants = {each.key: each.at for each in seen if each.key[0] == TENANT}
            last = max((each.at for each in seen), default=0.0)
            if len(tenants) >= objects and DONE.issuperset(results.values()) and time.time() - last > QUIET:
                return Settled(max(tenants.values(), default=0.0), last)
            await asyncio.sleep(POLL_INTERVAL)

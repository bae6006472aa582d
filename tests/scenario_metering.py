"""Metered tenants in scenarios: what is said to be reported, and a period that ends and is billed."""

from datetime import datetime

from scenario_scene import Scene
from scenario_tenant import LOOK_INTERVAL, Seen, Tenant
from waiting import wait_for

PER_DEVICE = {"metered": {"currency": "EUR", "unitAmount": 50, "interval": "Month"}}


async def until_reported(tenant: Tenant, quantity: int, *, reason: str = "Reported") -> Seen:
    """Wait until the object says that so many were reported last."""

    async def look() -> Seen:
        seen = await tenant.look()
        said = (seen.status.get("usage", {}).get("lastReported"), seen.reason("UsageReported"))
        assert said == (quantity, reason), seen.condensed()
        return seen

    return await wait_for(look, f"{quantity} devices to be reported", interval=LOOK_INTERVAL)


async def until_renewed(tenant: Tenant, end: datetime) -> Seen:
    """Wait until the next period is reported, too: then the one before it is closed."""

    async def look() -> Seen:
        seen = await tenant.look()
        told = seen.status.get("usage", {}).get("lastReportTime")
        assert told is not None, seen.condensed()
        assert datetime.fromisoformat(told) >= end, seen.condensed()
        return seen

    return await wait_for(look, "the next period to be reported", interval=LOOK_INTERVAL)


async def goes_past_the_end(scene: Scene, tenant: Tenant) -> None:
    """The period ends, what was used in it is reported, and its bill is written."""
    end = datetime.fromisoformat((await tenant.look()).status["currentPeriod"]["endTime"])
    now = await scene.advance(seconds=0)
    await scene.advance(seconds=(end - now).total_seconds() + 20)
    await until_renewed(tenant, end)
    await scene.advance(hours=2)

"""A month of metered tenants, counted once a day at live rate limits, while the operator is killed again and again.

The whole month of 500 tenants and 50 kills is ``make usage``; ``make test`` plays a smaller one with the same seed.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from running_product import DAY, Manifest, Product, a_tenant, condition
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.environment.environment import Environment, EnvironmentSettings
from tenant_billing_sandbox.environment.installation import apply, backend, cluster, samples
from tenant_billing_sandbox.stripe.engine.usage import aggregate, within
from tenant_billing_sandbox.stripe.server import StripeSettings
from waiting import PATIENCE, wait_for

TENANTS: Final = int(os.environ.get("TENANT_BILLING_USAGE_TENANTS", "10"))
KILLS: Final = int(os.environ.get("TENANT_BILLING_USAGE_KILLS", "4"))
SEED: Final = int(os.environ.get("TENANT_BILLING_USAGE_SEED", "7"))
DAYS: Final = 29
"""Of the 31 of the month that begins on the first of March."""
KILLS_AT_THE_END: Final = 2
BEGIN: Final = datetime(2026, 3, 1, 9, 30, 17, tzinfo=UTC)
CENTS: Final = 50
AT_ONCE: Final = 20
BETWEEN_LISTINGS: Final = 0.5
"""Seconds from one listing of all objects to the next: what is counted costs nothing, a list of hundreds does."""

pytestmark = pytest.mark.timeout(240 + 2 * TENANTS + 20 * KILLS)


@dataclass
class Month:
    """A month and its truth.

    Attributes:
        product: What runs.
        devices: How many each tenant has now.
        chance: Where and when things happen, the same in every run.
    """

    product: Product
    devices: dict[str, int]
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - plays dice, no secret
    kills: int = 0

    async def begins(self) -> None:
        """Everybody subscribes; a metered plan costs nothing before it is used."""
        names = list(self.devices)
        for start in range(0, len(names), AT_ONCE):
            await self.product.apply(*(a_tenant(name) for name in names[start : start + AT_ONCE]))
        await self.product.until(names, _is_approved, "approved", self.patience)
        await self.until_all_is_told()

    @property
    def patience(self) -> float:
        return PATIENCE + TENANTS / 2

    async def passes_a_day(self) -> None:
        """Devices come and go, and the day's count is due."""
        for name in self.chance.sample(sorted(self.devices), max(1, TENANTS // 10)):
            await self._changes(name)
        await self.product.environment.outside.advance(DAY)

    async def _changes(self, name: str) -> None:
        change = self.chance.randint(-self.devices[name], 9)
        if change == 0:
            return
        path, body = f"/_sandbox/tenants/{name}/entities", {"end_devices": abs(change)}
        verb = "POST" if change > 0 else "DELETE"
        answer = await self.product.environment.outside.things_stack.request(verb, path, json=body)
        answer.raise_for_status()
        self.devices[name] += change

    async def is_killed_at_some_write(self) -> None:
        """The operator dies after some of the writes that it has before it, or when it has none, and starts again."""
        target = self.product.written() + self.chance.randint(0, TENANTS)
        clock = asyncio.get_running_loop()
        ask_again = clock.time()

        async def look() -> bool:
            nonlocal ask_again
            if self.product.written() >= target:
                return True
            if clock.time() < ask_again:
                return False
            ask_again = clock.time() + BETWEEN_LISTINGS
            return not await self._untold()

        await wait_for(look, "the operator to write", self.patience)
        await self.product.kill()
        await self.product.environment.start_operator()
        self.kills += 1

    async def until_all_is_told(self, since: datetime | None = None) -> None:
        """Wait until every object says how many devices were reported last, since a time."""

        async def look() -> bool:
            untold = await self._untold(since)
            assert not untold, f"{len(untold)} are not, such as {list(untold.items())[:3]}"
            return True

        await wait_for(look, "all usage to be reported", self.patience, BETWEEN_LISTINGS)

    async def _untold(self, since: datetime | None = None) -> dict[str, tuple[int, Manifest]]:
        """The tenants whose devices were not reported yet: how many they are, and what the object says."""
        found = await self.product.tenants()
        return {
            name: (number, found[name].get("status", {}))
            for name, number in self.devices.items()
            if _told(found[name], since) != number
        }

    async def ends(self) -> None:
        """The period ends; what was used in it is reported within the hour, whoever is killed meanwhile."""
        found = await self.product.tenants()
        ends = max(
            datetime.fromisoformat(found[name]["status"]["currentPeriod"]["endTime"]) for name in self.devices
        )
        outside = self.product.environment.outside
        now = await outside.advance(0)
        await outside.advance(int(ends.timestamp()) - now + 20)
        for _ in range(KILLS_AT_THE_END):
            await self.is_killed_at_some_write()
        await self.until_all_is_told(ends)
        await outside.advance(2 * 3600)


def _is_approved(resource: Manifest | None) -> bool:
    return condition(resource)[1] == "Provisioned"


def _told(resource: Manifest, since: datetime | None) -> int | None:
    usage = resource.get("status", {}).get("usage")
    if usage is None or (since is not None and datetime.fromisoformat(usage["lastReportTime"]) < since):
        return None
    return int(usage["lastReported"])


@asynccontextmanager
async def a_month(directory: Path) -> AsyncIterator[Month]:
    settings = EnvironmentSettings(
        gateway=True,
        stripe=StripeSettings(rate_limits="live", initial_time=BEGIN),
        operator={"TENANT_BILLING_WORKERS": "50"},
    )
    async with Environment.start(settings, directory) as environment:
        await apply(environment.plane, *_accounts(environment), _plan())
        await environment.start_operator()
        product = Product(environment)
        await product.until_ready("starter", "Available", plural="billingplans")
        yield Month(product, {f"tenant-{number:03}": 0 for number in range(TENANTS)})


def _accounts(environment: Environment) -> list[Manifest]:
    stripe, things_stack = backend(environment.accounts), cluster(environment.accounts)
    stripe["spec"]["stripe"]["requestsPerSecond"] = 90
    things_stack["spec"] |= {
        "requestsPerSecond": 1000,
        "brake": {"maxDisruptionsPerHour": 1000},
        "metering": {"source": "Pull", "interval": "24h"},
    }
    return [stripe, things_stack]


def _plan() -> Manifest:
    (plan, _) = samples("billingplan")
    plan["spec"]["price"] = {"metered": {"currency": "EUR", "unitAmount": CENTS, "interval": "Month"}}
    plan["spec"].pop("trial", None)
    return plan


async def test_meters_and_invoices_equal_the_truth_after_a_month_of_kills(
    control_plane_programs: Mapping[Program, Path], tmp_path: Path
) -> None:
    async with a_month(tmp_path) as month:
        await month.begins()
        deadly = month.chance.choices(range(DAYS), k=max(0, KILLS - KILLS_AT_THE_END))
        for day in range(DAYS):
            await month.passes_a_day()
            for _ in range(deadly.count(day)):
                await month.is_killed_at_some_write()
        await month.ends()
        product = month.product
        assert month.kills == KILLS
        for name, number in month.devices.items():
            assert _billed(product, name) == number * CENTS, name
            assert _metered(product, name) == number, name
        assert {len(values) for values in _values_by_identifier(product).values()} == {1}


def _billed(product: Product, tenant_id: str) -> int:
    """The amount of the finalised invoice of the month."""
    (bill,) = (each for each in product.invoices(tenant_id) if each["billing_reason"] == "subscription_cycle")
    assert bill["status"] != "draft"
    return int(bill["total"])


def _metered(product: Product, tenant_id: str) -> int:
    """What the meter counts in the month that was billed."""
    (subscription,) = product.subscriptions(tenant_id)
    (item,) = subscription["items"]["data"]
    account, (meter,) = product.environment.stripe.account, product.stripe_objects("billing.meter")
    end = item["current_period_start"]
    return int(
        aggregate(meter, within(account, meter, subscription["customer"], subscription["start_date"], end))
    )


def _values_by_identifier(product: Product) -> dict[str, set[str]]:
    """What was sent under each identifier, taken or not; of a request that its sender did not live to send, nothing."""
    sent: dict[str, set[str]] = {}
    for each in product.systems["Stripe"].record.since():
        if each.operation == "POST /v1/billing/meter_events" and each.params:
            sent.setdefault(each.params["identifier"], set()).add(each.params["payload"]["value"])
    return sent

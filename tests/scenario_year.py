"""A year of a tenant's life: it begins on a first of March, days have names, and bills stand in a ledger."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from scenario_scene import Scene
from scenario_stage import Object
from scenario_tenant import Seen, Tenant

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
MARCH: Final = 3
OPENING_HOUR: Final = 9
"""UTC. Everything that people do, they do at this hour of a day."""
TOTALS_ARE_KEPT: Final = 301.0
"""Seconds."""


def day(moment: datetime) -> str:
    """A day as it is told, such as ``15 April``."""
    return f"{moment.day} {MONTHS[moment.month - 1]}"


def every_month(first: str, last: str, bill: str) -> list[str]:
    """The same bill on the same day of every month, from the first to the last: ``1 May``, ``1 February``."""
    number, _, begin = first.partition(" ")
    end = last.partition(" ")[2]
    months = (*MONTHS[MARCH - 1 :], *MONTHS[: MARCH - 1])
    return [f"{number} {month}: {bill}" for month in months[months.index(begin) : months.index(end) + 1]]


@dataclass
class Year:
    """A scenario that lasts from one March to the next; a leap day can only come last.

    Attributes:
        scene: Where it plays.
        begin: Its first moment.
    """

    scene: Scene
    begin: datetime

    @classmethod
    async def of(cls, scene: Scene) -> "Year":
        """Let time pass until the next first of March, on which the year begins."""
        now = await scene.advance(seconds=0)
        begin = datetime(now.year, MARCH, 1, OPENING_HOUR, tzinfo=UTC)
        begin = begin if begin >= now else begin.replace(year=now.year + 1)
        await scene.advance(seconds=(begin - now).total_seconds())
        return cls(scene, begin)

    def moment(self, named: str) -> datetime:
        """When a day of this year opens."""
        number, _, month = named.partition(" ")
        position = MONTHS.index(month) + 1
        year = self.begin.year + (position < MARCH)
        return datetime(year, position, int(number), OPENING_HOUR, tzinfo=UTC)

    async def goes_on_to(self, named: str) -> None:
        """Let time pass until a day opens."""
        now = await self.scene.advance(seconds=0)
        await self.scene.advance(seconds=(self.moment(named) - now).total_seconds())

    async def turns(self) -> None:
        """Let time pass into the first day of the next year, until what is due then is paid."""
        now = await self.scene.advance(seconds=0)
        end = self.begin.replace(year=self.begin.year + 1, hour=OPENING_HOUR + 2)
        await self.scene.advance(seconds=(end - now).total_seconds())

    def told(self, named: str, *, hour: int = OPENING_HOUR) -> str:
        """An hour of a day of this year, as it is written in a resource."""
        return f"{self.moment(named).replace(hour=hour):%Y-%m-%dT%H:%M:%SZ}"

    async def lets_totals_be_counted_again(self) -> None:
        """The operator asks The Things Stack for totals every few minutes of its own time."""
        self.scene.stage.clock.skip(TOTALS_ARE_KEPT)
        for tenant in self.scene.tenants:
            await tenant.settled()

    async def offers(
        self, name: str, euros: int, *, devices: int, interval: str = "Month", **spec: Any
    ) -> str:
        """A plan of so many euros for so many devices is offered; gives its name."""
        price = {"recurring": {"currency": "EUR", "unitAmount": euros * 100, "interval": interval}}
        limits = {"entityLimits": {"endDevices": devices, "gateways": 10}}
        fields = {"displayName": name.capitalize(), "price": price, **limits, **spec}
        return await self.scene.plan(name, {f"spec.{field}": value for field, value in fields.items()})

    async def ledger(self, tenant: Tenant) -> list[str]:
        """Every invoice of a tenant's customer, oldest first: ``15 April: EUR 49.00 paid``."""
        customer = await tenant.customer_id()
        listed = await self.scene.stage.outside.from_stripe("/v1/invoices", customer=customer, limit="100")
        return [_told(each) for each in reversed(listed["data"])]


async def until_in_order(tenant: Tenant, **more: Any) -> Seen:
    """Wait until a tenant is paid for and approved, and nothing is left to say of it."""
    return await tenant.until(
        ready="Provisioned", payment="Paid", tenant="Approved", description="", stripe="active", **more
    )


async def until_over(tenant: Tenant) -> Seen:
    """Wait until a subscription has ended and its tenant is suspended for that."""
    return await tenant.until(
        ready="SubscriptionEnded",
        payment="Ended",
        tenant="Suspended",
        description="Billing: subscription ended",
        stripe="canceled",
    )


async def comes_back(tenant: Tenant) -> None:
    """The customer of an ended subscription gets another one, by leave of who runs the platform, and pays for it."""
    ended = await tenant.look()
    await tenant.annotate(resubscribe=ended.status["subscriptionID"])
    again = await tenant.until(ready="AwaitingPayment", tenant="Suspended", stripe="incomplete")
    assert again.status["customerID"] == ended.status["customerID"]
    await tenant.pays()
    await until_in_order(tenant)


def _told(invoice: Object) -> str:
    told = f"{day(datetime.fromtimestamp(invoice['created'], UTC))}: EUR {_money(invoice['total'])} {invoice['status']}"
    from_balance = invoice["total"] - invoice["amount_due"]
    return f"{told}, {_money(from_balance)} of it from the balance" if from_balance > 0 else told


def _money(cents: int) -> str:
    return f"{Decimal(cents) / 100:.2f}"

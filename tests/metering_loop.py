"""Tenants on a metered plan in the loop over fakes."""

from dataclasses import replace
from datetime import datetime

import kubernetes_bodies as bodies
from hand_clock import NOW
from tenant_billing.domain.observations import Totals
from tenant_billing.ports import ObjectKey, Outcome
from tenant_billing.reconcilers.usage_comparisons import comparison_key
from tenant_billing.reconcilers.usage_metering import metering_key
from tenant_loop import MONTH, PLAN, Selling

METERING = metering_key("eu1")
COMPARISON = comparison_key("main")
HOUR = 3600.0


class Metering(Selling):
    """Tenants on a metered plan, with passes run by hand or as they are asked for."""

    def __init__(self, *, counting: str = "All", source: str = "Pull") -> None:
        super().__init__()
        plan = bodies.a_plan()
        price = {"currency": "EUR", "unitAmount": 50, "interval": "Month", "counting": counting}
        plan["spec"]["price"] = {"metered": price}
        cluster = bodies.a_cluster()
        cluster["spec"]["metering"] = {"source": source, "interval": "1h"}
        self.loop.see(bodies.newer(plan), bodies.newer(cluster))

    async def work(self, most: int = 100) -> None:
        """All passes that are asked for, until nobody asks for another."""
        for _ in range(most):
            keys = dict.fromkeys(self.loop.queue.keys)
            self.loop.queue.keys.clear()
            if not keys:
                return
            for key in keys:
                await self.run(key)
        raise AssertionError("it never ends")

    async def subscribe(self, *names: str) -> None:
        """Apply tenants, settle them, and count their devices."""
        await self.begin()
        await self.run(PLAN)
        for name in names:
            self.loop.see(bodies.a_subscription(name))
            key = ObjectKey("TenantSubscription", "tenants", name)
            await self.run(key, key)
        await self.run(METERING)
        await self.work()

    def devices(self, tenant: str, number: int | None, activated: int | None = None) -> None:
        self.registry.known_totals[tenant] = Totals(end_devices=number, activated_end_devices=activated)

    def reported(self, name: str = "acme") -> list[int]:
        """What was reported for a tenant, in its order."""
        resource = self.loop.store.subscription("tenants", name)
        assert resource is not None
        mine = resource.metadata.uid
        return [each.quantity for each in self.account.reports if each.identifier.startswith(mine)]

    @property
    def now(self) -> datetime:
        return self.account.moment or NOW

    def renewal_at(self, subscription_id: str = "sub_1") -> datetime:
        """When the present period ends."""
        ends = self.account.subscriptions[subscription_id].items[0].current_period_end
        assert ends is not None
        return ends

    def renew(self, subscription_id: str = "sub_1") -> None:
        """The next period begins, and an event tells."""
        before = self.account.subscriptions[subscription_id]
        (item,) = before.items
        ends = self.renewal_at(subscription_id)
        item = replace(item, current_period_start=ends, current_period_end=ends + MONTH)
        self.account.subscriptions[subscription_id] = replace(before, items=(item,))
        self.account.tells(f"evt_{ends}", before)

    def usage_reason(self, name: str) -> str:
        """Reason of UsageReported of a tenant's object."""
        resource = self.loop.store.subscription("tenants", name)
        assert resource is not None
        return next(str(each.reason) for each in resource.status.conditions if each.type == "UsageReported")

    async def tick(self, seconds: float = HOUR) -> Outcome:
        """Time passes, and the cluster's devices are counted."""
        self.pass_time(seconds)
        outcome = await self.run(METERING)
        await self.work()
        return outcome

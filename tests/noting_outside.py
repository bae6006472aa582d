"""An account and a registry in memory in which everything can be written, and every write is noted."""

from dataclasses import dataclass, field, replace

from tenant_billing.domain import requests
from tenant_billing.domain.metering import UsageReport
from tenant_billing.domain.observations import (
    Customer,
    Discount,
    Meter,
    Price,
    Product,
    Schedule,
    SchedulePhase,
    Subscription,
    SubscriptionItem,
    Tenant,
)
from tenant_billing.ports import Subject
from tenant_loop import SellingAccount, WritableRegistry


@dataclass
class NotingAccount(SellingAccount):
    """An account in which everything can be bought, and every write is noted."""

    first_status: str = "incomplete"
    done: list[tuple[Subject, str, object, str]] = field(default_factory=list)

    async def create_product(self, request: requests.NewProduct, key: str, subject: Subject) -> Product:
        made = await super().create_product(request, key, subject)
        self.done.append((subject, "CreateProduct", request, made.id))
        return made

    async def update_product(
        self, product_id: str, change: requests.ProductChange, subject: Subject
    ) -> Product:
        self.done.append((subject, "UpdateProduct", change, ""))
        return await super().update_product(product_id, change, subject)

    async def create_meter(self, request: requests.NewMeter, key: str, subject: Subject) -> Meter:
        made = await super().create_meter(request, key, subject)
        self.done.append((subject, "CreateMeter", request, made.id))
        return made

    async def report_usage(self, report: UsageReport, subject: Subject) -> None:
        await super().report_usage(report, subject)
        said = {"quantity": report.quantity, "event_name": report.meter.event_name}
        self.done.append((subject, "ReportUsage", said, ""))

    async def create_price(self, request: requests.NewPrice, key: str, subject: Subject) -> Price:
        made = await super().create_price(request, key, subject)
        self.done.append((subject, "CreatePrice", request, made.id))
        return made

    async def archive_price(self, price_id: str, subject: Subject) -> Price:
        self.done.append((subject, "ArchivePrice", {}, ""))
        return await super().archive_price(price_id, subject)

    async def create_customer(self, request: requests.NewCustomer, key: str, subject: Subject) -> Customer:
        made = await super().create_customer(request, key, subject)
        self.done.append((subject, "CreateCustomer", request, made.id))
        return made

    async def create_subscription(
        self, request: requests.NewSubscription, key: str, subject: Subject
    ) -> Subscription:
        made = await super().create_subscription(request, key, subject)
        price = self.prices[request.price_id]
        free = request.metered or price.unit_amount == 0
        status = "trialing" if request.trial_days else "active" if free else self.first_status
        item = replace(made.items[0], interval=price.interval, currency=price.currency)
        began = self.moment if request.trial_days else None
        invoiced = request.days_until_due is not None
        self.subscriptions[made.id] = replace(
            made,
            status="active" if invoiced and not request.trial_days else status,
            items=(item,),
            trial_start=began,
            collection_method="send_invoice" if invoiced else "charge_automatically",
            days_until_due=request.days_until_due,
            discounts=tuple(Discount(f"di_{coupon}", coupon) for coupon in request.coupon_ids),
        )
        self.done.append((subject, "CreateSubscription", request, made.id))
        return self.subscriptions[made.id]

    async def change_item(self, change: requests.ItemChange, key: str, subject: Subject) -> Subscription:
        self._wrote("change_item", subject)
        self.done.append((subject, "ChangeItem", change, ""))
        before = self.subscriptions[change.subscription_id]
        items = tuple(
            self._moved(each, change) if each.id == change.item_id else each for each in before.items
        )
        after = replace(before, items=items, metadata=dict(before.metadata) | dict(change.metadata))
        self.subscriptions[before.id] = after
        return after

    async def change_subscription(
        self, subscription_id: str, change: requests.SubscriptionChange, subject: Subject
    ) -> Subscription:
        self.done.append((subject, "ChangeSubscription", change, ""))
        after = await super().change_subscription(subscription_id, change, subject)
        if change.cancel_at_period_end is not None:
            after = replace(after, cancel_at_period_end=change.cancel_at_period_end)
        if change.clears_cancel_at:
            after = replace(after, cancel_at=None)
        if change.collection is not None:
            days = change.collection.days_until_due
            method = "charge_automatically" if days is None else "send_invoice"
            after = replace(after, collection_method=method, days_until_due=days)
        if change.discounts is not None:
            kept = [each for each in after.discounts if each.id in change.discounts.kept_ids]
            new = [Discount(f"di_{coupon}", coupon) for coupon in change.discounts.coupon_ids]
            after = replace(after, discounts=(*kept, *new))
        metadata = {key: value for key, value in after.metadata.items() if value}
        self.subscriptions[subscription_id] = replace(after, metadata=metadata)
        return self.subscriptions[subscription_id]

    async def attach_schedule(self, subscription_id: str, key: str, subject: Subject) -> Subscription:
        self._wrote("attach_schedule", subject)
        self.done.append((subject, "AttachSchedule", {}, ""))
        before = self.subscriptions[subscription_id]
        assert before.schedule_id is None, "a subscription has one schedule at the most"
        phase = SchedulePhase(tuple(each.price_id for each in before.items))
        schedule = Schedule(f"sub_sched_{subscription_id}", (phase,))
        self.subscriptions[subscription_id] = replace(before, schedule_id=schedule.id, schedule=schedule)
        return self.subscriptions[subscription_id]

    async def plan_move(self, move: requests.PeriodEndMove, subject: Subject) -> Subscription:
        self._wrote("plan_move", subject)
        self.done.append((subject, "PlanMove", move, ""))
        before = self.subscriptions[move.subscription_id]
        assert before.schedule is not None
        assert before.schedule_id == move.schedule_id
        prices = [each.price_id for each in before.items]
        then = [move.price_id if each == move.former_price_id else each for each in prices]
        phases = (SchedulePhase(tuple(prices)), SchedulePhase(tuple(then), move.metadata))
        schedule = Schedule(before.schedule.id, phases, move.schedule_metadata)
        self.subscriptions[before.id] = replace(before, schedule=schedule)
        return self.subscriptions[before.id]

    async def release_schedule(
        self, subscription_id: str, schedule_id: str, subject: Subject
    ) -> Subscription:
        self._wrote("release_schedule", subject)
        self.done.append((subject, "ReleaseSchedule", {"schedule_id": schedule_id}, ""))
        before = self.subscriptions[subscription_id]
        self.subscriptions[subscription_id] = replace(before, schedule_id=None, schedule=None)
        return self.subscriptions[subscription_id]

    async def cancel_subscription(self, subscription_id: str, subject: Subject) -> Subscription:
        self.done.append((subject, "CancelSubscription", {}, ""))
        return await super().cancel_subscription(subscription_id, subject)

    def _moved(self, item: SubscriptionItem, change: requests.ItemChange) -> SubscriptionItem:
        price = self.prices[change.price_id]
        return on_price(item, price)


@dataclass
class NotingRegistry(WritableRegistry):
    """A registry in which tenants can be made, and every write is noted."""

    done: list[tuple[Subject, str, object, str]] = field(default_factory=list)

    async def create_tenant(self, request: requests.NewTenant, subject: Subject) -> Tenant:
        self.done.append((subject, "CreateTenant", request, ""))
        return await super().create_tenant(request, subject)

    async def update_tenant(self, tenant_id: str, change: requests.TenantChange, subject: Subject) -> Tenant:
        self.done.append((subject, "UpdateTenant", change, ""))
        after = await super().update_tenant(tenant_id, change, subject)
        named = {
            name: value for name in ("name", "description") if (value := getattr(change, name)) is not None
        }
        self.tenants[tenant_id] = replace(after, **named)
        return self.tenants[tenant_id]


def on_price(item: SubscriptionItem, price: Price) -> SubscriptionItem:
    quantity = None if price.metered else item.quantity or 1
    return replace(
        item,
        price_id=price.id,
        quantity=quantity,
        metered=price.metered,
        interval=price.interval,
        currency=price.currency,
    )

"""A small memory of an account, against which the decisions about a plan are played."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from plan_builders import NOW, a_meter, a_plan, a_product
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain.observations import Meter, Price, Product, Subscription
from tenant_billing.domain.plan_actions import (
    Action,
    ArchivePrice,
    CreateMeter,
    CreatePrice,
    CreateProduct,
    LookAgain,
    StoreIntent,
    UpdateProduct,
)
from tenant_billing.domain.plan_decision import PlanDecision, decide
from tenant_billing.domain.plan_status import standing
from tenant_billing.domain.plan_world import PlanWorld
from tenant_billing.domain.predictions import price_made
from tenant_billing.domain.requests import NewMeter, NewPrice, NewProduct, ProductChange


@dataclass
class PlanAccount:
    """A plan and its account: carries out actions as the provider would, and can die before each of them."""

    plan: BillingPlan
    products: dict[str, Product] = field(default_factory=dict)
    prices: dict[str, Price] = field(default_factory=dict)
    meters: dict[str, Meter] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    looked: bool = False
    subscribers: tuple[Subscription, ...] = ()
    users: tuple[str, ...] = ()
    done: list[Action] = field(default_factory=list)

    def world(self, **changes: Any) -> PlanWorld:
        world = PlanWorld(
            resource=self.plan,
            owner="default",
            now=NOW,
            plans=[self.plan],
            products=list(self.products.values()),
            prices=list(self.prices.values()),
            meters=list(self.meters.values()),
            looked=self.looked,
            subscribers=self.subscribers,
            users=self.users,
        )
        return replace(world, **changes)

    def settle(self, most: int = 30) -> PlanDecision:
        """Decide and act until there is nothing left to do, or so many actions were done."""
        while True:
            decision = decide(self.world())
            if not decision.actions:
                self._record(decision, None)
                return decision
            for action in decision.actions:
                if len(self.done) >= most:
                    return decision
                self.act(action, decision)

    def act(self, action: Action, decision: PlanDecision) -> None:
        self.done.append(action)
        match action:
            case StoreIntent(intent):
                self._record(decision, intent)
            case LookAgain():
                self.looked = True
            case CreateProduct(request, key):
                self._create_product(request, key)
            case CreateMeter(request, key):
                self._create_meter(request, key)
            case CreatePrice(request, key):
                self._create_price(request, key)
            case UpdateProduct(product_id, change):
                self._update(product_id, change)
            case ArchivePrice(price_id):
                self.prices[price_id] = replace(self.prices[price_id], active=False)

    def restart(self) -> None:
        """The operator died: only what was stored is left, its looks are not."""
        self.looked = False
        self.done.clear()

    def edit(self, plan: BillingPlan) -> None:
        self.plan = plan.model_copy(update={"status": self.plan.status})

    def kinds(self) -> list[str]:
        return [type(action).__name__ for action in self.done]

    def _record(self, decision: PlanDecision, intent: PendingOperation | None) -> None:
        status = standing(self.plan, decision, {}).model_copy(update={"pending_operation": intent})
        self.plan = self.plan.model_copy(update={"status": status})

    def _create_product(self, request: NewProduct, key: str) -> None:
        identity = self.answers.setdefault(key, f"prod_{len(self.products) + 1}")
        product = a_product(
            identity, name=request.name, description=request.description, tax_code=request.tax_code
        )
        self.products.setdefault(identity, replace(product, metadata=request.metadata))

    def _create_meter(self, request: NewMeter, key: str) -> None:
        identity = self.answers.setdefault(key, f"mtr_{len(self.meters) + 1}")
        active = [each for each in self.meters.values() if each.active and each.id != identity]
        assert request.event_name not in {each.event_name for each in active}, (
            "one active meter of an event name"
        )
        self.meters.setdefault(identity, a_meter(identity, event_name=request.event_name))

    def _create_price(self, request: NewPrice, key: str) -> None:
        assert self.products[request.product_id].active, "a product that is not sold gets no price"
        identity = self.answers.setdefault(key, f"price_{len(self.prices) + 1}")
        if identity in self.prices:
            return
        for each in self.prices.values():
            if each.lookup_key == request.lookup_key:
                self.prices[each.id] = replace(each, lookup_key=None)
        self.prices[identity] = price_made(request, identity, NOW + timedelta(days=len(self.prices)))

    def _update(self, product_id: str, change: ProductChange) -> None:
        product = self.products[product_id]
        fields = ("name", "description", "tax_code", "default_price_id", "active")
        changed = {name: value for name in fields if (value := getattr(change, name)) is not None}
        self.products[product_id] = replace(product, **changed)


def a_settled_account(**changes: Any) -> PlanAccount:
    """A plan that was carried out."""
    account = PlanAccount(a_plan(**changes))
    account.settle()
    account.restart()
    return account


def an_edited_account(**changes: Any) -> PlanAccount:
    """A plan that was carried out, and edited after."""
    account = a_settled_account()
    account.edit(a_plan(**changes))
    return account

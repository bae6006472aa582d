"""What happens to the product and the prices of a plan, played against a small memory of the account."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from plan_builders import (
    DELETED,
    EXISTING,
    LOOKUP_KEY,
    NOW,
    OURS,
    a_plan,
    a_price,
    a_product,
    an_adopted_price,
    recurring,
)
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.names import StripeMetadata
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain.observations import Price, Product
from tenant_billing.domain.plan_actions import (
    Action,
    ArchivePrice,
    CreatePrice,
    CreateProduct,
    LookAgain,
    StoreIntent,
    UpdateProduct,
)
from tenant_billing.domain.plan_decision import PlanDecision, decide, next_attempt
from tenant_billing.domain.plan_status import standing
from tenant_billing.domain.plan_world import PlanWorld
from tenant_billing.domain.requests import NewPrice, NewProduct, ProductChange


@dataclass
class AccountMemory:
    """A plan and its account: carries out actions as the provider would, and can die before each of them."""

    plan: BillingPlan
    products: dict[str, Product] = field(default_factory=dict)
    prices: dict[str, Price] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    looked: bool = False
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
            looked=self.looked,
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

    def _create_price(self, request: NewPrice, key: str) -> None:
        assert self.products[request.product_id].active, "a product that is not sold gets no price"
        identity = self.answers.setdefault(key, f"price_{len(self.prices) + 1}")
        if identity in self.prices:
            return
        for each in self.prices.values():
            if each.lookup_key == request.lookup_key:
                self.prices[each.id] = replace(each, lookup_key=None)
        self.prices[identity] = a_price(
            identity,
            age=-len(self.prices),
            product_id=request.product_id,
            currency=request.currency,
            unit_amount=request.unit_amount,
            interval=request.interval,
            interval_count=request.interval_count,
            tax_behavior=request.tax_behavior,
            lookup_key=request.lookup_key,
            metadata=request.metadata,
        )

    def _update(self, product_id: str, change: ProductChange) -> None:
        product = self.products[product_id]
        fields = ("name", "description", "tax_code", "default_price_id", "active")
        changed = {name: value for name in fields if (value := getattr(change, name)) is not None}
        self.products[product_id] = replace(product, **changed)


def a_settled_account(**changes: Any) -> AccountMemory:
    """A plan that was carried out."""
    account = AccountMemory(a_plan(**changes))
    account.settle()
    account.restart()
    return account


def test_new_plan_gets_product_and_price_each_after_its_intent_and_a_look() -> None:
    account = AccountMemory(a_plan(description="Up to 500", tax={"code": "txcd_1"}))
    decision = account.settle()
    assert account.kinds() == [
        "StoreIntent", "LookAgain", "CreateProduct", "StoreIntent", "CreatePrice",
    ]  # fmt: skip
    (product,) = account.products.values()
    (price,) = account.prices.values()
    assert (product.name, product.description, product.tax_code) == ("Starter", "Up to 500", "txcd_1")
    assert (price.unit_amount, price.lookup_key, price.metadata) == (4900, LOOKUP_KEY, OURS)
    assert (decision.finding, decision.price) == (None, price)
    assert account.plan.status.display_price == "EUR 49.00 / month"
    assert account.plan.status.pending_operation is None


def test_settled_plan_needs_nothing() -> None:
    account = a_settled_account()
    assert account.settle().actions == ()
    assert account.done == []


SCENARIOS: dict[str, Callable[[], AccountMemory]] = {
    "create": lambda: AccountMemory(a_plan()),
    "change amount": lambda: _edited(price=recurring(unitAmount=5900)),
    "delete": lambda: _edited(metadata=DELETED),
}


def _edited(**changes: Any) -> AccountMemory:
    account = a_settled_account()
    account.edit(a_plan(**changes))
    return account


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("died_after", range(8))
def test_death_at_any_moment_doubles_nothing(scenario: str, died_after: int) -> None:
    """Killed after so many actions, and started again with the looks forgotten: the same end, no second object."""
    undisturbed = SCENARIOS[scenario]()
    undisturbed.settle()
    account = SCENARIOS[scenario]()
    account.settle(most=died_after)
    account.restart()
    decision = account.settle()
    assert decision.actions == ()
    assert account.products == undisturbed.products
    assert account.prices == undisturbed.prices
    assert account.plan.status == undisturbed.plan.status


@pytest.mark.parametrize("died_after", range(1, 5))
def test_edit_while_the_operator_is_dead_leaves_one_price_in_sale(died_after: int) -> None:
    account = AccountMemory(a_plan())
    account.settle(most=died_after)
    account.restart()
    account.edit(a_plan(price=recurring(unitAmount=5900), displayName="Starter plus"))
    assert account.settle().finding is None
    assert len(account.products) == 1
    assert [each.unit_amount for each in account.prices.values() if each.active] == [5900]
    assert next(iter(account.products.values())).name == "Starter plus"


def test_changed_amount_is_a_new_price_and_the_old_one_is_archived_last() -> None:
    account = a_settled_account()
    account.edit(a_plan(price=recurring(unitAmount=5900)))
    decision = account.settle()
    assert account.kinds() == ["StoreIntent", "LookAgain", "CreatePrice", "ArchivePrice"]
    assert [(each.unit_amount, each.active) for each in decision.revisions] == [(4900, False), (5900, True)]
    assert decision.price == decision.revisions[-1]


def test_default_price_is_moved_before_it_is_archived() -> None:
    account = a_settled_account()
    account.products["prod_1"] = replace(account.products["prod_1"], default_price_id="price_1")
    account.edit(a_plan(price=recurring(unitAmount=5900)))
    account.settle()
    assert account.kinds()[-2:] == ["UpdateProduct", "ArchivePrice"]
    assert account.products["prod_1"].default_price_id == "price_2"


def test_amount_that_returns_is_a_new_price_under_a_new_key() -> None:
    """The old one stays archived, and a replay of its key would give it back."""
    account = a_settled_account()
    for amount in (5900, 4900):
        account.edit(a_plan(price=recurring(unitAmount=amount)))
        account.settle()
    assert [each.unit_amount for each in account.prices.values()] == [4900, 5900, 4900]
    assert [each.id for each in account.prices.values() if each.active] == ["price_3"]


TEXTS = [
    pytest.param({"displayName": "Plus"}, {"name": "Plus"}, id="its name"),
    pytest.param({"description": "More"}, {"description": "More"}, id="its description"),
    pytest.param({"tax": {"code": "txcd_1"}}, {"tax_code": "txcd_1"}, id="its tax code"),
]


@pytest.mark.parametrize(("spec", "change"), TEXTS)
def test_product_follows_the_spec(spec: dict[str, Any], change: dict[str, Any]) -> None:
    account = a_settled_account()
    account.edit(a_plan(**spec))
    account.settle()
    assert account.done == [UpdateProduct("prod_1", ProductChange(**change))]


def test_description_that_is_left_out_is_removed() -> None:
    account = a_settled_account(description="More")
    account.edit(a_plan())
    account.settle()
    assert account.done == [UpdateProduct("prod_1", ProductChange(description=""))]


def test_lost_cluster_finds_everything_again_and_creates_nothing() -> None:
    """The status is empty and the uid another one; metadata and lookup key tell."""
    account = a_settled_account()
    account.plan = a_plan(metadata={"uid": "another"})
    decision = account.settle()
    assert account.done == []
    assert (decision.product_id, account.plan.status.price_id) == ("prod_1", "price_1")


def test_price_without_its_lookup_key_is_known_by_metadata() -> None:
    account = a_settled_account()
    account.prices["price_1"] = replace(account.prices["price_1"], lookup_key=None)
    account.plan = a_plan()
    assert account.settle().price == account.prices["price_1"]


@pytest.mark.parametrize("recorded", [True, False])
def test_price_archived_outside_is_not_made_again(recorded: bool) -> None:
    account = a_settled_account()
    account.prices["price_1"] = replace(account.prices["price_1"], active=False)
    if not recorded:
        account.plan = a_plan()
    finding = account.settle().finding
    assert finding is not None
    assert (finding.reason, account.done) == (Reason.PRICE_ARCHIVED, [])


def test_product_archived_outside_is_not_activated() -> None:
    account = a_settled_account()
    account.products["prod_1"] = replace(account.products["prod_1"], active=False)
    finding = account.settle().finding
    assert finding is not None
    assert finding.reason is Reason.PRICE_ARCHIVED
    assert "prod_1" in finding.message


@pytest.mark.parametrize("died_after", range(6))
def test_plan_that_ended_can_begin_again(died_after: int) -> None:
    """Its product is sold again with a new price; nothing of this is stuck by a crash."""
    account = a_settled_account()
    account.edit(a_plan(metadata=DELETED))
    account.settle()
    account.restart()
    account.plan = a_plan(metadata={"uid": "another"})
    account.settle(most=died_after)
    account.restart()
    assert account.settle().finding is None
    assert [each.active for each in account.products.values()] == [True]
    assert [each.active for each in account.prices.values()] == [False, True]


def test_plan_that_begins_again_uses_a_price_that_is_still_in_sale() -> None:
    """A default price cannot be archived, so it may have outlived the plan."""
    account = a_settled_account()
    account.products["prod_1"] = replace(account.products["prod_1"], default_price_id="price_1")
    account.edit(a_plan(metadata=DELETED))
    assert account.settle().released
    assert account.prices["price_1"].active
    account.restart()
    account.plan = a_plan(metadata={"uid": "another"})
    account.settle()
    assert account.done == [UpdateProduct("prod_1", ProductChange(active=True))]


def test_deletion_is_refused_while_the_plan_is_used() -> None:
    account = a_settled_account()
    account.edit(a_plan(metadata=DELETED))
    account.users = tuple(f"tenants/t{number}" for number in range(7))
    decision = account.settle()
    assert decision.finding is not None
    assert decision.finding.reason is Reason.IN_USE
    assert "tenants/t0, tenants/t1, tenants/t2, tenants/t3, tenants/t4 and 2 more" in decision.finding.message
    assert (account.done, decision.released) == ([], False)


def test_deletion_names_all_of_few_users() -> None:
    finding = decide(AccountMemory(a_plan(metadata=DELETED), users=("tenants/acme",)).world()).finding
    assert finding is not None
    assert "used by tenants/acme:" in finding.message


def test_deleted_plan_without_anything_outside_is_released() -> None:
    assert decide(AccountMemory(a_plan(metadata=DELETED)).world()).released


def test_deletion_archives_what_we_made_and_never_what_was_adopted() -> None:
    account = a_settled_account()
    account.prices["price_A"] = an_adopted_price()
    account.edit(a_plan(metadata=DELETED))
    assert account.settle().released
    assert account.done == [UpdateProduct("prod_1", ProductChange(active=False)), ArchivePrice("price_1")]


PROBLEMS = [
    pytest.param(
        a_plan(priceChangePolicy="AtRenewal"), Reason.NOT_YET_SUPPORTED, id="a field of a later version"
    ),
    pytest.param(
        a_plan(price=recurring(currency="EUX")), Reason.INVALID_PRICE, id="a currency that does not exist"
    ),
]


@pytest.mark.parametrize(("plan", "reason"), PROBLEMS)
def test_plan_that_cannot_be_carried_out_makes_no_call(plan: BillingPlan, reason: Reason) -> None:
    decision = decide(AccountMemory(plan).world())
    assert decision.finding is not None
    assert (decision.finding.reason, decision.actions) == (reason, ())


def test_refused_plan_is_not_asked_again() -> None:
    decision = decide(AccountMemory(a_plan()).world(refusal="the provider refused it: no"))
    assert decision.finding is not None
    assert (decision.finding.reason, decision.actions) == (Reason.INVALID_PRICE, ())


def test_stored_failure_gets_a_new_key_and_a_look() -> None:
    """The provider would repeat the stored answer for ever (stripe.md 5.3)."""
    account = AccountMemory(a_plan())
    account.settle(most=1)
    intent = account.plan.status.pending_operation
    assert intent is not None
    again = next_attempt(intent, NOW)
    assert (again.attempt, again.parameters) == (2, intent.parameters)
    assert again.idempotency_key != intent.idempotency_key
    account.plan = account.plan.model_copy(
        update={"status": account.plan.status.model_copy(update={"pending_operation": again})}
    )
    account.restart()
    account.settle()
    assert account.kinds()[:2] == ["LookAgain", "CreateProduct"]


ADOPTED = [
    pytest.param([an_adopted_price()], {}, None, id="a price in sale is adopted"),
    pytest.param([], {}, Reason.PRICE_NOT_FOUND, id="no such price"),
    pytest.param([an_adopted_price(active=False)], {}, Reason.PRICE_ARCHIVED, id="nobody new can subscribe"),
    pytest.param([an_adopted_price(interval=None)], {}, Reason.INVALID_PRICE, id="charged once"),
    pytest.param([an_adopted_price(metered=True)], {}, Reason.NOT_YET_SUPPORTED, id="metered"),
    pytest.param([an_adopted_price(unit_amount=None, tiered=True)], {}, None, id="tiers need nothing of us"),
    pytest.param(
        [an_adopted_price(metadata={"max-users": "many"})],
        {},
        Reason.INVALID_METADATA,
        id="an unreadable limit",
    ),
    pytest.param(
        [an_adopted_price(metadata={"max-users": "many"})],
        {"limitsFrom": "Spec"},
        None,
        id="metadata is not read where the spec limits",
    ),
    pytest.param(
        [an_adopted_price()],
        {"acceptedPriceIDs": ["price_B"]},
        Reason.PRICE_NOT_FOUND,
        id="an accepted one is missing",
    ),
    pytest.param(
        [an_adopted_price(), an_adopted_price("price_B", active=False)],
        {"acceptedPriceIDs": ["price_B"]},
        None,
        id="an accepted one may be archived: nobody new gets it",
    ),
    pytest.param(
        [an_adopted_price(metadata={StripeMetadata.OWNER: "other"})],
        {},
        Reason.PRICE_CONFLICT,
        id="another owner's",
    ),
    pytest.param([an_adopted_price(metadata=OURS)], {}, None, id="one of our own can be adopted"),
]


@pytest.mark.parametrize(("prices", "arm", "reason"), ADOPTED)
def test_adopted_prices_are_judged_and_never_written(
    prices: list[Price], arm: dict[str, Any], reason: Reason | None
) -> None:
    plan = a_plan(price={"existing": {"priceID": "price_A"} | arm})
    decision = decide(AccountMemory(plan, prices={each.id: each for each in prices}).world())
    assert (decision.finding.reason if decision.finding else None) == reason
    assert decision.actions == ()


def test_adopting_plan_shows_what_it_adopted() -> None:
    plan = a_plan(price={"existing": {"priceID": "price_A", "acceptedPriceIDs": ["price_B", "price_A"]}})
    prices = {each.id: each for each in (an_adopted_price("price_B"), an_adopted_price())}
    decision = decide(AccountMemory(plan, prices=prices).world())
    assert (decision.product_id, decision.price) == ("prod_1", prices["price_A"])
    assert [each.id for each in decision.revisions] == ["price_A", "price_B"]


def test_price_of_an_older_plan_is_a_conflict_for_the_younger_only() -> None:
    older = a_plan("older", price=EXISTING, metadata={"creationTimestamp": "2026-11-19T10:00:00Z"})
    younger = a_plan("younger", price=EXISTING)
    world = AccountMemory(younger, prices={"price_A": an_adopted_price()}).world(plans=[younger, older])
    finding = decide(world).finding
    assert finding is not None
    assert finding.reason is Reason.PRICE_CONFLICT
    assert "'older'" in finding.message
    assert decide(replace(world, resource=older)).finding is None


def test_deleted_adopting_plan_archives_nothing() -> None:
    plan = a_plan(price=EXISTING, metadata=DELETED)
    assert decide(AccountMemory(plan, prices={"price_A": an_adopted_price()}).world()).released

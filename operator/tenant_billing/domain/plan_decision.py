"""What should happen to the product and the prices of a BillingPlan: from what was seen to what is done next."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from tenant_billing.api.prices import ExistingPrice, RecurringPrice
from tenant_billing.api.reasons import Reason
from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain.adopted_price import archived, problem_of
from tenant_billing.domain.identity import idempotency_key
from tenant_billing.domain.observations import Price, Product
from tenant_billing.domain.plan import has_terms, invalid_price, new_price, new_product, not_yet_supported
from tenant_billing.domain.plan_actions import (
    Action,
    ArchivePrice,
    CreatePrice,
    CreateProduct,
    LookAgain,
    StoreIntent,
    UpdateProduct,
)
from tenant_billing.domain.plan_world import PlanWorld
from tenant_billing.domain.readiness import Finding
from tenant_billing.domain.requests import NewPrice, NewProduct, ProductChange

CREATE_PRODUCT: Final = "CreateProduct"
CREATE_PRICE: Final = "CreatePrice"
MOST_USERS_NAMED: Final = 5


@dataclass(frozen=True)
class PlanDecision:
    """What follows from a world.

    Attributes:
        actions: What to do next, in order; empty when in sync, or when nothing may be done. After the last one,
            decide again: a price needs the id of its product.
        finding: Why the plan is not carried out.
        product_id: The product, once it stands.
        price: The price that new subscriptions get, once it stands.
        revisions: All prices of the plan, oldest first.
        released: The plan is being deleted and nothing is left to do.
    """

    actions: tuple[Action, ...] = ()
    finding: Finding | None = None
    product_id: str | None = None
    price: Price | None = None
    revisions: tuple[Price, ...] = ()
    released: bool = False


def decide(world: PlanWorld) -> PlanDecision:
    """Decide about a plan whose account was read."""
    resource = world.resource
    if resource.metadata.is_being_deleted:
        return _deleted(world)
    finding = not_yet_supported(resource.spec) or invalid_price(resource.spec.price.recurring)
    if finding is not None:
        return _seen(world, finding=finding)
    if resource.spec.price.existing is not None:
        return _adopted(world, resource.spec.price.existing)
    if world.refusal:
        return _seen(world, finding=Finding(Reason.INVALID_PRICE, world.refusal))
    assert resource.spec.price.recurring is not None, "metered is not supported yet"
    return _made(world, resource.spec.price.recurring)


def next_attempt(intent: PendingOperation, now: datetime) -> PendingOperation:
    """The intent under a new key, after the provider stored a failure for the old one (stripe.md 5.3)."""
    base = intent.idempotency_key.rpartition(":")[0]
    attempt = intent.attempt + 1
    return intent.model_copy(
        update={"attempt": attempt, "idempotency_key": f"{base}:{attempt}", "start_time": now}
    )


def _seen(world: PlanWorld, *actions: Action, finding: Finding | None = None) -> PlanDecision:
    product, published = world.product, world.published
    return PlanDecision(
        actions=actions,
        finding=finding,
        product_id=product.id if product is not None else None,
        price=published,
        revisions=world.own_prices,
    )


def _made(world: PlanWorld, wanted: RecurringPrice) -> PlanDecision:
    """The recurring arm: product, price, then the old prices out of sale."""
    product, published = world.product, world.published
    if product is None:
        return _seen(
            world, _creating(world, CREATE_PRODUCT, new_product(world.resource.spec, world.identity))
        )
    current = published if published is not None and has_terms(published, wanted) else None
    returns = _returns(world, product)
    if not returns:
        if current is not None and not current.active:
            return _seen(world, finding=archived(current.id))
        if not product.active:
            return _seen(world, finding=archived(product.id))
    if current is not None and current.active:
        return _seen(world, *_tidied(world, product, current))
    creating = _creating(world, CREATE_PRICE, new_price(wanted, product.id, world.identity))
    revive = (UpdateProduct(product.id, ProductChange(active=True)),) if not product.active else ()
    decision = _seen(world, *(revive if isinstance(creating, CreatePrice) else ()), creating)
    return replace(decision, price=None) if returns else decision


def _tidied(world: PlanWorld, product: Product, published: Price) -> tuple[Action, ...]:
    """The product's texts, then the former prices out of sale; a default price is moved before it is archived."""
    former = [each for each in world.own_prices if each.active and each.id != published.id]
    spec = world.resource.spec
    description = spec.description or ""
    moves = product.default_price_id in {each.id for each in former}
    change = ProductChange(
        name=spec.display_name if spec.display_name != product.name else None,
        description=description if description != (product.description or "") else None,
        tax_code=spec.tax.code if spec.tax.code != product.tax_code else None,
        default_price_id=published.id if moves else None,
        active=None if product.active else True,
    )
    update = () if change == ProductChange() else (UpdateProduct(product.id, change),)
    return (*update, *(ArchivePrice(each.id) for each in former))


def _returns(world: PlanWorld, product: Product) -> bool:
    """Whether a plan of this name ended before, by us, and a new one begins: then its product is sold again.

    A plan that has a price on record was carried out, so what is archived now was archived by somebody else.
    """
    status = world.resource.status
    if status.price_id is not None:
        return False
    intent = status.pending_operation
    return not product.active or (intent is not None and intent.step == CREATE_PRICE)


def _creating(world: PlanWorld, step: str, request: NewProduct | NewPrice) -> Action:
    """Intent first, then a look, then the create: the order that loses nothing in a crash."""
    intent = world.resource.status.pending_operation
    if intent is None or intent.step != step or dict(intent.parameters) != parameters_of(request):
        return StoreIntent(_intent(world, step, request))
    if not world.looked:
        return LookAgain()
    if isinstance(request, NewProduct):
        return CreateProduct(request, intent.idempotency_key)
    return CreatePrice(request, intent.idempotency_key)


def _intent(world: PlanWorld, step: str, request: NewProduct | NewPrice) -> PendingOperation:
    """The intent of a create; other parameters than those of an intent before never go under its key."""
    before = world.resource.status.pending_operation
    attempt = before.attempt + 1 if before is not None and before.step == step else 1
    purpose = f"{step}-{len(world.own_prices) + 1}"
    return PendingOperation(
        step=step,
        attempt=attempt,
        idempotency_key=idempotency_key(world.resource.metadata.uid, purpose, attempt),
        parameters=parameters_of(request),
        start_time=world.now,
    )


def parameters_of(request: NewProduct | NewPrice) -> dict[str, JsonValue]:
    """A request as ``status.pendingOperation.parameters`` keeps it."""
    return {name: value for name, value in asdict(request).items() if value is not None}


def _adopted(world: PlanWorld, existing: ExistingPrice) -> PlanDecision:
    """The existing arm: nothing is written, whatever is found."""
    prices = {each.id: each for each in world.prices}
    wanted = tuple(dict.fromkeys((existing.price_id, *existing.accepted_price_ids)))
    price = prices.get(existing.price_id)
    return PlanDecision(
        finding=problem_of(world, existing, wanted, prices),
        product_id=price.product_id if price is not None else None,
        price=price,
        revisions=tuple(prices[each] for each in wanted if each in prices),
    )


def _deleted(world: PlanWorld) -> PlanDecision:
    """The end of a plan: refused while it is used; then what we made is archived, an adopted price never."""
    if world.users:
        named = sorted(world.users)[:MOST_USERS_NAMED]
        more = len(world.users) - len(named)
        users = ", ".join(named) + (f" and {more} more" if more else "")
        message = f"the plan is kept while it is used by {users}: move or delete them first"
        return replace(_seen(world), finding=Finding(Reason.IN_USE, message))
    product = world.product
    actions: list[Action] = []
    if product is not None and product.active:
        actions.append(UpdateProduct(product.id, ProductChange(active=False)))
    default = product.default_price_id if product is not None else None
    actions += [ArchivePrice(each.id) for each in world.own_prices if each.active and each.id != default]
    return replace(_seen(world, *actions), released=not actions)

"""What should happen to the product, the meter and the prices of a BillingPlan: from what was seen to what is done."""

from dataclasses import dataclass, replace
from typing import Final

from tenant_billing.api.prices import ExistingPrice, MeteredPrice, RecurringPrice
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.adopted_price import archived, problem_of
from tenant_billing.domain.observations import Meter, Price, Product
from tenant_billing.domain.plan import new_product
from tenant_billing.domain.plan_actions import Action, ArchivePrice, CreatePrice, UpdateProduct
from tenant_billing.domain.plan_intents import CREATE_PRICE, creating
from tenant_billing.domain.plan_meter import event_name_of, meter_named, new_meter, unusable
from tenant_billing.domain.plan_world import PlanWorld
from tenant_billing.domain.price_migration import named_until_period_end
from tenant_billing.domain.price_terms import has_terms, new_price
from tenant_billing.domain.price_validity import invalid_price
from tenant_billing.domain.readiness import Finding
from tenant_billing.domain.requests import ProductChange

MOST_USERS_NAMED: Final = 5


@dataclass(frozen=True)
class PlanDecision:
    """What follows from a world.

    Attributes:
        actions: What to do next, in order; empty when in sync, or when nothing may be done. After the last one,
            decide again: a price needs the id of its product.
        finding: Why the plan is not carried out.
        product_id: The product, once it stands.
        meter_id: What counts the usage, of a metered plan.
        price: The price that new subscriptions get, once it stands.
        revisions: All prices of the plan, oldest first.
        released: The plan is being deleted and nothing is left to do.
    """

    actions: tuple[Action, ...] = ()
    finding: Finding | None = None
    product_id: str | None = None
    meter_id: str | None = None
    price: Price | None = None
    revisions: tuple[Price, ...] = ()
    released: bool = False


def decide(world: PlanWorld) -> PlanDecision:
    """Decide about a plan whose account was read."""
    resource = world.resource
    if resource.metadata.is_being_deleted:
        return _deleted(world)
    finding = invalid_price(resource.spec)
    if finding is not None:
        return _seen(world, finding=finding)
    arm = resource.spec.price.arm
    if isinstance(arm, ExistingPrice):
        return _adopted(world, arm)
    if world.refusal:
        return _seen(world, finding=Finding(Reason.INVALID_PRICE, world.refusal))
    return _made(world, arm)


def _seen(world: PlanWorld, *actions: Action, finding: Finding | None = None) -> PlanDecision:
    product, published, meter = world.product, world.published, _meter(world)
    return PlanDecision(
        actions=actions,
        finding=finding,
        product_id=product.id if product is not None else None,
        meter_id=meter.id if meter is not None else None,
        price=published,
        revisions=world.own_prices,
    )


def _meter(world: PlanWorld) -> Meter | None:
    """The meter that a metered plan counts by, once it stands."""
    metered = world.resource.spec.price.metered
    return None if metered is None else meter_named(world.meters, event_name_of(metered, world.identity))


def _made(world: PlanWorld, wanted: RecurringPrice | MeteredPrice) -> PlanDecision:
    """The arms whose prices are ours: product, meter, price, then the old prices out of sale."""
    product, meter = world.product, _meter(world)
    if product is None:
        return _seen(world, creating(world, new_product(world.resource.spec, world.identity)))
    if isinstance(wanted, MeteredPrice):
        if meter is None:
            display_name = world.resource.spec.display_name
            return _seen(world, creating(world, new_meter(wanted, display_name, world.identity)))
        problem = unusable(meter)
        if problem is not None:
            return _seen(world, finding=problem)
    return _priced(world, wanted, product, meter.id if meter is not None else None)


def _priced(
    world: PlanWorld, wanted: RecurringPrice | MeteredPrice, product: Product, meter_id: str | None
) -> PlanDecision:
    """The price of a product that stands, then the old prices out of sale."""
    published = world.published
    current = published if published is not None and has_terms(published, wanted, meter_id) else None
    returns = _returns(world, product)
    if not returns:
        if current is not None and not current.active:
            return _seen(world, finding=archived(current.id))
        if not product.active:
            return _seen(world, finding=archived(product.id))
    if current is not None and current.active:
        return _seen(world, *_tidied(world, product, current))
    create = creating(world, new_price(wanted, product.id, meter_id, world.identity))
    revive = (UpdateProduct(product.id, ProductChange(active=True)),) if not product.active else ()
    decision = _seen(world, *(revive if isinstance(create, CreatePrice) else ()), create)
    return replace(decision, price=None) if returns else decision


def _tidied(world: PlanWorld, product: Product, published: Price) -> tuple[Action, ...]:
    """The product's texts, then the former prices out of sale; a default price is moved before it is archived."""
    spec = world.resource.spec
    former = [each for each in world.own_prices if each.active and each.id != published.id]
    still_named = named_until_period_end(spec, former, world.subscribers)
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
    return (*update, *(ArchivePrice(each.id) for each in former if each.id not in still_named))


def _returns(world: PlanWorld, product: Product) -> bool:
    """Whether a plan of this name ended before, by us, and a new one begins: then its product is sold again.

    A plan that has a price on record was carried out, so what is archived now was archived by somebody else.
    """
    status = world.resource.status
    if status.price_id is not None:
        return False
    intent = status.pending_operation
    return not product.active or (intent is not None and intent.step == CREATE_PRICE)


def _adopted(world: PlanWorld, existing: ExistingPrice) -> PlanDecision:
    """The existing arm: nothing is written, whatever is found."""
    prices = {each.id: each for each in world.prices}
    wanted = tuple(dict.fromkeys((existing.price_id, *existing.accepted_price_ids)))
    price = prices.get(existing.price_id)
    return PlanDecision(
        finding=problem_of(world, existing, wanted, prices),
        product_id=price.product_id if price is not None else None,
        meter_id=price.meter_id if price is not None else None,
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

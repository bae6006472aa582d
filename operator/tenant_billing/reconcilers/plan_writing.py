"""Carrying out what was decided for a BillingPlan outside of Kubernetes: one call for each action."""

from dataclasses import replace

from tenant_billing.api.names import BILLING_PLAN
from tenant_billing.domain.plan_actions import (
    ArchivePrice,
    CreateMeter,
    CreatePrice,
    CreateProduct,
    LookAgain,
    OutsideAction,
    UpdateProduct,
)
from tenant_billing.domain.plan_world import PlanWorld
from tenant_billing.ports import Subject
from tenant_billing.reconcilers.accounts import AccountConnection


async def carry_out(action: OutsideAction, world: PlanWorld, connection: AccountConnection) -> None:
    """Do one thing, and take the answer into the account's picture so that the next decision knows it.

    Raises:
        tenant_billing.domain.errors.OutsideError: The provider refused, or gave no answer.
    """
    provider, picture = connection.provider, connection.picture
    subject = _subject(world, type(action).__name__)
    match action:
        case LookAgain():
            await picture.refresh_catalogue()
            if world.resource.spec.price.metered is not None:
                await picture.meters_ready()
        case CreateProduct(request, key):
            picture.take(await provider.create_product(request, key, subject))
        case CreateMeter(request, key):
            picture.take(await provider.create_meter(request, key, subject))
        case CreatePrice(request, key):
            picture.take(await provider.create_price(request, key, subject))
            former = world.published
            if former is not None:  # its lookup key moved away
                picture.take(replace(former, lookup_key=None))
        case UpdateProduct(product_id, change):
            picture.take(await provider.update_product(product_id, change, subject))
        case ArchivePrice(price_id):
            picture.take(await provider.archive_price(price_id, subject))


def _subject(world: PlanWorld, why: str) -> Subject:
    metadata = world.resource.metadata
    return Subject(BILLING_PLAN.kind, metadata.name, metadata.uid, why)

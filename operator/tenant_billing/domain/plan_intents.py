"""Intents of a plan: what is about to be created stands in its status first, so that no crash doubles it."""

from collections.abc import Mapping
from typing import Final

from tenant_billing.api.resource import PendingOperation
from tenant_billing.domain.identity import idempotency_key
from tenant_billing.domain.parameters import as_parameters
from tenant_billing.domain.plan_actions import (
    Action,
    CreateMeter,
    CreatePrice,
    CreateProduct,
    LookAgain,
    StoreIntent,
)
from tenant_billing.domain.plan_world import PlanWorld
from tenant_billing.domain.requests import NewMeter, NewPrice, NewProduct

CREATE_PRODUCT: Final = "CreateProduct"
CREATE_METER: Final = "CreateMeter"
CREATE_PRICE: Final = "CreatePrice"

New = NewProduct | NewMeter | NewPrice
_STEPS: Final[Mapping[type[New], str]] = {
    NewProduct: CREATE_PRODUCT,
    NewMeter: CREATE_METER,
    NewPrice: CREATE_PRICE,
}


def creating(world: PlanWorld, request: New) -> Action:
    """Intent first, then a look, then the create: the order that loses nothing in a crash."""
    intent, step = world.resource.status.pending_operation, _STEPS[type(request)]
    if intent is None or intent.step != step or dict(intent.parameters) != as_parameters(request):
        return StoreIntent(_intent(world, step, request))
    if not world.looked:
        return LookAgain()
    if isinstance(request, NewProduct):
        return CreateProduct(request, intent.idempotency_key)
    if isinstance(request, NewMeter):
        return CreateMeter(request, intent.idempotency_key)
    return CreatePrice(request, intent.idempotency_key)


def _intent(world: PlanWorld, step: str, request: New) -> PendingOperation:
    """The intent of a create; other parameters than those of an intent before never go under its key."""
    before = world.resource.status.pending_operation
    attempt = before.attempt + 1 if before is not None and before.step == step else 1
    purpose = f"{step}-{len(world.own_prices) + 1}"
    return PendingOperation(
        step=step,
        attempt=attempt,
        idempotency_key=idempotency_key(world.resource.metadata.uid, purpose, attempt),
        parameters=as_parameters(request),
        start_time=world.now,
    )

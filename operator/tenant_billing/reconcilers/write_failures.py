"""What an error of a write outside means for the object that it was made for."""

from dataclasses import replace

from tenant_billing.domain.actions import (
    OUTSIDE,
    Action,
    CreateTenant,
    DeleteTenant,
    LookAgain,
    UpdateTenant,
)
from tenant_billing.domain.errors import KeyReused, OutsideError, PaymentDeclined, Refused
from tenant_billing.domain.refusals import refusal_of
from tenant_billing.domain.world import World


def is_of_registry(action: Action) -> bool:
    """Whether an action writes to The Things Stack."""
    return isinstance(action, CreateTenant | UpdateTenant | DeleteTenant)


def after_failure(action: Action, world: World, error: OutsideError) -> World:
    """The world after a write that was not carried out, as far as is known.

    A permanent no is remembered and not asked again; any other problem holds the object until it has passed.

    Raises:
        OutsideError: The error itself, where it was Kubernetes that was written to.
    """
    if not isinstance(action, (*OUTSIDE, LookAgain)):
        raise error
    if isinstance(error, Refused | PaymentDeclined | KeyReused):
        return replace(world, refusal=refusal_of(action, error))
    if is_of_registry(action):
        return replace(world, registry_problem=error)
    return replace(world, provider_problem=error)

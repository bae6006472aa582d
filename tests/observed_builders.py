"""Objects that observe a subscription that was born at the provider, and the worlds around them."""

from dataclasses import replace
from typing import Any

from subscription_builders import (
    TRUSTING,
    a_backend,
    a_customer,
    a_subscription,
    a_tenant_subscription,
    a_world,
    an_unborn_world,
)
from subscription_outside import Outside
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.actions import CreateTenant, UpdateTenant
from tenant_billing.domain.decision import decide
from tenant_billing.domain.observations import Subscription
from tenant_billing.domain.requests import NewTenant
from tenant_billing.domain.world import World

METADATA = {"tenant-id": "acme"}


def an_observed(**changes: Any) -> TenantSubscription:
    """An object that observes ``sub_1`` for tenant acme."""
    return a_tenant_subscription(**({"managementPolicy": "Observe"} | changes))


def born_in_stripe(status: str = "active", **changes: Any) -> Subscription:
    """``sub_1`` as Checkout makes it, with the metadata that the Tenant Billing Server documents."""
    return replace(a_subscription(status, metadata=METADATA), **changes)


def observing(resource: TenantSubscription | None = None, **changes: Any) -> World:
    """A paid and approved tenant of an observed subscription, in a namespace that the backend trusts."""
    known = {"subscriptions": (born_in_stripe(),), "backend": a_backend(trusts=TRUSTING)}
    return a_world(resource or an_observed(), **(known | changes))


def to_be_born(*subscriptions: Subscription, **changes: Any) -> World:
    """The same before the tenant exists."""
    known: dict[str, Any] = {
        "subscriptions": subscriptions or (born_in_stripe(),),
        "customer": a_customer(metadata={}),
    }
    return replace(an_unborn_world(an_observed(), backend=a_backend(trusts=TRUSTING)), **(known | changes))


def tenant_made_of(world: World) -> NewTenant:
    """The tenant that is made in the end."""
    outside = Outside()
    outside.settle(world, lambda each: decide(each).actions)
    (made,) = [each for each in outside.done if isinstance(each, CreateTenant)]
    return made.request


def one_update(world: World) -> UpdateTenant:
    (update,) = decide(world).actions
    assert isinstance(update, UpdateTenant)
    return update

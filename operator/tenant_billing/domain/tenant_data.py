"""What a tenant and its administrator are called: by the spec, else by the documented metadata, else by the customer.

Source: things-stack.md 1.3. A key that is present but empty counts as present, as for the Tenant Billing Server: a
fallback stands in for a key that is missing only.
"""

from collections.abc import Mapping
from typing import Final

from tenant_billing.api.customers import CustomerDetails
from tenant_billing.api.names import BillingServerMetadata
from tenant_billing.domain.counting import choose
from tenant_billing.domain.observations import EMPTY, Subscription
from tenant_billing.domain.requests import InitialUser
from tenant_billing.domain.world import World

LONGEST_NAME: Final = 50
"""Characters of the name of a tenant or of a user."""


def naming_subscription(world: World) -> Subscription | None:
    """The subscription whose metadata counts: the one that pays."""
    return choose(world.subscriptions).counting


def documented_metadata(world: World) -> Mapping[str, str]:
    """The metadata of the subscription that pays, without a password."""
    subscription = naming_subscription(world)
    return subscription.metadata if subscription is not None else EMPTY


def _details(world: World) -> CustomerDetails | None:
    """What the spec says of a customer that it has made."""
    customer = world.resource.spec.customer
    return customer.details if customer is not None else None


def explicit_name(world: World) -> str | None:
    """The name that somebody gave to the tenant; None where it is left to the fallbacks."""
    return world.resource.spec.tenant.name or documented_metadata(world).get(
        BillingServerMetadata.TENANT_NAME
    )


def explicit_description(world: World) -> str | None:
    """The description that somebody gave to the tenant; None where it is left to the fallbacks."""
    asked = world.resource.spec.tenant.description
    return asked or documented_metadata(world).get(BillingServerMetadata.TENANT_DESCRIPTION)


def tenant_name(world: World) -> str:
    """The tenant's name at its creation; a fallback is cut to what is allowed (T-15)."""
    given = explicit_name(world)
    if given is not None:
        return given
    metadata, details = documented_metadata(world), _details(world)
    deprecated = (metadata.get(BillingServerMetadata.NAME), metadata.get(BillingServerMetadata.COMPANY))
    named = next((each for each in deprecated if each is not None), None)
    if named is None:
        names = (world.customer.name if world.customer else None, details.name if details else None)
        named = next((each for each in names if each), world.key.tenant_id)
    return named[:LONGEST_NAME]


def tenant_description(world: World) -> str:
    """The tenant's description at its creation."""
    given = explicit_description(world)
    if given is not None:
        return given
    details = _details(world)
    candidates = (
        world.customer.description if world.customer else None,
        details.description if details else None,
    )
    return next((each for each in candidates if each), "")


def customer_email(world: World) -> str | None:
    """Where the customer gets invoices."""
    details = _details(world)
    return (world.customer.email if world.customer else None) or (details.email if details else None)


def initial_user(world: World) -> InitialUser:
    """The tenant's administrator, used at creation only. A password of the spec's Secret goes before metadata's."""
    admin = world.resource.spec.tenant.initial_admin
    subscription, metadata = naming_subscription(world), documented_metadata(world)
    email = admin.email if admin is not None else None
    return InitialUser(
        user_id=(admin.user_id if admin is not None else None)
        or metadata.get(BillingServerMetadata.ADMIN_USER, world.key.tenant_id),
        email=email or metadata.get(BillingServerMetadata.ADMIN_EMAIL, customer_email(world) or ""),
        full_name=(admin.full_name if admin is not None else None)
        or metadata.get(BillingServerMetadata.ADMIN_FULL_NAME, ""),
        password=world.admin_password or (subscription.admin_password if subscription is not None else ""),
    )


def password_warning(world: World) -> str:
    """What is said while a password stands in metadata that every reader of the account sees; else empty."""
    subscription = naming_subscription(world)
    if subscription is None or not subscription.admin_password:
        return ""
    return (
        f"The metadata of subscription {subscription.id} carries {BillingServerMetadata.ADMIN_PASSWORD} in plain text; "
        "it is used at the tenant's creation only: remove it in Stripe."
    )

"""Whether The Things Stack would take the tenant and its administrator, said before anything is sold."""

import re
from typing import Final

from tenant_billing.api.names import BillingServerMetadata
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.email_address import is_email_address
from tenant_billing.domain.findings import Finding, Hold
from tenant_billing.domain.requests import InitialUser
from tenant_billing.domain.tenant import OWNED_ATTRIBUTES
from tenant_billing.domain.tenant_data import (
    LONGEST_NAME,
    documented_metadata,
    explicit_name,
    initial_user,
    naming_subscription,
    tenant_description,
)
from tenant_billing.domain.world import World

LONGEST_DESCRIPTION: Final = 2000
TENANT_ID: Final = re.compile(r"[a-z0-9](?:[-]?[a-z0-9]){2,}")
USER_ID: Final = re.compile(r"[a-z0-9](?:[-]?[a-z0-9]){1,}")
ATTRIBUTE_KEY: Final = TENANT_ID
LONGEST_ID: Final = 36
LONGEST_PASSWORD: Final = 1000

_RESERVED: Final = (
    "admin api billing business cloud company customers default demo dev enterprise example free guest login "
    "network operator owner plan premium private prod production public root staging subscriptions support "
    "system team test test1 test2 test3 ttn tti tts user"
)
RESERVED: Final = frozenset(_RESERVED.split())
"""The ids most likely to be asked for of those that The Things Stack reserves (things-stack.md 3); an installation
may reserve more, which it then refuses itself."""


def is_tenant_id(text: str) -> bool:
    """Whether The Things Stack takes an id for a tenant's; one that is reserved has the form all the same."""
    return TENANT_ID.fullmatch(text) is not None and len(text) <= LONGEST_ID


def tenant_cannot_be_created(world: World) -> Finding | None:
    """The tenant, or its administrator, would be refused: said before any call to the provider."""
    if world.tenant is not None:
        return None
    problem = _tenant_problem(world) or _name_problem(world) or _user_problem(world, initial_user(world))
    return None if problem is None else Finding(Reason.INVALID_TENANT, problem)


def tenant_stays_as_it_is(world: World) -> Finding | None:
    """The metadata of an observed subscription asks for what its tenant cannot become: another id, too long a name."""
    if world.tenant is None or not world.is_observed:
        return None
    problem = _other_tenant(world) or _name_problem(world)
    return None if problem is None else Finding(Reason.INVALID_TENANT, problem, Hold.NOTHING)


def _tenant_problem(world: World) -> str | None:
    tenant_id = world.key.tenant_id
    if not is_tenant_id(tenant_id):
        return (
            f"spec.tenant.id {tenant_id!r}: at least three letters or digits, single dashes between them, "
            "at most 36 characters."
        )
    if tenant_id in RESERVED:
        return f"spec.tenant.id {tenant_id!r} is reserved by The Things Stack; {_another_tenant_id(world)}"
    if world.is_observed and (problem := _other_tenant(world)) is not None:
        return problem
    if len(tenant_description(world)) > LONGEST_DESCRIPTION:
        return f"The tenant's description is longer than {LONGEST_DESCRIPTION} characters; set spec.tenant.description."
    attributes = world.resource.spec.tenant.attributes
    wrong = sorted(
        key
        for key in attributes
        if not ATTRIBUTE_KEY.fullmatch(key) or len(key) > LONGEST_ID or key in OWNED_ATTRIBUTES
    )
    if wrong:
        return (
            f"spec.tenant.attributes: {', '.join(wrong)}: not a key that a tenant may carry, or one of ours."
        )
    return None


def _another_tenant_id(world: World) -> str:
    if not world.is_observed:
        return "choose another."
    where = _metadata(world, BillingServerMetadata.TENANT_ID)
    return f"choose another in {where} in Stripe, then delete this object."


def _other_tenant(world: World) -> str | None:
    """A subscription pays for the tenant of the object that observes it, whatever its metadata says later."""
    tenant_id = world.key.tenant_id
    other = documented_metadata(world).get(BillingServerMetadata.TENANT_ID)
    if other in (None, "", tenant_id):
        return None
    return (
        f"{_metadata(world, BillingServerMetadata.TENANT_ID)} names tenant {other!r}, and this object {tenant_id!r}; "
        f"correct it in Stripe, or delete this object so that one for {other!r} is made."
    )


def _name_problem(world: World) -> str | None:
    name = explicit_name(world)
    if name is None or len(name) <= LONGEST_NAME:
        return None
    return (
        f"{_metadata(world, BillingServerMetadata.TENANT_NAME)} is longer than {LONGEST_NAME} characters; "
        "shorten it in Stripe, or set spec.tenant.name."
    )


def _user_problem(world: World, user: InitialUser) -> str | None:
    admin = world.resource.spec.tenant.initial_admin
    of_spec = admin is not None and admin.user_id
    where = (
        "spec.tenant.initialAdmin.userID" if of_spec else _metadata(world, BillingServerMetadata.ADMIN_USER)
    )
    if not USER_ID.fullmatch(user.user_id) or len(user.user_id) > LONGEST_ID:
        return f"{where} {user.user_id!r}: letters, digits and single dashes, 2 to 36."
    if user.user_id in RESERVED:
        return f"{where} {user.user_id!r} is reserved by The Things Stack; choose another."
    if len(user.full_name) > LONGEST_NAME:
        where = _metadata(world, BillingServerMetadata.ADMIN_FULL_NAME)
        return f"{where} is longer than {LONGEST_NAME} characters; shorten it in Stripe."
    if len(user.password) > LONGEST_PASSWORD:
        return (
            f"spec.tenant.initialAdmin.passwordSecretRef: the password is longer than {LONGEST_PASSWORD} characters; "
            "shorten it, or name the right key."
        )
    return None if is_email_address(user.email) else _email_problem(world, user.email)


def _email_problem(world: World, address: str) -> str:
    """Where the administrator's address comes from, what is wrong with it, and who mends it."""
    admin = world.resource.spec.tenant.initial_admin
    otherwise = "spec.tenant.initialAdmin.email"
    if admin is not None and admin.email:
        return f"{otherwise} {address!r} is no e-mail address; correct it."
    in_metadata = _metadata(world, BillingServerMetadata.ADMIN_EMAIL)
    if BillingServerMetadata.ADMIN_EMAIL in documented_metadata(world):
        return f"{in_metadata} is {address!r}, which is no e-mail address; correct it in Stripe."
    if not address:
        remedy = (
            f"give the customer one in Stripe, or set {in_metadata}, or {otherwise}"
            if world.is_observed
            else f"set {otherwise} or spec.customer.details.email"
        )
        return f"The tenant's administrator has no e-mail address; {remedy}."
    if world.customer is not None and world.customer.email:
        # of a customer that is not observed no event tells when its data is corrected
        remedy = f"correct it in Stripe, or set {otherwise}" if world.is_observed else f"set {otherwise}"
        return f"The customer's e-mail address {address!r} is none; {remedy}."
    return f"spec.customer.details.email {address!r} is no e-mail address; correct it, or set {otherwise}."


def _metadata(world: World, key: str) -> str:
    """Where a key of the documented metadata stands, for a message."""
    subscription = naming_subscription(world)
    whose = f" of subscription {subscription.id}" if subscription is not None else ""
    return f"metadata {key}{whose}"

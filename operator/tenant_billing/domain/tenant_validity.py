"""Whether The Things Stack would take the tenant and its administrator, said before anything is sold."""

import re
from typing import Final

from tenant_billing.api.reasons import Reason
from tenant_billing.domain.findings import Finding
from tenant_billing.domain.requests import InitialUser
from tenant_billing.domain.tenant import OWNED_ATTRIBUTES, initial_user, tenant_description
from tenant_billing.domain.world import World

LONGEST_DESCRIPTION: Final = 2000
TENANT_ID: Final = re.compile(r"[a-z0-9](?:[-]?[a-z0-9]){2,}")
USER_ID: Final = re.compile(r"[a-z0-9](?:[-]?[a-z0-9]){1,}")
ATTRIBUTE_KEY: Final = TENANT_ID
LONGEST_ID: Final = 36

_RESERVED: Final = (
    "admin api billing business cloud company customers default demo dev enterprise example free guest login "
    "network operator owner plan premium private prod production public root staging subscriptions support "
    "system team test test1 test2 test3 ttn tti tts user"
)
RESERVED: Final = frozenset(_RESERVED.split())
"""The ids most likely to be asked for of those that The Things Stack reserves (things-stack.md 3); an installation
may reserve more, which it then refuses itself."""


def tenant_cannot_be_created(world: World) -> Finding | None:
    """The tenant, or its administrator, would be refused: said before any call to the provider."""
    if world.tenant is not None:
        return None
    problem = _tenant_problem(world) or _user_problem(initial_user(world))
    return None if problem is None else Finding(Reason.INVALID_TENANT, problem)


def _tenant_problem(world: World) -> str | None:
    tenant_id = world.key.tenant_id
    if not TENANT_ID.fullmatch(tenant_id) or len(tenant_id) > LONGEST_ID:
        return (
            f"spec.tenant.id {tenant_id!r}: at least three letters or digits, single dashes between them, "
            "at most 36 characters."
        )
    if tenant_id in RESERVED:
        return f"spec.tenant.id {tenant_id!r} is reserved by The Things Stack; choose another."
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


def _user_problem(user: InitialUser) -> str | None:
    if not USER_ID.fullmatch(user.user_id) or len(user.user_id) > LONGEST_ID:
        return (
            f"spec.tenant.initialAdmin.userID {user.user_id!r}: letters, digits and single dashes, 2 to 36."
        )
    if user.user_id in RESERVED:
        return f"spec.tenant.initialAdmin.userID {user.user_id!r} is reserved by The Things Stack; choose another."
    if "@" not in user.email:
        return (
            "The tenant's administrator has no e-mail address; set spec.tenant.initialAdmin.email "
            "or spec.customer.details.email."
        )
    return None

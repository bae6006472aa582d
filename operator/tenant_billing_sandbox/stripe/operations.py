"""The table of operations: which function answers which call.

A resource module registers its functions with :func:`operation`; the HTTP layer decodes, authenticates,
validates and limits the call before it looks here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tenant_billing_sandbox.stripe.account import Account

type_of_answer = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One validated call.

    Attributes:
        method: ``GET``, ``POST`` or ``DELETE``.
        template: The path as Stripe's document writes it, ``/v1/subscriptions/{subscription_exposed_id}``.
        path: The values of the path's parameters, in order of appearance.
        params: Decoded and typed parameters: integers, booleans, nested dictionaries and lists; an empty string
            stands for "unset" as in Stripe's API.
        request_id: ``req_…``, or None.
        idempotency_key: The caller's key, or None.
    """

    method: str
    template: str
    path: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    idempotency_key: str | None = None


Operation = Callable[["Account", Call], type_of_answer]

OPERATIONS: dict[tuple[str, str], Operation] = {}


def operation(method: str, template: str) -> Callable[[Operation], Operation]:
    """Register a function for a method and a path template; path parameters are written ``{}``.

    Example: ``@operation("POST", "/v1/subscriptions/{}")``.
    """

    def register(function: Operation) -> Operation:
        OPERATIONS[(method, template)] = function
        return function

    return register


def perform(account: "Account", function: Operation, call: Call) -> type_of_answer:
    """Carry out one operation, so that the events it causes name the request (stripe.md 3.4)."""
    account.call = call
    try:
        return function(account, call)
    finally:
        account.call = None

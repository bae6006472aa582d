"""Finding the operation of a path."""

import re
from functools import cache

from tenant_billing_sandbox.stripe.operations import OPERATIONS, Operation
from tenant_billing_sandbox.stripe.problems import Problem, invalid


@cache
def _expressions() -> list[tuple[str, str, re.Pattern[str]]]:
    """Every operation's method, template and expression; literal segments before parameters."""
    ordered = sorted(OPERATIONS, key=lambda name: name[1].replace("{}", "\uffff"))
    return [
        (method, template, re.compile(re.escape(template).replace(r"\{\}", "([^/]+)")))
        for method, template in ordered
    ]


def routed(method: str, path: str) -> tuple[str, tuple[str, ...], Operation]:
    """The template, the values of its parameters and the function of a call.

    Raises:
        Problem: 404 in Stripe's words; an empty id is such a path, too (stripe.md 5.1).
    """
    for of_method, template, expression in _expressions():
        match = expression.fullmatch(path)
        if of_method == method and match:
            return template, match.groups(), OPERATIONS[(method, template)]
    raise unrecognised(method, path)


def unrecognised(method: str, path: str) -> Problem:
    """The refusal of a path that names nothing."""
    return invalid(
        f"Unrecognized request URL ({method}: {path}). If you are trying to list objects, remove the trailing slash. "
        "If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code. "
        "Please see https://stripe.com/docs or we can help at https://support.stripe.com/.",
        status=404,
    )


def operation_name(method: str, path: str) -> str | None:
    """The name of a call in the record, ``POST /v1/customers/{}``; None for a path that names nothing."""
    try:
        return f"{method} {routed(method, path)[0]}"
    except Problem:
        return None

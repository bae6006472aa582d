"""The handlers themselves: one for every event of every kind."""

from collections.abc import Awaitable, Callable
from typing import Any

import kopf

from tenant_billing.api import names
from tenant_billing.runtime.arrivals import Arrivals

Login = Callable[[], Awaitable[kopf.ConnectionInfo]]


def build_registry(arrivals: Arrivals, login: Login) -> kopf.OperatorRegistry:
    """All handlers, for the four kinds and for namespaces.

    Args:
        arrivals: Where events go.
        login: Gives fresh credentials; asked again when the API server refuses those in use.
    """
    registry = kopf.OperatorRegistry()

    async def authenticate(**_: Any) -> kopf.ConnectionInfo:
        return await login()

    async def handle(event: kopf.RawEvent, **_: Any) -> None:
        arrivals.handle(event["type"], event["object"])

    kopf.on.login(registry=registry)(authenticate)
    for kind in names.KINDS:
        kopf.on.event(names.GROUP, names.VERSION, kind.plural, registry=registry)(handle)
    kopf.on.event("", "v1", "namespaces", registry=registry)(handle)
    return registry

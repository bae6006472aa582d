"""Clients of the three public APIs around the operator, for whoever wants to see what it did."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import httpx

from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.stripe.server import StripeSimulator
from tenant_billing_sandbox.things_stack.simulator import ThingsStackSimulator

TIMEOUT: Final = 60.0
TENANT_FIELDS: Final = "name,state,state_description,max_end_devices,attributes"
_COMMON: Final[dict[str, Any]] = {"timeout": TIMEOUT, "trust_env": False}

Answer = dict[str, Any]


class RefusedError(Exception):
    """Stripe, The Things Stack or the control of a simulator refused; the message says what and why."""


NO_ANSWER: Final = (RefusedError, TimeoutError, httpx.HTTPError)
"""What a question or a write may raise."""


@dataclass(frozen=True)
class Outside:
    """Kubernetes, Stripe and The Things Stack as their users know them, and the controls of both simulators.

    Attributes:
        kubernetes: As the administrator.
        stripe: With the account's key.
        things_stack: With the tenant admin key.
    """

    kubernetes: httpx.AsyncClient
    stripe: httpx.AsyncClient
    things_stack: httpx.AsyncClient

    async def from_kubernetes(self, path: str) -> Answer | None:
        """Read an object or a list, ``/apis/…``; None if there is none.

        Asks again for as long as kube-apiserver wants that: a kind's storage begins after kube-apiserver has begun.

        Raises:
            RefusedError: It was refused.
            TimeoutError: It wanted to be asked again for a minute.
            httpx.HTTPError: There was no answer.
        """
        async with asyncio.timeout(TIMEOUT):
            while (  # noqa: ASYNC110 -- it says itself when to ask again
                answer := await self.kubernetes.get(path)
            ).status_code == HTTPStatus.TOO_MANY_REQUESTS:
                await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))
        return None if answer.status_code == HTTPStatus.NOT_FOUND else _object(answer)

    async def from_stripe(self, path: str, **parameters: str) -> Answer:
        """Read an object or a list, ``/v1/…``.

        Raises:
            RefusedError: It was refused.
            httpx.HTTPError: There was no answer.
        """
        return _object(await self.stripe.get(path, params=parameters))

    async def to_stripe(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Write with form fields, ``/v1/…``.

        Raises:
            RefusedError: It was refused.
        """
        return _object(await self.stripe.post(path, data=dict(fields)))

    async def tenant(self, tenant_id: str) -> Answer | None:
        """A tenant as The Things Stack gives it to an administrator; None if there is none.

        Raises:
            RefusedError: It was refused.
            httpx.HTTPError: There was no answer.
        """
        fields = {"field_mask": TENANT_FIELDS}
        answer = await self.things_stack.get(f"/api/v3/tenants/{tenant_id}", params=fields)
        return None if answer.status_code == HTTPStatus.NOT_FOUND else _object(answer)

    async def drive_stripe(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Let something happen at Stripe, ``/_sandbox/…``: a payment, a declining card.

        Raises:
            RefusedError: It was refused.
        """
        return _object(await self.stripe.post(path, json=dict(body or {})))

    async def register(self, tenant_id: str, **entities: int) -> None:
        """A tenant's users register so many more entities, such as ``end_devices``.

        Raises:
            RefusedError: It was refused.
        """
        path = f"/_sandbox/tenants/{tenant_id}/entities"
        _object(await self.things_stack.post(path, json=entities))

    async def advance(self, seconds: int) -> int:
        """Let time pass at Stripe, and with it in The Things Stack; gives the new time, seconds since the epoch."""
        now = int((await self.drive_stripe("/_sandbox/clock/advance", {"seconds": seconds}))["now"])
        moment = datetime.fromtimestamp(now, UTC).isoformat()
        _object(await self.things_stack.post("/_sandbox/clock", json={"time": moment}))
        return now


@asynccontextmanager
async def connected(
    plane: ControlPlane, stripe: StripeSimulator, things_stack: ThingsStackSimulator
) -> AsyncIterator[Outside]:
    """Connections to all three, closed in the end."""
    trust = ssl.create_default_context(cafile=plane.authority)
    trust.load_cert_chain(*plane.administrator)
    admin_key = {"Authorization": f"TenantAdminKey {things_stack.tenant_admin_key}"}
    async with (
        httpx.AsyncClient(base_url=plane.url, verify=trust, **_COMMON) as kubernetes,
        httpx.AsyncClient(base_url=stripe.url, auth=(stripe.api_key, ""), **_COMMON) as of_stripe,
        httpx.AsyncClient(base_url=things_stack.url, headers=admin_key, **_COMMON) as of_things_stack,
    ):
        yield Outside(kubernetes, of_stripe, of_things_stack)


def _object(answer: httpx.Response) -> Answer:
    if answer.is_error:
        request = answer.request
        raise RefusedError(f"{request.method} {request.url} was answered {answer.status_code}: {answer.text}")
    body: Answer = answer.json()
    return body

"""One call to The Things Stack: its place in the budget, its retries, its errors, its audit line."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx
import structlog

from tenant_billing.clients.audit import Audit, Write
from tenant_billing.clients.backoff import Backoff
from tenant_billing.clients.budget import Budget
from tenant_billing.clients.measuring import measuring
from tenant_billing.clients.patience import answered_in_time
from tenant_billing.clients.things_stack_errors import (
    REQUEST_ID_HEADER,
    Failure,
    to_no_answer,
    to_outside_error,
)
from tenant_billing.clients.version import PRODUCT, VERSION
from tenant_billing.domain.errors import OutsideError, Throttled, Unreachable
from tenant_billing.ports import UNMEASURED, CallMeter, Fence, Subject, unfenced

TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
"""Seconds, per phase."""
REMEMBERED_WARNINGS: Final = 100
WARNING_HEADER: Final = "x-warning"

_log = structlog.get_logger("tenant_billing.things_stack")


def http_client(url: str, admin_key: str, trust: ssl.SSLContext) -> httpx.AsyncClient:
    """Connections that carry the key and nothing that an answer asked for: no cookies, no redirects (T-28).

    ``http`` is for the loopback address, and no proxy of the environment's gets to read what is sent there.
    """
    return httpx.AsyncClient(
        base_url=f"{url.rstrip('/')}/api/v3",
        headers={
            "Authorization": f"TenantAdminKey {admin_key}",
            "Accept": "application/json",
            "User-Agent": f"{PRODUCT}/{VERSION}",
        },
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        timeout=TIMEOUT,
        trust_env=url.startswith("https://"),
        verify=trust,
    )


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        operation: The call, for example ``UpdateTenant``.
        json: The body.
        writes: Whether it changes something.
        repeatable: Whether it may be sent again after an answer was lost.
        secrets: What the body carries and no message may repeat.
    """

    operation: str
    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    writes: bool = False
    repeatable: bool = True
    secrets: tuple[str, ...] = field(default=(), repr=False)


class ThingsStackCalls:
    """Carries out calls to one deployment."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        admin_key: str,
        budget: Budget,
        backoff: Backoff,
        audit: Audit,
        meter: CallMeter = UNMEASURED,
        fence: Fence = unfenced,
    ) -> None:
        self._http = http
        self._admin_key = admin_key
        self._budget = budget
        self._backoff = backoff
        self._audit = audit
        self._meter = meter
        self._fence = fence
        self._warnings: set[str] = set()

    async def read(self, call: Call, *, urgent: bool) -> Mapping[str, Any]:
        """Carry out a call that changes nothing."""
        return await self._carry_out(call, Write(), urgent=urgent)

    async def write(self, call: Call, subject: Subject) -> Mapping[str, Any]:
        """Carry out a call that changes something, and leave its audit line."""
        with self._audit.writing(call.operation, subject) as write:
            return await self._carry_out(call, write, urgent=subject.urgent)

    async def close(self) -> None:
        """Give connections back."""
        await self._http.aclose()

    async def _carry_out(self, call: Call, write: Write, *, urgent: bool) -> Mapping[str, Any]:
        while True:
            await self._budget.admit(call.operation, urgent=urgent)
            if call.writes:
                self._fence()  # the budget, or a pause of this whole process, may have taken longer than the Lease
            write.attempts += 1
            with measuring(
                self._meter, self._audit.clock.monotonic, call.operation, is_read=not call.writes
            ) as measured:
                outcome = await self._send(call, write)
                if not isinstance(outcome, OutsideError):
                    measured.succeeded()
                    return outcome
                measured.failed(outcome)
            asked_for = outcome.retry_after if isinstance(outcome, Throttled) else None
            if not _may_repeat(call, outcome) or not self._backoff.allows(write.attempts, asked_for):
                raise outcome
            await self._backoff.pause(write.attempts, asked_for)

    async def _send(self, call: Call, write: Write) -> Mapping[str, Any] | OutsideError:
        """The answer, or what went wrong: given back, not raised, so that httpx's error is not chained to ours."""
        if self._http.is_closed:  # the key was rolled: another connection serves the deployment now
            return to_no_answer(call.operation, "the connection was closed", writes=False)
        try:
            sent = self._http.request(call.method, call.path, params=call.params, json=call.json)
            response = await answered_in_time(sent)
        except httpx.HTTPError as error:
            return to_no_answer(call.operation, f"no answer ({type(error).__name__})", writes=call.writes)
        write.request_id = response.headers.get(REQUEST_ID_HEADER, "")
        self._hear_warnings(call, response)
        body = _json(response)
        if response.status_code == HTTPStatus.OK and isinstance(body, Mapping):
            return body
        if response.status_code == HTTPStatus.OK:
            return to_no_answer(
                call.operation, "an answer that is not the tenant registry's", writes=call.writes
            )
        return to_outside_error(
            Failure(
                operation=call.operation,
                writes=call.writes,
                status=response.status_code,
                headers=dict(response.headers),
                body=body,
                secrets=(self._admin_key, *call.secrets),
            )
        )

    def _hear_warnings(self, call: Call, response: httpx.Response) -> None:
        """Log each warning once: they announce deprecations and restrictions (things-stack.md 5)."""
        for warning in response.headers.get_list(WARNING_HEADER):
            if warning not in self._warnings and len(self._warnings) < REMEMBERED_WARNINGS:
                self._warnings.add(warning)
                _log.warning("ThingsStackWarning", operation=call.operation, warning=warning[:400])


def _may_repeat(call: Call, error: OutsideError) -> bool:
    if isinstance(error, Throttled):
        return True
    return isinstance(error, Unreachable) and (call.repeatable or not error.outcome_unknown)


def _json(response: httpx.Response) -> object:
    try:
        body: object = response.json()
    except ValueError:
        return None
    return body

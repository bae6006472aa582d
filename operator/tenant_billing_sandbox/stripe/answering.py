"""Answering one call: key, limits, decoding, validation, idempotency, operation, answer — in this order."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

from aiohttp import web

from tenant_billing_sandbox.service.faults import FaultSpecification
from tenant_billing_sandbox.service.interception import execution_fault, recorded
from tenant_billing_sandbox.service.record import RecordedRequest, redacted
from tenant_billing_sandbox.stripe import form
from tenant_billing_sandbox.stripe.account import Account
from tenant_billing_sandbox.stripe.engine.clock import advance
from tenant_billing_sandbox.stripe.idempotency import IdempotencyKeys, StoredAnswer, fingerprint
from tenant_billing_sandbox.stripe.keys import ApiKey, authenticated, check_permission
from tenant_billing_sandbox.stripe.locks import Locked, Locks
from tenant_billing_sandbox.stripe.operations import Call, Operation, perform
from tenant_billing_sandbox.stripe.problems import Problem, invalid
from tenant_billing_sandbox.stripe.published import tables
from tenant_billing_sandbox.stripe.rate_limits import RateLimited, RateLimits
from tenant_billing_sandbox.stripe.rendering import check_expansions, rendered
from tenant_billing_sandbox.stripe.routing import routed
from tenant_billing_sandbox.stripe.validation import validated

API_VERSION = "2026-10-28.endive"
NOT_WRITES = ("/v1/invoices/create_preview",)


@dataclass
class Tenancy:
    """One account in one mode, and what is kept about its callers."""

    account: Account
    limits: RateLimits
    idempotency: IdempotencyKeys = field(default_factory=IdempotencyKeys)
    locks: Locks = field(default_factory=Locks)


@dataclass
class Answering:
    """Answers the calls of Stripe's API.

    Attributes:
        keys: The keys by their secret.
        tenancies: The accounts by id and mode; the clock of the first is everybody's.
        latency: Seconds of real time that a call takes between its validation and its commit.
    """

    keys: Mapping[str, ApiKey]
    tenancies: Mapping[tuple[str, bool], Tenancy]
    latency: float = 0.0
    _requests: int = 0

    async def answer(self, request: web.Request) -> web.Response:
        """The answer to one HTTP request."""
        self._requests += 1
        request_id = f"req_{self._requests:014d}"
        tenancy = next(iter(self.tenancies.values()))
        headers: dict[str, str] = {}
        try:
            key = authenticated(self.keys, request.headers.get("Authorization"))
            tenancy = self._tenancy_of(key)
            stored = await self._answer(request, key, tenancy, request_id, headers)
        except RateLimited as limited:
            headers["Stripe-Rate-Limited-Reason"] = limited.reason
            problem = limited.problem()
            stored = StoredAnswer(problem.status, problem.body(), request_id)
        except Locked as locked:
            headers["Stripe-Should-Retry"] = "true"
            stored = StoredAnswer(locked.status, locked.body(), "")
        except Problem as problem:
            stored = StoredAnswer(problem.status, problem.body(), request_id)
        headers |= common_headers(tenancy.account)
        if stored.request_id:
            headers["Request-Id"] = request_id
        return web.json_response(stored.body, status=stored.status, headers=headers)

    async def _answer(
        self, request: web.Request, key: ApiKey, tenancy: Tenancy, request_id: str, headers: dict[str, str]
    ) -> StoredAnswer:
        entry = recorded(request)
        template, path, function = routed(request.method, request.path)
        operation = f"{request.method} {template}"
        check_permission(key, request.method, request.path)
        tenancy.limits.enter(operation)
        _check_version(request.headers.get("Stripe-Version"))
        raw = await _decoded(request)
        entry.params = redacted(raw)
        params = validated(tables.parameters()[operation], raw, tables.unsettable(request.method, template))
        entry.idempotency_key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
        call = Call(request.method, template, path, params, request_id, entry.idempotency_key)
        check_expansions(call)
        return await self._once(request, tenancy, function, call, headers)

    async def _once(
        self, request: web.Request, tenancy: Tenancy, function: Operation, call: Call, headers: dict[str, str]
    ) -> StoredAnswer:
        """Carry the call out, unless its idempotency key has an answer already."""
        key, fault, entry = call.idempotency_key, execution_fault(request), recorded(request)
        if key is None:
            with tenancy.locks.holding(call):
                await self._take_time()
                return carried_out(tenancy.account, function, call, fault, entry)
        headers["Idempotency-Key"] = key
        kept = tenancy.idempotency.begin(
            key, fingerprint(call.method, request.path, call.params), tenancy.account.now
        )
        if kept is not None and not _runs_again(call, kept):
            entry.replayed = True
            headers |= {"Idempotent-Replayed": "true", "Original-Request": kept.request_id}
            return kept
        try:
            with tenancy.locks.holding(call):
                await self._take_time()
                stored = carried_out(tenancy.account, function, call, fault, entry)
        except BaseException:
            tenancy.idempotency.abandon(key)
            raise
        tenancy.idempotency.finish(key, stored)
        headers["Original-Request"] = call.request_id or ""
        return stored

    def _tenancy_of(self, key: ApiKey) -> Tenancy:
        """The account of a key, brought to the time of the one whose clock is driven."""
        first, tenancy = next(iter(self.tenancies.values())), self.tenancies[(key.account, key.livemode)]
        if tenancy.account.now < first.account.now:
            advance(tenancy.account, first.account.now - tenancy.account.now)
        return tenancy

    async def _take_time(self) -> None:
        if self.latency:
            await asyncio.sleep(self.latency)


def carried_out(
    account: Account,
    function: Operation,
    call: Call,
    fault: FaultSpecification | None,
    entry: RecordedRequest,
) -> StoredAnswer:
    """Carry one call out, in one piece; a refusal by the operation is an answer like any other."""
    request_id = call.request_id or ""
    if fault is not None:
        problem = worded(fault)
        return StoredAnswer(problem.status, fault.body or problem.body(), request_id)
    try:
        body = rendered(account, perform(account, function, call), call)
    except Problem as problem:
        return StoredAnswer(problem.status, problem.body(), request_id)
    entry.committed = entry.writes
    entry.creates = entry.writes and call.method == "POST" and "{}" not in call.template
    return StoredAnswer(200, body, request_id)


def common_headers(account: Account) -> dict[str, str]:
    """What every answer carries, refusals on arrival included: the account's time is in the ``Date`` header."""
    return {"Date": formatdate(account.now, usegmt=True), "Stripe-Version": API_VERSION}


def worded(fault: FaultSpecification) -> Problem:
    """The error of a scripted fault in Stripe's words."""
    status = fault.status or 500
    default = "api_error" if status >= 500 else "invalid_request_error"  # noqa: PLR2004 - the server's own errors
    code = None if fault.code is None else str(fault.code)
    return Problem(status, fault.type or default, fault.message, code=code)


def writes(method: str, path: str) -> bool:
    """Whether a call changes something when it succeeds."""
    return method in {"POST", "DELETE"} and path not in NOT_WRITES


def _runs_again(call: Call, kept: StoredAnswer) -> bool:
    """A failed v2 call is carried out again under its key (stripe.md 5.3)."""
    return call.template.startswith("/v2/") and kept.status >= 400  # noqa: PLR2004 - the first error status


def _check_version(version: str | None) -> None:
    """Refuse another version than the one whose shapes the simulator has."""
    if version not in {None, API_VERSION}:
        raise invalid(f"Invalid Stripe API version: {version}. This simulator serves {API_VERSION} only.")


async def _decoded(request: web.Request) -> dict[str, Any]:
    """The parameters of the query and the body: JSON for v2, a form else (stripe.md 8, item 1)."""
    raw = form.decode(request.query_string)
    body = await request.read()
    try:
        in_body = json.loads(body) if body and request.path.startswith("/v2/") else form.decode(body.decode())
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise invalid("The request body could not be read.") from None
    if not isinstance(in_body, dict):
        raise invalid("The request body must be a JSON object.")
    return raw | in_body

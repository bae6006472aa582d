"""Builders for tests of the outside clients: clocks, a stub server that answers as told, a loop without real time."""

import asyncio
import json
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web

from tenant_billing.clients.backoff import Backoff
from tenant_billing.clients.stripe_provider import StripeProvider, connect_stripe
from tenant_billing.clients.things_stack_registry import ThingsStackRegistry, connect_things_stack
from tenant_billing.ports import Fence, Subject, unfenced

T = TypeVar("T")

STRIPE_KEY = "sk_test_51SecretOfTheTests"
ADMIN_KEY = "c0ffee" * 10 + "abcd"
SUBJECT = Subject("TenantSubscription", "tenants/acme-iot", "uid-1", "FirstPayment")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class ManualClock:
    """Time stands still until a test moves it."""

    moment: datetime = NOON
    seconds: float = 0.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Instead of waiting for a timer, jumps to it."""

    elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits and nothing is due: a deadlock")
        self.elapsed += max(timeout, 0.0)
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes only while everything waits. It is a clock, too."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.elapsed

    def monotonic(self) -> float:
        return self.time()

    def now(self) -> datetime:
        return NOON


def in_virtual_time(scenario: Callable[[VirtualTimeLoop], Coroutine[Any, Any, T]]) -> T:
    """Run a scenario in which no second is real."""
    loop = VirtualTimeLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(scenario(loop))


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: str

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What the stub says; text instead of JSON for answers that are not theirs."""

    body: Any = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


TURNS = 30
"""Turns of the event loop that an answer takes: time enough for another request to arrive meanwhile."""
CUT = Answer(cut=True)
"""The connection ends without an answer."""


@dataclass
class Stub:
    """A server on loopback: answers in the order told, the last one for ever, and remembers what it was asked."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    running: int = 0
    most_at_once: int = 0

    def will(self, *answers: Answer) -> None:
        self.answers = list(answers)

    @property
    def last(self) -> Received:
        return self.received[-1]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.text()
        self.received.append(
            Received(request.method, request.path, list(request.query.items()), request.headers.copy(), body)
        )
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        for _ in range(TURNS):
            await asyncio.sleep(0)
        self.running -= 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer.cut:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
        kind = "text/html" if isinstance(answer.body, str) else "application/json"
        return web.Response(text=text, status=answer.status, headers=answer.headers, content_type=kind)


@asynccontextmanager
async def stub_server() -> AsyncIterator[Stub]:
    stub = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        stub.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield stub
    finally:
        await runner.cleanup()


async def _at_once(_seconds: float) -> None:
    """Waits for nothing."""


PATIENT = Backoff(sleep=_at_once)
"""Tries three times without waiting."""
ONCE = Backoff(attempts=1)


@asynccontextmanager
async def stripe_at(
    url: str,
    *,
    key: str = STRIPE_KEY,
    backoff: Backoff = ONCE,
    clock: ManualClock | None = None,
    fence: Fence = unfenced,
) -> AsyncIterator[StripeProvider]:
    provider = connect_stripe(
        api_key=key,
        api_url=url,
        livemode=False,
        requests_per_second=100,
        clock=clock or ManualClock(),
        backoff=backoff,
        fence=fence,
    )
    try:
        yield provider
    finally:
        await provider.close()


@asynccontextmanager
async def things_stack_at(
    url: str, *, key: str = ADMIN_KEY, backoff: Backoff = ONCE, fence: Fence = unfenced
) -> AsyncIterator[ThingsStackRegistry]:
    registry = connect_things_stack(
        url=url,
        admin_key=key,
        ca_bundle=None,
        requests_per_second=100,
        clock=ManualClock(),
        backoff=backoff,
        fence=fence,
    )
    try:
        yield registry
    finally:
        await registry.close()


def stripe_error(
    status: int, code: str | None = None, *, kind: str = "invalid_request_error", **more: Any
) -> Answer:
    error = {"type": kind, "message": more.pop("message", "as told")} | ({"code": code} if code else {})
    headers = more.pop("headers", {"Request-Id": "req_9"})
    return Answer({"error": error | more}, status, headers)


def a_page(*objects: Mapping[str, Any], has_more: bool = False) -> Answer:
    return Answer({"object": "list", "data": list(objects), "has_more": has_more, "url": "/v1/things"})


def a_subscription(**changes: Any) -> dict[str, Any]:
    """A subscription in Stripe's words."""
    return {
        "id": "sub_1",
        "object": "subscription",
        "customer": "cus_1",
        "status": "active",
        "created": 1_790_000_000,
        "items": {"object": "list", "data": [an_item()], "has_more": False, "url": "/v1/subscription_items"},
        "metadata": {"tenant-id": "acme-iot"},
        "pause_collection": None,
        "pending_update": None,
        "latest_invoice": None,
        **changes,
    }


def an_item(**changes: Any) -> dict[str, Any]:
    return {
        "id": "si_1",
        "object": "subscription_item",
        "quantity": 1,
        "current_period_start": 1_790_000_000,
        "current_period_end": 1_792_592_000,
        "price": {
            "id": "price_1",
            "object": "price",
            "currency": "eur",
            "recurring": {"interval": "month", "interval_count": 1, "usage_type": "licensed"},
        },
        **changes,
    }


def an_invoice(**changes: Any) -> dict[str, Any]:
    return {
        "id": "in_1",
        "object": "invoice",
        "status": "open",
        "created": 1_790_000_000,
        "due_date": None,
        "hosted_invoice_url": "https://invoice.stripe.com/i/x",
        "status_transitions": {"finalized_at": 1_790_003_600},
        "parent": {
            "type": "subscription_details",
            "subscription_details": {"subscription": "sub_1", "metadata": {"tenant-id": "acme-iot"}},
        },
        **changes,
    }


def things_stack_error(code: int, status: int, name: str = "", **attributes: Any) -> Answer:
    detail = {"namespace": "pkg/identityserver", "name": name, "attributes": attributes, "code": code}
    details = {"details": [detail]} if name else {}
    return Answer({"code": code, "message": f"error:pkg/x:{name} (as told)", **details}, status)


def operations(lines: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Operation and result of the audit lines among captured log lines."""
    return [(line["operation"], line["result"]) for line in lines if line["event"] == "OutsideWrite"]

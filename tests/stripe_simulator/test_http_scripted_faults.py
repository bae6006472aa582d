"""The shared room of both simulators: scripted faults and the record of requests, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from aiohttp import web

from tenant_billing_sandbox.service.control import add_control_routes
from tenant_billing_sandbox.service.interception import Observed, interception, recorded
from tenant_billing_sandbox.service.listening import listening
from waiting import PATIENCE


@dataclass
class Service:
    """A service of one resource whose only write adds a line."""

    lines: list[str] = field(default_factory=list)
    added: asyncio.Event = field(default_factory=asyncio.Event)

    def application(self) -> web.Application:
        observed = Observed(
            writes=lambda method, _: method == "POST",
            error=lambda fault: web.json_response({"worded": fault.message}, status=fault.status or 500),
            state=lambda: {"lines": self.lines},
        )
        app = web.Application(middlewares=[interception(observed)])
        add_control_routes(app, observed)
        app.router.add_post("/lines", self._add)
        app.router.add_get("/lines", self._list)
        app.router.add_get("/lines/{number}", self._list)
        return app

    async def _add(self, request: web.Request) -> web.Response:
        entry = recorded(request)
        entry.operation, entry.committed, entry.creates = "POST /lines", True, True
        self.lines.append("a line")
        self.added.set()
        return web.json_response({"lines": len(self.lines)})

    async def _list(self, _: web.Request) -> web.Response:
        return web.json_response(self.lines)


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
async def client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        listening(service.application()) as url,
        httpx.AsyncClient(base_url=url, timeout=PATIENCE) as client,
    ):
        yield client


async def script(client: httpx.AsyncClient, **specification: Any) -> str:
    answer = await client.post("/_sandbox/faults", json=specification)
    assert answer.status_code == 201, answer.text
    identifier = answer.json()["id"]
    assert isinstance(identifier, str)
    return identifier


async def fault(client: httpx.AsyncClient, identifier: str) -> dict[str, Any]:
    report = (await client.get(f"/_sandbox/faults/{identifier}")).json()
    assert isinstance(report, dict)
    return report


async def until_held(client: httpx.AsyncClient, identifier: str) -> None:
    report = await client.get(f"/_sandbox/faults/{identifier}", params={"until": "held"})
    assert report.json()["held"]


async def test_an_error_answers_instead_of_the_call(client: httpx.AsyncClient, service: Service) -> None:
    await script(client, effect="error", method="POST", path="/lines", status=503, message="no")
    answer = await client.post("/lines")
    assert (answer.status_code, answer.json(), service.lines) == (503, {"worded": "no"}, [])


async def test_an_error_may_have_a_body_and_headers_of_its_own(client: httpx.AsyncClient) -> None:
    await script(client, effect="error", status=429, body={"a": 1}, headers={"X-Reason": "lock"})
    answer = await client.post("/lines")
    assert (answer.status_code, answer.json(), answer.headers["X-Reason"]) == (429, {"a": 1}, "lock")


async def test_nth_and_times_choose_the_calls_that_are_hit(client: httpx.AsyncClient) -> None:
    identifier = await script(client, effect="error", status=500, nth=2, times=2)
    assert [(await client.get("/lines")).status_code for _ in range(4)] == [200, 500, 500, 200]
    report = await fault(client, identifier)
    assert (report["seen"], report["hits"]) == (4, 2)


async def test_without_an_end_every_call_is_hit(client: httpx.AsyncClient) -> None:
    await script(client, effect="error", status=500, times=None)
    assert [(await client.get("/lines")).status_code for _ in range(3)] == [500, 500, 500]


@pytest.mark.parametrize(
    ("specification", "hit"),
    [
        ({"path": "/lines/*"}, True),
        ({"path": "/**"}, True),
        ({"path": "/*"}, False),
        ({"path": "/lines"}, False),
        ({"method": "POST"}, False),
        ({"writes": False}, True),
        ({"writes": True}, False),
    ],
)
async def test_a_fault_strikes_only_calls_that_match(
    client: httpx.AsyncClient, specification: dict[str, Any], hit: bool
) -> None:
    await script(client, effect="error", status=500, **specification)
    assert ((await client.get("/lines/1")).status_code == 500) is hit


async def test_a_fault_may_be_about_what_a_body_contains(client: httpx.AsyncClient) -> None:
    await script(client, effect="error", status=500, containing=["acme", "paid"])
    bodies = ["acme", "acme is paid", "acme is paid"]
    assert [(await client.post("/lines", content=each)).status_code for each in bodies] == [200, 500, 200]


async def test_a_connection_cut_before_leaves_nothing_done(
    client: httpx.AsyncClient, service: Service
) -> None:
    await script(client, effect="disconnect_before")
    with pytest.raises(httpx.TransportError):
        await client.post("/lines")
    assert service.lines == []
    assert (await client.post("/lines")).status_code == 200


async def test_a_connection_cut_after_leaves_the_call_done(
    client: httpx.AsyncClient, service: Service
) -> None:
    await script(client, effect="disconnect_after")
    with pytest.raises(httpx.TransportError):
        await client.post("/lines")
    assert service.lines == ["a line"]
    (entry,) = (await client.get("/_sandbox/requests")).json()["requests"]
    assert (entry["committed"], entry["status"]) == (True, None)


async def test_a_delayed_call_is_carried_out_though_the_client_gave_up(
    client: httpx.AsyncClient, service: Service
) -> None:
    await script(client, effect="delay", seconds=0.2)
    with pytest.raises(httpx.ReadTimeout):
        await client.post("/lines", timeout=httpx.Timeout(PATIENCE, read=0.05))
    await asyncio.wait_for(service.added.wait(), PATIENCE)
    assert service.lines == ["a line"]


async def test_a_held_call_goes_on_when_released(client: httpx.AsyncClient, service: Service) -> None:
    identifier = await script(client, effect="hold_before")
    call = asyncio.create_task(client.post("/lines"))
    await until_held(client, identifier)
    assert service.lines == []
    assert (await client.post(f"/_sandbox/faults/{identifier}/release")).status_code == 200
    assert (await call).status_code == 200
    assert service.lines == ["a line"]


async def test_a_call_held_before_is_never_carried_out_if_its_client_dies(
    client: httpx.AsyncClient, service: Service
) -> None:
    identifier = await script(client, effect="hold_before")
    async with httpx.AsyncClient(base_url=client.base_url) as mortal:
        call = asyncio.create_task(mortal.post("/lines"))
        await until_held(client, identifier)
        call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await client.delete(f"/_sandbox/faults/{identifier}")
    assert (await client.post("/lines")).json() == {"lines": 1}


async def test_a_call_held_after_is_committed(client: httpx.AsyncClient, service: Service) -> None:
    identifier = await script(client, effect="hold_after")
    call = asyncio.create_task(client.post("/lines"))
    await until_held(client, identifier)
    assert service.lines == ["a line"]
    await client.delete("/_sandbox/faults")
    assert (await call).status_code == 200


async def test_the_record_counts_reads_writes_and_creations(client: httpx.AsyncClient) -> None:
    await client.post("/lines")
    before = (await client.get("/_sandbox/requests/counts")).json()["last_sequence"]
    await client.post("/lines")
    await client.get("/lines")
    counts = (await client.get("/_sandbox/requests/counts", params={"since": before})).json()
    assert counts == {
        "total": 2,
        "reads": 1,
        "writes": 1,
        "committed": 1,
        "creates": 1,
        "replayed": 0,
        "refused": 0,
        "by_operation": {"POST /lines": 1, "GET (unknown)": 1},
        "last_sequence": 3,
    }


async def test_the_record_can_be_asked_for_writes_only(client: httpx.AsyncClient) -> None:
    await client.post("/lines")
    await client.get("/lines")
    requests = (await client.get("/_sandbox/requests", params={"writes": "true"})).json()["requests"]
    assert [(entry["sequence"], entry["method"], entry["status"]) for entry in requests] == [(1, "POST", 200)]


async def test_the_state_is_shown_and_control_calls_are_not_recorded(client: httpx.AsyncClient) -> None:
    await client.post("/lines")
    assert (await client.get("/_sandbox/state")).json() == {"lines": ["a line"]}
    assert (await client.get("/_sandbox/requests/counts")).json()["total"] == 1


@pytest.mark.parametrize(
    "specification",
    [
        {"effect": "fire"},
        {"effect": "error"},
        {"effect": "delay"},
        {"effect": "delay", "seconds": 1, "odd": 1},
    ],
)
async def test_a_fault_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, specification: dict[str, Any]
) -> None:
    assert (await client.post("/_sandbox/faults", json=specification)).status_code == 400


async def test_an_unknown_fault_is_not_found(client: httpx.AsyncClient) -> None:
    assert (await client.get("/_sandbox/faults/fault_9")).status_code == 404

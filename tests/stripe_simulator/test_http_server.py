"""The simulator as a server: headers, paths, versions, its clock, its command."""

import asyncio
import json
import signal
import sys
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest

from stripe_contract import API_VERSION, Service, advance, connected, product, simulated, unique
from tenant_billing_sandbox.stripe.keys import ApiKey
from tenant_billing_sandbox.stripe.server import StripeSettings
from waiting import PATIENCE

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


async def test_every_answer_names_its_request_and_its_version(service: Service) -> None:
    answer = await service.raw.get("/v1/products")
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == API_VERSION


async def test_the_date_header_follows_the_accounts_clock() -> None:
    async with simulated(StripeSettings(rate_limits="none", initial_time=START)) as (_, service):
        answer = await service.raw.get("/v1/products")
        assert parsedate_to_datetime(answer.headers["Date"]) == START
        await advance(service, 3600)
        made = await product(service)
        answer = await service.raw.get("/v1/products")
    assert made.created == int(START.timestamp()) + 3600
    assert parsedate_to_datetime(answer.headers["Date"]).timestamp() == made.created


async def test_a_scripted_error_has_the_accounts_time_too() -> None:
    async with simulated(StripeSettings(rate_limits="none", initial_time=START)) as (_, service):
        await service.raw.post("/_sandbox/faults", json={"effect": "error", "status": 500, "body": {}})
        answer = await service.raw.get("/v1/products")
    assert answer.status_code == 500
    assert parsedate_to_datetime(answer.headers["Date"]) == START


async def test_the_clock_of_the_first_key_is_everybodys() -> None:
    keys = (ApiKey(secret="sk_test_1"), ApiKey(secret="sk_live_1"))
    async with (
        simulated(StripeSettings(rate_limits="none", keys=keys)) as (simulator, service),
        connected(simulator.url, "sk_live_1") as live,
    ):
        await advance(service, 3600)
        made = await product(live)
    assert made.created == simulator.account.now


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/nonsense"), ("POST", "/v1/customers/"), ("DELETE", "/v1/subscriptions/"), ("GET", "/")],
)
async def test_an_unknown_path_is_not_found(service: Service, method: str, path: str) -> None:
    answer = await service.raw.request(method, path)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"].startswith(f"Unrecognized request URL ({method}: {path})")


async def test_another_version_is_refused(service: Service) -> None:
    answer = await service.raw.get("/v1/products", headers={"Stripe-Version": "1999-01-01"})
    assert answer.status_code == 400


async def test_without_a_version_the_accounts_own_counts(simulator: Service) -> None:
    del simulator.raw.headers["Stripe-Version"]
    answer = await simulator.raw.get("/v1/products")
    assert (answer.status_code, answer.headers["Stripe-Version"]) == (200, API_VERSION)


async def test_a_scripted_error_is_worded_as_stripe_does(simulator: Service) -> None:
    fault = {
        "effect": "error",
        "status": 402,
        "type": "card_error",
        "code": "card_declined",
        "message": "No.",
    }
    await simulator.raw.post("/_sandbox/faults", json=fault)
    answer = await simulator.raw.get("/v1/products")
    assert answer.status_code == 402
    assert answer.json() == {"error": {"type": "card_error", "code": "card_declined", "message": "No."}}


async def test_the_state_shows_objects_and_time(simulator: Service) -> None:
    made = await product(simulator, id=unique("plan"))
    (account,) = (await simulator.raw.get("/_sandbox/state")).json()["accounts"]
    assert account["objects"]["product"][made.id]["name"] == "Starter"
    assert account["now"] == made.created


async def test_the_record_keeps_no_secrets(simulator: Service) -> None:
    form = {"type": "card", "card[token]": "tok_visa"}
    await simulator.raw.post("/v1/payment_methods", data=form)
    recorded = (await simulator.raw.get("/_sandbox/requests")).text
    assert "tok_visa" not in recorded
    assert "sk_test" not in recorded


async def test_the_record_names_operations_and_what_was_made(simulator: Service) -> None:
    made = await product(simulator)
    await simulator.client.v1.products.update_async(made.id, {"name": "B"})
    await simulator.raw.post("/v1/products", data={"colour": "red"})
    entries = (await simulator.raw.get("/_sandbox/requests?writes=true")).json()["requests"]
    shown = [(entry["operation"], entry["creates"], entry["committed"], entry["status"]) for entry in entries]
    assert shown == [
        ("POST /v1/products", True, True, 200),
        ("POST /v1/products/{}", False, True, 200),
        ("POST /v1/products", False, False, 400),
    ]


async def test_the_record_names_the_operation_of_a_call_that_a_fault_stopped(simulator: Service) -> None:
    await simulator.raw.post("/_sandbox/faults", json={"effect": "disconnect_before"})
    with pytest.raises(httpx.TransportError):
        await simulator.raw.post("/v1/products/plan", data={"name": "B"})
    (entry,) = (await simulator.raw.get("/_sandbox/requests")).json()["requests"]
    assert (entry["operation"], entry["committed"], entry["faults"]) == (
        "POST /v1/products/{}",
        False,
        ["fault_1"],
    )


async def test_seeds_make_different_ids() -> None:
    ids = []
    for seed in (1, 2):
        async with simulated(StripeSettings(seed=seed)) as (_, service):
            ids.append((await product(service)).id)
    assert len(set(ids)) == 2


async def test_runs_of_one_seed_are_alike() -> None:
    ids = []
    for _ in range(2):
        async with simulated() as (_, service):
            ids.append((await product(service)).id)
    assert len(set(ids)) == 1


async def test_the_command_tells_where_it_listens_and_ends_on_a_signal() -> None:
    source_root = Path(__file__).parents[2] / "operator"
    arguments = (
        "-m",
        "tenant_billing_sandbox",
        "stripe",
        "--key",
        "sk_test_1",
        "--initial-time",
        "2026-11-01",
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.PIPE, cwd=source_root
    )
    try:
        assert process.stdout is not None
        started = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE))
        async with httpx.AsyncClient(base_url=started["url"], auth=(started["keys"][0], "")) as client:
            account = (await client.get("/v1/account")).json()
        assert (started["keys"], account["id"]) == (["sk_test_1"], started["account"])
    finally:
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), PATIENCE)
    assert code == 0


async def test_the_command_refuses_what_is_no_key() -> None:
    source_root = Path(__file__).parents[2] / "operator"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tenant_billing_sandbox", "stripe", "--key", "nonsense",
        stderr=asyncio.subprocess.PIPE, cwd=source_root,
    )  # fmt: skip
    _, complaint = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 2
    assert b"a key looks like" in complaint

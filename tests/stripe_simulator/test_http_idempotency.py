"""Idempotency keys (stripe.md 5.3)."""

import asyncio
from typing import Any

import httpx
import pytest
import stripe

from stripe_contract import RealTime, Service, advance, connect_ahead, refused, simulated, unique
from tenant_billing_sandbox.stripe.server import StripeSettings

DAY = 24 * 3600


async def create(service: Service, key: str, **form: str) -> httpx.Response:
    headers = {"Idempotency-Key": key}
    return await service.raw.post("/v1/products", data={"name": "A"} | form, headers=headers)


async def product_count(service: Service) -> int:
    counts = (await service.raw.get("/_sandbox/requests/counts")).json()
    return int(counts["creates"])


async def test_the_same_key_gives_the_first_answer_again(service: Service) -> None:
    key = unique("key")
    first, second = await create(service, key), await create(service, key)
    assert second.json() == first.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.headers["Original-Request"] == first.headers["Request-Id"]


async def test_a_replay_shows_the_first_answer_though_the_object_has_changed(service: Service) -> None:
    key = unique("key")
    first = await create(service, key)
    await service.client.v1.products.update_async(first.json()["id"], {"name": "B"})
    assert (await create(service, key)).json()["name"] == "A"


async def test_other_parameters_under_the_same_key_are_an_error(service: Service) -> None:
    key = unique("key")
    await create(service, key)
    answer = await create(service, key, name="B")
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "idempotency_error"


async def test_the_sdk_maps_the_mismatch_to_its_own_error(service: Service) -> None:
    key: Any = {"idempotency_key": unique("key")}
    await service.client.v1.products.create_async({"name": "A"}, key)
    error = await refused(service.client.v1.products.create_async({"name": "B"}, key))
    assert isinstance(error, stripe.IdempotencyError)


async def test_a_refusal_by_the_operation_is_kept(service: Service) -> None:
    key = unique("key")
    form = {"currency": "eur", "unit_amount": "1", "product": unique("missing")}
    first, second = [
        await service.raw.post("/v1/prices", data=form, headers={"Idempotency-Key": key}) for _ in range(2)
    ]
    assert (first.status_code, second.status_code) == (400, 400)
    assert second.headers["Idempotent-Replayed"] == "true"


async def test_a_refusal_by_validation_is_not_kept(service: Service) -> None:
    key = unique("key")
    assert (await create(service, key, colour="red")).status_code == 400
    answer = await create(service, key)
    assert (answer.status_code, answer.headers.get("Idempotent-Replayed")) == (200, None)


async def test_a_500_is_kept(simulator: Service) -> None:
    await simulator.raw.post(
        "/_sandbox/faults", json={"effect": "error", "status": 500, "point": "execution"}
    )
    first, second = await create(simulator, "k"), await create(simulator, "k")
    assert (first.status_code, second.status_code) == (500, 500)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert first.json()["error"]["type"] == "api_error"
    assert await product_count(simulator) == 0


async def test_an_error_before_the_execution_is_not_kept(simulator: Service) -> None:
    await simulator.raw.post("/_sandbox/faults", json={"effect": "error", "status": 500})
    assert (await create(simulator, "k")).status_code == 500
    assert (await create(simulator, "k")).status_code == 200


async def test_a_429_is_not_kept() -> None:
    clock = RealTime()
    async with simulated(StripeSettings(rate_limits="sandbox"), real_time=clock) as (_, service):
        for _ in range(25):
            await service.client.v1.products.list_async()
        assert (await create(service, "k")).status_code == 429
        clock.now += 2
        answer = await create(service, "k")
    assert (answer.status_code, answer.headers.get("Idempotent-Replayed")) == (200, None)


async def test_a_key_is_forgotten_after_24_hours_of_the_accounts_time(simulator: Service) -> None:
    await create(simulator, "k")
    await advance(simulator, DAY - 1)
    assert (await create(simulator, "k")).headers["Idempotent-Replayed"] == "true"
    await advance(simulator, 1)
    assert "Idempotent-Replayed" not in (await create(simulator, "k")).headers
    assert await product_count(simulator) == 2


async def test_a_concurrent_call_with_the_same_key_is_a_conflict() -> None:
    async with simulated(StripeSettings(rate_limits="none", latency=0.5)) as (_, service):
        await connect_ahead(service, 2)
        answers = await asyncio.gather(create(service, "k"), create(service, "k"))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        conflict = next(answer for answer in answers if answer.status_code == 409)
        assert conflict.json()["error"]["code"] == "idempotency_key_in_use"
        assert (await create(service, "k")).headers["Idempotent-Replayed"] == "true"


async def test_a_lost_answer_is_found_again_by_its_key(simulator: Service) -> None:
    await simulator.raw.post("/_sandbox/faults", json={"effect": "disconnect_after", "method": "POST"})
    with pytest.raises(httpx.TransportError):
        await create(simulator, "k")
    assert (await create(simulator, "k")).headers["Idempotent-Replayed"] == "true"
    assert await product_count(simulator) == 1


async def test_a_key_has_at_most_255_characters(service: Service) -> None:
    assert (await create(service, "k" * 256)).status_code == 400


async def test_the_record_tells_replays_from_writes(simulator: Service) -> None:
    await create(simulator, "k")
    await create(simulator, "k")
    requests = (await simulator.raw.get("/_sandbox/requests")).json()["requests"]
    assert [(entry["committed"], entry["replayed"]) for entry in requests] == [(True, False), (False, True)]
    assert {entry["idempotency_key"] for entry in requests} == {"k"}

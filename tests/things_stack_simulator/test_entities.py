"""Totals, entity limits and what a tenant's users see (things-stack.md 2.7, 4, 7; T-07, T-08)."""

from typing import Any

import httpx
import pytest

from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from things_stack_requests import RegistryClient, error_of, serving, tenant


async def batch(
    registry: RegistryClient, tenant_ids: list[str], paths: list[str] | None = None
) -> httpx.Response:
    body: dict[str, Any] = {"tenant_ids": [{"tenant_id": tenant_id} for tenant_id in tenant_ids]}
    if paths is not None:
        body["field_mask"] = {"paths": paths}
    return await registry.http.post("/api/v3/tenants/registry-totals", json=body)


async def access(registry: RegistryClient) -> Any:
    return (await registry.http.get("/_sandbox/tenants/acme-iot/access")).json()


async def test_an_empty_tenant_answers_an_empty_object_t08(registry: RegistryClient) -> None:
    await registry.create()

    assert (await registry.totals("end_devices")).json() == {}


async def test_totals_are_strings_and_an_empty_mask_means_all_t08(registry: RegistryClient) -> None:
    await registry.create()
    await registry.register({"end_devices": 10, "activated_end_devices": 4, "gateways": 2})

    everything = {"end_devices": "10", "activated_end_devices": "4", "gateways": "2"}
    assert (await registry.totals()).json() == everything
    assert (await registry.totals("gateways,users")).json() == {"gateways": "2"}
    assert error_of(await registry.totals("devices")) == (400, 3, "field_mask_paths")
    assert error_of(await registry.totals(tenant_id="beta-farm")) == (404, 5, "tenant_not_found")


async def test_a_server_without_activated_devices_refuses_the_path_t08() -> None:
    async with serving(ThingsStackSettings(supports_activated=False)) as registry:
        await registry.create()
        await registry.register({"end_devices": 10, "activated_end_devices": 4})

        refused = (400, 3, "field_mask_paths")
        assert error_of(await registry.totals("end_devices,activated_end_devices")) == refused
        assert error_of(await batch(registry, ["acme-iot"], ["activated_end_devices"])) == refused
        assert (await registry.totals()).json() == {"end_devices": "10"}


async def test_a_batch_answers_by_id_in_an_order_of_its_own(registry: RegistryClient) -> None:
    for tenant_id in ("bbb", "aaa"):
        await registry.create(tenant(tenant_id))
    await registry.register({"end_devices": 3}, "bbb")

    response = await batch(registry, ["bbb", "unknown", "aaa", "bbb"], ["end_devices"])

    assert response.json() == {
        "totals": [
            {"tenant_ids": {"tenant_id": "aaa"}, "totals": {}},
            {"tenant_ids": {"tenant_id": "bbb"}, "totals": {"end_devices": "3"}},
        ]
    }
    assert (await batch(registry, [])).json() == {}
    assert error_of(await batch(registry, ["aaa"], ["name"])) == (400, 3, "field_mask_paths")
    assert error_of(await batch(registry, ["a-b"])) == (400, 3, "validation")


async def test_a_batch_may_refuse_unknown_ids_and_great_numbers() -> None:
    async with serving(ThingsStackSettings(unknown_totals="Refuse", largest_batch=1)) as registry:
        await registry.create()
        assert error_of(await batch(registry, ["unknown"])) == (404, 5, "tenant_not_found")
        assert error_of(await batch(registry, ["acme-iot", "unknown"])) == (400, 3, "batch_size")
        assert len((await batch(registry, ["acme-iot", "acme-iot"])).json()["totals"]) == 1


async def test_a_batch_of_totals_is_recorded_as_a_read(registry: RegistryClient) -> None:
    await registry.create()
    await batch(registry, ["acme-iot"])

    counts = (await registry.http.get("/_sandbox/requests/counts")).json()
    assert (counts["writes"], counts["committed"], counts["creates"], counts["reads"]) == (1, 1, 1, 1)


async def test_a_reached_limit_refuses_what_is_made_with_code_9_t02() -> None:
    settings = ThingsStackSettings(subscription_upgrade_url="https://upgrade.example")
    async with serving(settings) as registry:
        await registry.create(tenant(max_gateways="1"))
        assert (await registry.register({"gateways": 1})).status_code == 200
        response = await registry.register({"gateways": 1, "end_devices": 1})
        totals = (await registry.totals()).json()

    assert error_of(response) == (400, 9, "tenant_entity_limit")
    assert response.json()["details"][0]["attributes"] == {
        "entity_type": "gateway",
        "limit": 1,
        "subscription_upgrade_url": "https://upgrade.example",
    }
    assert "limit for gateway entities in tenant reached, upgrade at https" in response.json()["message"]
    assert totals == {"gateways": "1"}


@pytest.mark.parametrize(("limit", "status"), [(None, 200), ("0", 400), ("5", 200), ("4", 400)])
async def test_no_limit_is_unlimited_and_zero_is_none_t07(
    registry: RegistryClient, limit: str | None, status: int
) -> None:
    await registry.create(tenant(max_end_devices=limit))

    assert (await registry.register({"end_devices": 5})).status_code == status


async def test_a_limit_below_the_present_use_keeps_what_is_there(registry: RegistryClient) -> None:
    await registry.create()
    await registry.register({"end_devices": 5})
    await registry.update({"max_end_devices": "2"}, ["max_end_devices"])

    assert error_of(await registry.register({"end_devices": 1})) == (400, 9, "tenant_entity_limit")
    assert (await registry.register({"activated_end_devices": 5})).status_code == 200
    assert (await registry.totals("end_devices")).json() == {"end_devices": "5"}


async def test_entities_can_be_removed(registry: RegistryClient) -> None:
    await registry.create()
    await registry.register({"end_devices": 5, "activated_end_devices": 2})

    removed = {"end_devices": 3, "activated_end_devices": 1}
    await registry.http.request("DELETE", "/_sandbox/tenants/acme-iot/entities", json=removed)

    assert (await registry.totals()).json() == {"end_devices": "2", "activated_end_devices": "1"}
    more_than_there_are = await registry.http.request(
        "DELETE", "/_sandbox/tenants/acme-iot/entities", json={"gateways": 1}
    )
    assert more_than_there_are.status_code == 400


@pytest.mark.parametrize("counts", [{"activated_end_devices": 1}, {"devices": 1}, {"users": -1}])
async def test_impossible_entities_are_refused(registry: RegistryClient, counts: dict[str, int]) -> None:
    await registry.create()

    response = await registry.register(counts)

    assert response.status_code == 400
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("STATE_APPROVED", {"access": "Allowed"}),
        ("STATE_FLAGGED", {"access": "Warning", "warning": "why"}),
        ("STATE_REQUESTED", {"access": "Denied", "message": "Tenant is not active"}),
        ("STATE_REJECTED", {"access": "Denied", "message": "Tenant is not active"}),
        ("STATE_SUSPENDED", {"access": "Denied", "message": "Tenant is not active"}),
    ],
)
async def test_the_state_decides_what_a_user_of_the_tenant_sees(
    registry: RegistryClient, state: str, expected: dict[str, str]
) -> None:
    await registry.create(tenant(state=state, state_description="why"))

    assert await access(registry) == {"state": state, **expected}
    registered = (await registry.register({"gateways": 1})).status_code
    assert registered == (403 if expected["access"] == "Denied" else 200)

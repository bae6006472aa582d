"""What tests and the demo drive: other administrators, the time, faults and the record."""

import httpx
import pytest

from things_stack_requests import STRIPE, RegistryClient, error_of, tenant


async def test_another_administrator_suspends_a_tenant(registry: RegistryClient) -> None:
    await registry.create(tenant(attributes={"managed-by": "us"}))

    suspension = {"state": "STATE_SUSPENDED", "state_description": "abuse"}
    await registry.http.post("/_sandbox/tenants/acme-iot", json=suspension)

    body = (await registry.get("name,state,state_description,attributes")).json()
    assert (body["state"], body["state_description"]) == ("STATE_SUSPENDED", "abuse")
    assert (body["name"], body["attributes"]) == ("Acme IoT", {"managed-by": "us"})


async def test_another_administrator_clears_a_field_by_null(registry: RegistryClient) -> None:
    await registry.create(tenant(billing={"stripe": STRIPE}))

    await registry.http.post("/_sandbox/tenants/acme-iot", json={"billing": None, "attributes": {"own": "x"}})

    assert "billing" not in (await registry.get("billing")).json()


async def test_another_administrator_makes_and_deletes_a_tenant(registry: RegistryClient) -> None:
    made = await registry.http.post("/_sandbox/tenants/acme-iot", json={"name": "Foreign"})
    assert made.json()["tenant"]["name"] == "Foreign"
    assert (await registry.get("name")).json()["name"] == "Foreign"

    await registry.http.delete("/_sandbox/tenants/acme-iot")

    assert error_of(await registry.get()) == (404, 5, "tenant_not_found")
    assert error_of(await registry.create()) == (409, 6, "id_taken")


@pytest.mark.parametrize("body", [{"nope": 1}, {"name": "x" * 51}])
async def test_another_administrator_is_bound_by_the_same_rules(
    registry: RegistryClient, body: dict[str, object]
) -> None:
    assert (await registry.http.post("/_sandbox/tenants/acme-iot", json=body)).status_code == 400


async def test_the_clock_stands_where_it_is_set_and_can_be_let_go(registry: RegistryClient) -> None:
    await registry.http.post("/_sandbox/clock", json={"time": "2030-01-01T00:00:00Z"})
    created = (await registry.create()).json()
    await registry.http.post("/_sandbox/clock", json={"time": None})
    updated = (await registry.update({}, [])).json()

    assert created["created_at"] == "2030-01-01T00:00:00Z"
    assert updated["updated_at"] < "2030"
    naive = await registry.http.post("/_sandbox/clock", json={"time": "2030-01-01T00:00:00"})
    assert naive.status_code == 400


async def test_the_state_shows_everything(registry: RegistryClient) -> None:
    await registry.http.post("/_sandbox/clock", json={"time": "2030-01-01T00:00:00Z"})
    await registry.create(tenant(max_users="0"))
    await registry.delete()

    state = (await registry.http.get("/_sandbox/state")).json()

    assert state["time"] == "2030-01-01T00:00:00Z"
    assert state["tenants"][0]["tenant"]["max_users"] == "0"
    assert state["tenants"][0]["entities"]["end_devices"] == 0
    assert state["tenants"][0]["deleted_at"] == "2030-01-01T00:00:00.000001Z"


async def test_a_scripted_error_is_worded_as_the_gateway_or_a_service_would(registry: RegistryClient) -> None:
    fault = {"effect": "error", "status": 503, "message": "down"}
    await registry.http.post("/_sandbox/faults", json=fault)
    gateway = await registry.get()
    fault = {"effect": "error", "status": 503, "type": "database_unavailable"}
    await registry.http.post("/_sandbox/faults", json=fault | {"headers": {"X-Extra": "1"}})
    service = await registry.get()

    assert gateway.status_code == 503
    assert gateway.json() == {"code": 14, "message": "down"}
    assert error_of(service) == (503, 14, "database_unavailable")
    assert service.headers["X-Extra"] == "1"


async def test_a_scripted_error_at_the_execution_strikes_only_valid_calls(registry: RegistryClient) -> None:
    fault = {"effect": "error", "status": 500, "point": "execution", "writes": True, "times": None}
    await registry.http.post("/_sandbox/faults", json=fault)

    assert error_of(await registry.create(tenant("a-b"))) == (400, 3, "validation")
    struck = await registry.create()
    assert (struck.status_code, struck.json()["code"]) == (500, 2)
    assert error_of(await registry.get()) == (404, 5, "tenant_not_found")


async def test_a_lost_answer_leaves_the_tenant_made(registry: RegistryClient) -> None:
    fault = {"effect": "disconnect_after", "method": "POST", "path": "/api/v3/tenants"}
    await registry.http.post("/_sandbox/faults", json=fault)

    with pytest.raises(httpx.RemoteProtocolError):
        await registry.create()

    assert (await registry.get("name")).json()["name"] == "Acme IoT"
    assert error_of(await registry.create()) == (409, 6, "id_taken")


async def test_a_refused_write_is_not_recorded_as_committed(registry: RegistryClient) -> None:
    await registry.create(tenant("admin"))

    entry = (await registry.http.get("/_sandbox/requests")).json()["requests"][0]
    assert entry["operation"] == "POST /api/v3/tenants"
    assert (entry["writes"], entry["committed"], entry["creates"], entry["status"]) == (
        True,
        False,
        False,
        400,
    )


async def test_an_unknown_control_route_says_so(registry: RegistryClient) -> None:
    assert (await registry.http.get("/_sandbox/nope")).status_code == 404

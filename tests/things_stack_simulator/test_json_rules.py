"""The JSON of requests and answers (things-stack.md 3; T-06 to T-08, T-31)."""

import re
from typing import Any

import pytest

from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from things_stack_requests import STRIPE, RegistryClient, error_of, serving, tenant, violated_field


async def test_zeros_empty_lists_and_empty_maps_are_left_out_t31(registry: RegistryClient) -> None:
    content = tenant(
        name="", state="STATE_REQUESTED", attributes={}, contact_info=[], billing={"counting": {}}
    )

    assert set((await registry.create(content)).json()) == {"ids", "created_at", "updated_at"}


async def test_unknown_fields_of_a_body_are_ignored_silently_t06_t31(registry: RegistryClient) -> None:
    assert (await registry.create(tenant(max_devices="5", nested={"x": [1]}))).status_code == 200


async def test_field_names_may_be_camel_case(registry: RegistryClient) -> None:
    await registry.create(tenant(maxEndDevices="500", stateDescription="Welcome"))

    body = (await registry.get("max_end_devices,state_description")).json()
    assert (body["max_end_devices"], body["state_description"]) == ("500", "Welcome")


@pytest.mark.parametrize("limit", [18446744073709551615, "18446744073709551615", 5, "5", 0, "0"])
async def test_64_bit_numbers_come_in_as_number_or_string_and_go_out_as_string_t08(
    registry: RegistryClient, limit: Any
) -> None:
    assert (await registry.create(tenant(max_users=limit))).json()["max_users"] == str(limit)


@pytest.mark.parametrize(
    "limit", [-1, "-1", 1.5, "many", "", True, {"value": 5}, [5], 2**64, "٣", "9" * 5000, " 5"]
)
async def test_what_is_no_unsigned_64_bit_number_is_the_gateways_400(
    registry: RegistryClient, limit: Any
) -> None:
    response = await registry.create(tenant(max_users=limit))

    assert (response.status_code, response.json()["code"]) == (400, 3)
    assert "details" not in response.json()


@pytest.mark.parametrize("state", ["STATE_FLAGGED", "FLAGGED", 3])
async def test_a_state_comes_in_by_name_short_name_or_number(registry: RegistryClient, state: Any) -> None:
    assert (await registry.create(tenant(state=state))).json()["state"] == "STATE_FLAGGED"


@pytest.mark.parametrize("state", ["flagged", "STATE_PAUSED", "", True, "STATE", 1.5])
async def test_an_unknown_state_is_refused(registry: RegistryClient, state: Any) -> None:
    assert (await registry.create(tenant(state=state))).status_code == 400


@pytest.mark.parametrize(
    ("as_number", "expected"), [(False, {"end_devices": "ONLY_ACTIVATED"}), (True, {"end_devices": 1})]
)
async def test_the_way_of_counting_goes_out_as_name_or_number(as_number: bool, expected: Any) -> None:
    async with serving(ThingsStackSettings(counting_as_number=as_number)) as registry:
        billing = {"counting": {"end_devices": "ONLY_ACTIVATED"}}
        assert (await registry.create(tenant(billing=billing))).json()["billing"] == {"counting": expected}


@pytest.mark.parametrize(
    ("time", "written"),
    [
        ("2026-05-04T09:00:00Z", "2026-05-04T09:00:00Z"),
        ("2026-05-04T09:00:00.120Z", "2026-05-04T09:00:00.120Z"),
        ("2026-05-04T09:00:00.123456Z", "2026-05-04T09:00:00.123456Z"),
        ("2026-05-04T11:00:00+02:00", "2026-05-04T09:00:00Z"),
    ],
)
async def test_timestamps_have_no_three_or_six_decimals(
    registry: RegistryClient, time: str, written: str
) -> None:
    await registry.http.post("/_sandbox/clock", json={"time": time})

    assert (await registry.create()).json()["created_at"] == written


@pytest.mark.parametrize("moment", ["2026-05-04T09:00:00+02:00", "2026-05-04", "2026-13-04T09:00:00Z", 5])
async def test_a_timestamp_in_a_body_must_be_utc(registry: RegistryClient, moment: Any) -> None:
    contact = {"value": "x", "validated_at": moment}

    assert (await registry.create(tenant(contact_info=[contact]))).status_code == 400


async def test_contacts_and_their_moments_are_kept(registry: RegistryClient) -> None:
    contact = {
        "contact_type": "CONTACT_TYPE_TECHNICAL",
        "contact_method": "CONTACT_METHOD_PHONE",
        "value": "+32 9 000 00 00",
        "public": True,
        "validated_at": "2026-05-04T09:00:00.123456789Z",
    }
    await registry.create(tenant(contact_info=[contact]))

    kept = contact | {"validated_at": "2026-05-04T09:00:00.123456Z"}
    assert (await registry.get("contact_info")).json()["contact_info"] == [kept]


async def test_every_kind_of_field_comes_back_as_it_was_written(registry: RegistryClient) -> None:
    fields: dict[str, Any] = {
        "description": "Sensors",
        "capabilities": {"nested": {"list": [1, None, "x"]}},
        "configuration": {
            "default_cluster": {
                "ui": {"branding_base_url": "https://brand.example"},
                "is": {
                    "user_limits": {"applications": "0"},
                    "user_registration": {"password_requirements": {"min_length": 8}},
                },
                "ns": {"dev_addr_prefixes": ["26000000/7"], "cooldown_window": "1s"},
            },
            "clusters": {"eu1": {"noc": {"access": {"extended": False}}}},
        },
        "billing": {"stripe": STRIPE},
        "billing_identifiers": {"billing_id": "b-1"},
    }
    await registry.create(tenant(**fields))

    body = (await registry.get(",".join(fields))).json()
    assert {name: body[name] for name in fields} == fields


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"5", b"\xff", b"NaN", b'{"tenant": []}', b'{"tenant": {"ids": 5}}']
)
async def test_a_malformed_body_is_the_gateways_400(registry: RegistryClient, body: bytes) -> None:
    response = await registry.http.post("/api/v3/tenants", content=body)

    assert (response.status_code, response.json()["code"]) == (400, 3)
    assert "details" not in response.json()


@pytest.mark.parametrize("body", [b"", b"{}", b'{"tenant": null}'])
async def test_a_request_without_a_tenant_is_invalid(registry: RegistryClient, body: bytes) -> None:
    response = await registry.http.post("/api/v3/tenants", content=body)

    assert error_of(response) == (400, 3, "validation")
    assert violated_field(response) == "tenant"


@pytest.mark.parametrize(
    "fields",
    [
        {"attributes": []},
        {"attributes": {"key": 5}},
        {"contact_info": {}},
        {"name": 5},
        {"capabilities": 1},
        {"contact_info": [{"public": "yes"}]},
    ],
)
async def test_a_field_of_another_type_is_malformed(registry: RegistryClient, fields: dict[str, Any]) -> None:
    response = await registry.create(tenant(**fields))

    assert response.status_code == 400
    assert "details" not in response.json()


async def test_a_body_of_more_than_16_mib_is_refused(registry: RegistryClient) -> None:
    response = await registry.create(tenant(description="x" * (16 * 1024 * 1024)))

    assert response.status_code == 400
    assert re.search("16 MiB", response.json()["message"])

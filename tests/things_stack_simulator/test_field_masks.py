"""Field masks (things-stack.md 5; T-06, T-07, T-09 to T-11, T-13, T-26)."""

from typing import Any

import httpx
import pytest

from things_stack_requests import STRIPE, RegistryClient, error_of, moment_of, tenant

ALWAYS = {"ids", "created_at", "updated_at"}
AWS = {"customer_identifier": "aws-customer", "product_code": "aws-product"}
CLUSTER = {"is": {"user_registration": {"enabled": False, "invitation": {"required": True}}}}


async def test_without_a_mask_only_ids_and_timestamps_come_back(registry: RegistryClient) -> None:
    await registry.create()

    assert set((await registry.get()).json()) == ALWAYS
    assert set((await registry.http.get("/api/v3/tenants")).json()["tenants"][0]) == ALWAYS


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ("name", {"name": "Acme IoT"}),
        ("name,state", {"name": "Acme IoT", "state": "STATE_APPROVED"}),
        ("description", {}),
        ("attributes", {"attributes": {"region": "eu"}}),
        ("billing", {"billing": {"counting": {"end_devices": "ONLY_ACTIVATED"}, "stripe": STRIPE}}),
        ("billing.provider", {"billing": {"stripe": STRIPE}}),
        ("billing.provider.stripe", {"billing": {"stripe": STRIPE}}),
        ("billing.provider.stripe.plan_id", {"billing": {"stripe": {"plan_id": "price_A"}}}),
        ("billing.provider.aws_saas_marketplace", {}),
        ("billing.counting.end_devices", {"billing": {"counting": {"end_devices": "ONLY_ACTIVATED"}}}),
        ("billing.counting,billing.provider.stripe.plan_id,billing.provider.stripe", None),
        ("configuration.default_cluster.is.user_registration.enabled", None),
        ("configuration.clusters", {}),
        ("ids.tenant_id", {}),
    ],
)
async def test_a_mask_of_a_read_names_what_comes_back(
    registry: RegistryClient, mask: str, expected: dict[str, Any] | None
) -> None:
    billing = {"counting": {"end_devices": 1}, "stripe": STRIPE}
    configuration = {"default_cluster": CLUSTER}
    await registry.create(tenant(attributes={"region": "eu"}, billing=billing, configuration=configuration))

    body = (await registry.get(mask)).json()

    wholes: dict[str, dict[str, Any]] = {
        "billing": {"billing": {"counting": {"end_devices": "ONLY_ACTIVATED"}, "stripe": STRIPE}},
        "configuration": {
            "configuration": {"default_cluster": {"is": {"user_registration": {"enabled": False}}}}
        },
    }
    if expected is None:
        expected = wholes[mask.split(".", maxsplit=1)[0]]
    assert {name: value for name, value in body.items() if name not in ALWAYS} == expected


@pytest.mark.parametrize(
    "path",
    [
        "nope",
        "billing.stripe",
        "billing.stripe.customer_id",
        "provider.stripe",
        "attributes.managed-by",
        "contact_info.value",
        "maxEndDevices",
        "max_end_devices.value",
        "deleted_at",
        "configuration.clusters.eu1",
        "name.first",
        "",
    ],
)
async def test_an_unknown_path_fails_the_whole_request_t09_t11_t31(
    registry: RegistryClient, path: str
) -> None:
    await registry.create()

    update = await registry.update({"name": "New"}, ["name", path])
    reads = [
        await registry.http.get("/api/v3/tenants/acme-iot", params={"field_mask": f"name,{path}"}),
        await registry.http.get("/api/v3/tenants", params={"field_mask": f"name,{path}"}),
        await registry.http.get("/api/v3/search/tenants", params={"field_mask": f"name,{path}"}),
    ]

    for response in (update, *reads):
        assert error_of(response) == (400, 3, "field_mask_paths")
        assert response.json()["details"][0]["attributes"] == {"forbidden_paths": [path]}
    assert (await registry.get("name")).json()["name"] == "Acme IoT"


async def test_a_mask_may_be_given_as_repeated_paths(registry: RegistryClient) -> None:
    await registry.create()
    params = httpx.QueryParams([("field_mask.paths", "name"), ("field_mask.paths", "state")])

    body = (await registry.http.get("/api/v3/tenants/acme-iot", params=params)).json()

    assert (body["name"], body["state"]) == ("Acme IoT", "STATE_APPROVED")


@pytest.mark.parametrize("query", ["field_mask=", "field_mask=name&field_mask=state"])
async def test_an_empty_or_repeated_field_mask_is_the_gateways_400(
    registry: RegistryClient, query: str
) -> None:
    response = await registry.http.get(f"/api/v3/tenants/acme-iot?{query}")

    assert response.status_code == 400
    assert response.json()["code"] == 3
    assert "details" not in response.json()


async def test_what_is_in_the_mask_and_not_in_the_body_is_cleared_t06(registry: RegistryClient) -> None:
    await registry.create(tenant(description="Sensors", max_gateways="10"))

    response = await registry.update({"descripton": "a mistyped field"}, ["description", "max_gateways"])

    assert response.status_code == 200
    assert set((await registry.get("name,description,max_gateways")).json()) == ALWAYS | {"name"}


async def test_what_is_in_the_body_and_not_in_the_mask_is_left_alone(registry: RegistryClient) -> None:
    await registry.create()

    await registry.update({"name": "New", "description": "Sensors"}, ["description"])

    body = (await registry.get("name,description")).json()
    assert (body["name"], body["description"]) == ("Acme IoT", "Sensors")


async def test_null_is_unlimited_and_zero_is_none_t07(registry: RegistryClient) -> None:
    await registry.create(tenant(max_end_devices="1", max_gateways="1", max_users="1"))

    paths = ["max_end_devices", "max_gateways", "max_users"]
    response = await registry.update(
        {"max_end_devices": "500", "max_gateways": "0", "max_users": None}, paths
    )

    limits = {name: value for name, value in response.json().items() if name.startswith("max_")}
    assert limits == {"max_end_devices": "500", "max_gateways": "0"}
    assert (await registry.get(",".join(paths))).json() == response.json()


async def test_an_empty_mask_moves_updated_at_only_t26(registry: RegistryClient) -> None:
    created = await registry.create()

    response = await registry.http.put("/api/v3/tenants/acme-iot", json={"tenant": {"name": "New"}})

    assert set(response.json()) == ALWAYS
    assert moment_of(response) > moment_of(created)
    assert (await registry.get("name")).json()["name"] == "Acme IoT"


async def test_every_update_moves_updated_at_also_when_nothing_changes_t26(registry: RegistryClient) -> None:
    await registry.create()
    await registry.http.post("/_sandbox/clock", json={"time": "2026-05-04T09:00:00Z"})

    moments = [moment_of(await registry.update({"name": "Same"}, ["name"])) for _ in range(3)]

    assert moments[0] < moments[1] < moments[2]


async def test_ids_and_timestamps_in_the_mask_of_an_update_are_dropped_silently(
    registry: RegistryClient,
) -> None:
    created = (await registry.create()).json()
    content = {"ids": {"tenant_id": "other"}, "created_at": "2000-01-01T00:00:00Z", "name": "New"}

    response = await registry.update(content, ["ids", "ids.tenant_id", "created_at", "updated_at", "name"])

    assert response.json()["ids"] == {"tenant_id": "acme-iot"}
    assert response.json()["created_at"] == created["created_at"]
    assert response.json()["name"] == "New"


async def test_a_mask_in_the_query_of_a_put_has_no_effect(registry: RegistryClient) -> None:
    await registry.create()

    await registry.http.put("/api/v3/tenants/acme-iot?field_mask=name", json={"tenant": {"name": "New"}})

    assert (await registry.get("name")).json()["name"] == "Acme IoT"


async def test_attributes_are_replaced_whole_t11_t31(registry: RegistryClient) -> None:
    await registry.create(tenant(attributes={"region": "eu", "managed-by": "someone"}))

    await registry.update({"attributes": {"managed-by": "us"}}, ["attributes"])

    assert (await registry.get("attributes")).json()["attributes"] == {"managed-by": "us"}


async def test_state_without_its_description_in_the_mask_clears_the_description_t13(
    registry: RegistryClient,
) -> None:
    await registry.create(tenant(state="STATE_SUSPENDED", state_description="Billing: ended"))

    content = {"state": "STATE_APPROVED", "state_description": "not in the mask"}
    await registry.update(content, ["state"])

    assert "state_description" not in (await registry.get("state_description")).json()


async def test_a_description_alone_leaves_the_state(registry: RegistryClient) -> None:
    await registry.create()

    await registry.update({"state_description": "looked at"}, ["state_description"])

    body = (await registry.get("state,state_description")).json()
    assert (body["state"], body["state_description"]) == ("STATE_APPROVED", "looked at")


async def test_the_name_of_the_oneof_is_in_masks_and_not_in_json_t09(registry: RegistryClient) -> None:
    await registry.create(tenant(billing={"counting": {"end_devices": "ONLY_ACTIVATED"}}))

    in_json = await registry.update(
        {"billing": {"provider": {"stripe": STRIPE}}}, ["billing.provider.stripe"]
    )
    assert "billing" not in in_json.json()
    in_mask = await registry.update({"billing": {"stripe": STRIPE}}, ["billing.provider.stripe"])
    assert in_mask.json()["billing"] == {"stripe": STRIPE}
    whole = {"counting": {"end_devices": "ONLY_ACTIVATED"}, "stripe": STRIPE}
    assert (await registry.get("billing")).json()["billing"] == whole


async def test_one_provider_replaces_the_other(registry: RegistryClient) -> None:
    await registry.create(tenant(billing={"stripe": STRIPE}))

    content = {"billing": {"aws_saas_marketplace": AWS}}
    await registry.update(content, ["billing.provider.aws_saas_marketplace"])

    assert (await registry.get("billing")).json()["billing"] == {"aws_saas_marketplace": AWS}


async def test_two_providers_at_once_are_malformed(registry: RegistryClient) -> None:
    response = await registry.create(tenant(billing={"stripe": STRIPE, "aws_saas_marketplace": AWS}))

    assert response.status_code == 400
    assert "details" not in response.json()


async def test_a_parent_path_names_the_whole_subtree(registry: RegistryClient) -> None:
    await registry.create(tenant(configuration={"default_cluster": CLUSTER, "pb": {"listed": True}}))

    child = "configuration.default_cluster.is.user_registration.enabled"
    narrow = {"configuration": {"default_cluster": {"is": {"user_registration": {"enabled": True}}}}}
    await registry.update(narrow, [child])
    registration = {"enabled": True, "invitation": {"required": True}}
    cluster = {"is": {"user_registration": registration}}
    configuration = (await registry.get("configuration")).json()["configuration"]
    assert configuration == {"default_cluster": cluster, "pb": {"listed": True}}

    await registry.update({"configuration": {"pb": {"listed": True}}}, [child, "configuration"])
    assert (await registry.get("configuration")).json()["configuration"] == {"pb": {"listed": True}}


async def test_the_whole_body_is_validated_whatever_the_mask_names_t10(registry: RegistryClient) -> None:
    await registry.create()

    response = await registry.update({"name": "New", "billing": {"stripe": {"customer_id": "c"}}}, ["name"])

    assert error_of(response) == (400, 3, "validation")
    assert (await registry.get("name")).json()["name"] == "Acme IoT"


async def test_an_update_of_a_missing_tenant_is_not_found(registry: RegistryClient) -> None:
    assert error_of(await registry.update({"name": "New"}, ["name"])) == (404, 5, "tenant_not_found")

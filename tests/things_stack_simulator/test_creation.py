"""Creating tenants (things-stack.md 2.1, 3; T-03, T-05, T-12, T-14 to T-17, T-31)."""

from typing import Any

import pytest

from email_addresses import REFUSED, TAKEN
from tenant_billing_sandbox.things_stack.reserved_ids import RESERVED_IDS
from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from things_stack_requests import (
    STRIPE,
    RegistryClient,
    error_of,
    initial_user,
    serving,
    tenant,
    violated_field,
)


async def test_create_answers_200_with_the_tenant_t31(registry: RegistryClient) -> None:
    response = await registry.create(tenant(max_end_devices="500"))

    assert response.status_code == 200
    body = response.json()
    assert body["ids"] == {"tenant_id": "acme-iot"}
    assert body["created_at"] == body["updated_at"]
    assert body["max_end_devices"] == "500"


async def test_create_may_answer_identifiers_only() -> None:
    async with serving(ThingsStackSettings(create_answer="Identifiers")) as registry:
        assert set((await registry.create()).json()) == {"ids", "created_at", "updated_at"}


async def test_create_without_state_makes_a_tenant_that_is_not_active_t05(registry: RegistryClient) -> None:
    await registry.create({"ids": {"tenant_id": "acme-iot"}}, initial_user(state="STATE_REQUESTED"))

    assert "state" not in (await registry.get("state")).json()
    seen = (await registry.http.get("/_sandbox/tenants/acme-iot/access")).json()
    assert seen["access"] == "Denied"
    assert seen["initial_user"] == {"state": "STATE_REQUESTED", "restricted": True}


async def test_create_is_not_idempotent(registry: RegistryClient) -> None:
    await registry.create()

    assert error_of(await registry.create()) == (409, 6, "id_taken")


async def test_the_id_of_a_deleted_tenant_stays_taken_t03(registry: RegistryClient) -> None:
    await registry.create()

    assert (await registry.delete()).json() == {}
    assert error_of(await registry.get()) == (404, 5, "tenant_not_found")
    assert error_of(await registry.delete()) == (404, 5, "tenant_not_found")
    assert error_of(await registry.create()) == (409, 6, "id_taken")


@pytest.mark.parametrize(
    "tenant_id", ["a-b", "ab", "Acme", "a--bc", "acme.iot", "acme_iot", "-acme", "acme-", "a" * 37, ""]
)
async def test_a_tenant_id_that_breaks_the_pattern_is_refused_t12(
    registry: RegistryClient, tenant_id: str
) -> None:
    response = await registry.create(tenant(tenant_id))

    assert error_of(response) == (400, 3, "validation")
    assert violated_field(response) == "tenant.ids.tenant_id"


@pytest.mark.parametrize("tenant_id", ["a-bc", "abc", "0a1", "a" * 36])
async def test_a_tenant_id_within_the_pattern_is_accepted(registry: RegistryClient, tenant_id: str) -> None:
    assert (await registry.create(tenant(tenant_id))).status_code == 200


@pytest.mark.parametrize("tenant_id", sorted(RESERVED_IDS))
async def test_a_reserved_tenant_id_is_refused(registry: RegistryClient, tenant_id: str) -> None:
    assert error_of(await registry.create(tenant(tenant_id))) == (400, 3, "forbidden_id")


async def test_an_installation_reserves_further_ids() -> None:
    async with serving(ThingsStackSettings(reserved_ids=frozenset({"our-own"}))) as registry:
        assert error_of(await registry.create(tenant("our-own"))) == (400, 3, "forbidden_id")


async def test_without_multi_tenancy_in_the_licence_no_call_succeeds() -> None:
    async with serving(ThingsStackSettings(multi_tenancy=False)) as registry:
        unlicensed = (400, 9, "multi_tenancy_not_licensed")
        assert error_of(await registry.create(tenant("admin"))) == unlicensed
        assert error_of(await registry.http.get("/api/v3/tenants?limit=1")) == unlicensed


async def test_the_reserved_list_is_asked_before_the_callers_rights(registry: RegistryClient) -> None:
    registry.http.headers["Authorization"] = "TenantAdminKey 00"

    assert error_of(await registry.create(tenant("admin"))) == (400, 3, "forbidden_id")
    assert error_of(await registry.create()) == (403, 7, "tenant_admin_key")


@pytest.mark.parametrize(
    ("fields", "violated"),
    [
        ({"name": "x" * 51}, "tenant.name"),
        ({"description": "x" * 2001}, "tenant.description"),
        ({"state_description": "x" * 129}, "tenant.state_description"),
        ({"state": 9}, "tenant.state"),
        ({"attributes": {"a-b": "x"}}, "tenant.attributes[a-b]"),
        ({"attributes": {"billing.example.com/owner": "x"}}, "tenant.attributes[billing.example.com/owner]"),
        ({"attributes": {"a" * 37: "x"}}, f"tenant.attributes[{'a' * 37}]"),
        ({"attributes": {"managed-by": "x" * 201}}, "attributes[managed-by]"),
        ({"attributes": {f"key{number}": "x" for number in range(11)}}, "attributes"),
        ({"contact_info": [{"value": "x" * 257}]}, "tenant.contact_info[0].value"),
        ({"billing_identifiers": {"billing_id": "x" * 251}}, "tenant.billing_identifiers.billing_id"),
        ({"billing": {"stripe": STRIPE | {"plan_id": ""}}}, "tenant.billing.stripe.plan_id"),
        ({"billing": {"stripe": {"customer_id": "cus_A"}}}, "tenant.billing.stripe.plan_id"),
        (
            {"billing": {"aws_saas_marketplace": {}}},
            "tenant.billing.aws_saas_marketplace.customer_identifier",
        ),
    ],
)
async def test_a_field_that_breaks_its_rule_is_refused_t10_t12_t15(
    registry: RegistryClient, fields: dict[str, Any], violated: str
) -> None:
    response = await registry.create(tenant(**fields))

    assert error_of(response) == (400, 3, "validation")
    assert violated_field(response) == violated


async def test_a_validation_error_nests_its_cause(registry: RegistryClient) -> None:
    details = (await registry.create(tenant(name="x" * 51))).json()["details"][0]

    assert details["@type"] == "type.googleapis.com/ttn.lorawan.v3.ErrorDetails"
    assert details["attributes"]["name"] == "CreateTenantRequestValidationError"
    assert details["cause"]["attributes"] == {
        "field": "name",
        "reason": "it must have at most 50 characters",
        "name": "TenantValidationError",
    }
    assert "@type" not in details["cause"]


async def test_attribute_limits_can_be_lifted() -> None:
    attributes = {f"key{number}": "x" * 300 for number in range(20)}
    async with serving(ThingsStackSettings(attribute_limits=None)) as registry:
        assert (await registry.create(tenant(attributes=attributes))).json()["attributes"] == attributes


@pytest.mark.parametrize("address", REFUSED)
async def test_what_is_no_address_is_neither_a_user_s_nor_a_contact_s_t15(
    registry: RegistryClient, address: str
) -> None:
    user = initial_user(primary_email_address=address)
    contact = {"contact_method": "CONTACT_METHOD_EMAIL", "value": address}

    assert error_of(await registry.create(tenant(), user)) == (400, 3, "validation")
    assert error_of(await registry.create(tenant(contact_info=[contact]))) == (400, 3, "email")
    assert error_of(await registry.get()) == (404, 5, "tenant_not_found")


@pytest.mark.parametrize("address", TAKEN)
async def test_an_address_is_taken_as_it_is(registry: RegistryClient, address: str) -> None:
    contact = {"contact_method": "CONTACT_METHOD_EMAIL", "value": address}
    user = initial_user(primary_email_address=address)

    assert (await registry.create(tenant(contact_info=[contact]), user)).status_code == 200


async def test_writing_contacts_warns_that_they_are_deprecated_t14(registry: RegistryClient) -> None:
    contact = {"contact_type": "CONTACT_TYPE_BILLING", "value": "phone me"}

    assert (await registry.create(tenant(contact_info=[contact]))).headers["X-Warning"]
    assert (await registry.update({"contact_info": []}, ["contact_info"])).headers["X-Warning"]
    assert "X-Warning" not in (await registry.update({"name": "Acme"}, ["name"])).headers


async def test_contacts_that_are_not_stored_are_derived_from_the_user_t14() -> None:
    contact = {"contact_type": "CONTACT_TYPE_BILLING", "value": "billing"}
    async with serving(ThingsStackSettings(contact_info_stored=False)) as registry:
        await registry.create(tenant(contact_info=[contact]), initial_user())
        await registry.update({"contact_info": [contact]}, ["contact_info"])

        contacts = (await registry.get("contact_info")).json()["contact_info"]

        await registry.create(tenant("without-user"))
        without_user = (await registry.get("contact_info", "without-user")).json()

    assert [entry["value"] for entry in contacts] == ["ann@acme.example"]
    assert "contact_info" not in without_user


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (initial_user("admin"), "forbidden_id"),
        (initial_user("a"), "validation"),
        (initial_user("Ann"), "validation"),
        (initial_user(primary_email_address=""), "validation"),
        (initial_user(primary_email_address="ann"), "validation"),
        (initial_user(name="x" * 51), "validation"),
        (initial_user(password="x" * 1001), "validation"),
        (initial_user(attributes={"region": "x" * 201}), "validation"),
        (initial_user(attributes={f"key{number}": "x" for number in range(11)}), "validation"),
        (initial_user(contact_info=[{"contact_method": "EMAIL", "value": "ann"}]), "email"),
        ({"primary_email_address": "ann@acme.example"}, "validation"),
    ],
)
async def test_a_bad_initial_user_leaves_no_tenant_behind_t15_t16(
    registry: RegistryClient, user: dict[str, Any], expected: str
) -> None:
    assert error_of(await registry.create(tenant(), user)) == (400, 3, expected)
    assert error_of(await registry.get()) == (404, 5, "tenant_not_found")


async def test_the_initial_user_is_an_administrator_and_counted(registry: RegistryClient) -> None:
    await registry.create(tenant(), initial_user(admin=False))

    state = (await registry.http.get("/_sandbox/state")).json()["tenants"][0]
    assert state["initial_user"]["admin"] is True
    assert (await registry.totals()).json() == {"users": "1"}


async def test_a_password_is_neither_returned_nor_recorded_t17(registry: RegistryClient) -> None:
    user = initial_user(password="Correct-horse-1", temporary_password="Battery-staple-2")
    created = await registry.create(tenant(), user)

    state = (await registry.http.get("/_sandbox/state")).text
    requests = (await registry.http.get("/_sandbox/requests")).text
    for shown in (created.text, state, requests):
        assert "Correct-horse-1" not in shown
        assert "Battery-staple-2" not in shown
    assert registry.simulator.registry.store.all()[0].password_given


@pytest.mark.parametrize("password", ["Short1", "nouppercase1", "NoDigitHere", "Has-acme-owner-1"])
async def test_the_password_policy_may_bind_the_initial_user(password: str) -> None:
    async with serving(ThingsStackSettings(checks_initial_password=True)) as registry:
        response = await registry.create(tenant(), initial_user(password=password))
        assert error_of(response) == (400, 3, "password_strength")
        assert (await registry.create(tenant(), initial_user(password="Long-enough-1"))).status_code == 200

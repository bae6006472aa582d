"""What each call sends to The Things Stack, and what is understood of its answers (things-stack.md 2, 3 and 5)."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from outside_stubs import (
    ADMIN_KEY,
    PATIENT,
    SUBJECT,
    Answer,
    Stub,
    things_stack_at,
    things_stack_error,
)
from tenant_billing.clients import things_stack_requests as wire
from tenant_billing.clients.things_stack_registry import ThingsStackRegistry
from tenant_billing.domain import requests
from tenant_billing.domain.errors import NotFound, Refused, Unreachable
from tenant_billing.domain.observations import (
    LIMIT_NAMES,
    BillingReference,
    Tenant,
    TenantState,
)

BILLING = BillingReference("cus_1", "price_1", "sub_1", "si_1")
STRIPE = {
    "customer_id": "cus_1",
    "plan_id": "price_1",
    "subscription_id": "sub_1",
    "subscription_item_id": "si_1",
}
MASK = (
    "name,description,state,state_description,attributes,max_applications,max_clients,max_end_devices,"
    "max_gateways,max_organizations,max_users,billing"
)
UNLIMITED = dict.fromkeys(LIMIT_NAMES)


def _fields(tenant_id: str = "acme-iot", **changes: Any) -> dict[str, Any]:
    return {"ids": {"tenant_id": tenant_id}, "state": "STATE_APPROVED", **changes}


def _new_tenant(**changes: Any) -> requests.NewTenant:
    values: dict[str, Any] = {
        "id": "acme-iot",
        "name": "Acme IoT",
        "description": "Sensors",
        "state": TenantState.APPROVED,
        "attributes": {"managed-by": "tenant-billing-operator"},
        "limits": {"gateways": 0, "end_devices": 500, "users": None},
        "billing": BILLING,
        "initial_user": requests.InitialUser("acme-owner", "ann@acme.example", "Ann", "Secret-Passw0rd"),
        "billing_email": "billing@acme.example",
        "technical_email": "ann@acme.example",
        "configuration": {"default_cluster": {}},
        **changes,
    }
    return requests.NewTenant(**values)


async def test_every_request_carries_the_key_and_nothing_else_that_an_answer_set(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    stub.will(Answer({}, headers={"Set-Cookie": "_csrf=1; Path=/"}))
    await registry.probe()
    await registry.probe()
    headers = stub.last.headers
    assert headers["Authorization"] == f"TenantAdminKey {ADMIN_KEY}"
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"].startswith("tenant-billing-operator/")
    assert "Cookie" not in headers
    assert (stub.last.path, dict(stub.last.query)) == (
        "/api/v3/tenants",
        {"limit": "1", "order": "tenant_id"},
    )


async def test_a_redirect_is_not_followed(registry: ThingsStackRegistry, stub: Stub) -> None:
    stub.will(Answer("", 307, {"Location": f"{stub.url}/elsewhere"}))
    with pytest.raises(Unreachable):
        await registry.probe()
    assert len(stub.received) == 1


async def test_create_tenant(registry: ThingsStackRegistry, stub: Stub) -> None:
    stub.will(Answer(_fields(name="Acme IoT")))
    await registry.create_tenant(_new_tenant(), SUBJECT)
    assert (stub.last.method, stub.last.path) == ("POST", "/api/v3/tenants")
    assert stub.last.json == {
        "tenant": {
            "ids": {"tenant_id": "acme-iot"},
            "name": "Acme IoT",
            "description": "Sensors",
            "state": "STATE_APPROVED",
            "attributes": {"managed-by": "tenant-billing-operator"},
            "max_gateways": "0",
            "max_end_devices": "500",
            "contact_info": [
                {
                    "contact_type": "CONTACT_TYPE_BILLING",
                    "contact_method": "CONTACT_METHOD_EMAIL",
                    "value": "billing@acme.example",
                },
                {
                    "contact_type": "CONTACT_TYPE_TECHNICAL",
                    "contact_method": "CONTACT_METHOD_EMAIL",
                    "value": "ann@acme.example",
                },
            ],
            "billing": {"counting": {"end_devices": "ALL"}, "stripe": STRIPE},
            "configuration": {"default_cluster": {}},
        },
        "initial_user": {
            "ids": {"user_id": "acme-owner"},
            "primary_email_address": "ann@acme.example",
            "name": "Ann",
            "password": "Secret-Passw0rd",
            "state": "STATE_APPROVED",
            "admin": True,
        },
    }


async def test_a_password_that_is_not_given_is_left_to_the_server(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    stub.will(Answer(_fields()))
    user = requests.InitialUser("acme-owner", "ann@acme.example")
    await registry.create_tenant(_new_tenant(initial_user=user, billing=None), SUBJECT)
    assert "password" not in stub.last.json["initial_user"]
    assert "billing" not in stub.last.json["tenant"]


async def test_a_created_tenant_is_what_was_sent_however_little_comes_back(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    stub.will(Answer({"ids": {"tenant_id": "acme-iot"}}))
    created = await registry.create_tenant(_new_tenant(), SUBJECT)
    assert created == Tenant(
        id="acme-iot",
        state=TenantState.APPROVED,
        name="Acme IoT",
        description="Sensors",
        attributes={"managed-by": "tenant-billing-operator"},
        limits=UNLIMITED | {"gateways": 0, "end_devices": 500},
        billing=BILLING,
    )


async def test_a_tenant_is_read_with_the_mask_of_what_is_compared(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    stub.will(Answer({"ids": {"tenant_id": "acme-iot"}, "max_gateways": "0", "max_users": None}))
    tenant = await registry.tenant("acme-iot")
    assert tenant == Tenant(id="acme-iot", state=TenantState.REQUESTED, limits=UNLIMITED | {"gateways": 0})
    assert (stub.last.path, stub.last.query) == ("/api/v3/tenants/acme-iot", [("field_mask", MASK)])


@pytest.mark.parametrize(
    ("wire_form", "expected"), [("ONLY_ACTIVATED", True), (1, True), ("ALL", False), (0, False)]
)
async def test_the_counting_is_understood_by_name_and_number(
    registry: ThingsStackRegistry, stub: Stub, wire_form: object, expected: bool
) -> None:
    stub.will(Answer(_fields(billing={"counting": {"end_devices": wire_form}})))
    tenant = await registry.tenant("acme-iot")
    assert tenant is not None
    assert (tenant.counts_only_activated, tenant.billing, tenant.billed_by_other) == (expected, None, False)


async def test_another_provider_is_seen(registry: ThingsStackRegistry, stub: Stub) -> None:
    stub.will(Answer(_fields(billing={"aws_saas_marketplace": {"customer_identifier": "x"}})))
    tenant = await registry.tenant("acme-iot")
    assert tenant is not None
    assert tenant.billed_by_other


async def test_suspending_writes_state_and_description_together(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    stub.will(Answer(_fields(state="STATE_SUSPENDED", state_description="Billing: ended")), Answer(_fields()))
    change = requests.TenantChange(state=TenantState.SUSPENDED, state_description="Billing: ended")
    tenant = await registry.update_tenant("acme-iot", change, SUBJECT)
    put = stub.received[0]
    assert (put.method, put.path) == ("PUT", "/api/v3/tenants/acme-iot")
    assert put.json == {
        "tenant": {"state": "STATE_SUSPENDED", "state_description": "Billing: ended"},
        "field_mask": {"paths": ["state", "state_description"]},
    }
    assert tenant.state is TenantState.SUSPENDED, "what was written counts, not a read that lags behind"


async def test_limits_set_cleared_and_zero_in_one_update(registry: ThingsStackRegistry, stub: Stub) -> None:
    lagging = _fields(max_users="7", max_gateways="9", max_clients="5")
    stub.will(Answer(_fields(max_end_devices="500", max_gateways="0")), Answer(lagging))
    limits = {"end_devices": 500, "gateways": 0, "users": None}
    tenant = await registry.update_tenant("acme-iot", requests.TenantChange(limits=limits), SUBJECT)
    assert stub.received[0].json == {
        "tenant": {"max_end_devices": "500", "max_gateways": "0"},
        "field_mask": {"paths": ["max_end_devices", "max_gateways", "max_users"]},
    }
    assert tenant.limits == UNLIMITED | {"end_devices": 500, "gateways": 0, "clients": 5}


async def test_billing_has_the_providers_name_in_the_mask_only(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    answer = _fields(billing={"counting": {"end_devices": "ONLY_ACTIVATED"}, "stripe": STRIPE})
    stub.will(Answer(answer), Answer(_fields()))
    change = requests.TenantChange(billing=BILLING, counts_only_activated=True, attributes={"a": "b"})
    tenant = await registry.update_tenant("acme-iot", change, SUBJECT)
    assert stub.received[0].json == {
        "tenant": {
            "attributes": {"a": "b"},
            "billing": {"counting": {"end_devices": "ONLY_ACTIVATED"}, "stripe": STRIPE},
        },
        "field_mask": {"paths": ["attributes", "billing.provider.stripe", "billing.counting.end_devices"]},
    }
    assert (tenant.billing, tenant.counts_only_activated) == (BILLING, True)


def test_an_update_keeps_what_it_did_not_write() -> None:
    tenant = {"name": "old", "billing": {"stripe": STRIPE, "counting": {"end_devices": "ALL"}}}
    answer = {"billing": {"counting": {"end_devices": "ONLY_ACTIVATED"}}}
    assert wire.with_update(tenant, answer, ["billing.counting.end_devices"]) == {
        "name": "old",
        "billing": {"stripe": STRIPE, "counting": {"end_devices": "ONLY_ACTIVATED"}},
    }


async def test_an_empty_change_writes_nothing(registry: ThingsStackRegistry, stub: Stub) -> None:
    stub.will(Answer(_fields()))
    with capture_logs() as lines:
        await registry.update_tenant("acme-iot", requests.TenantChange(), SUBJECT)
    assert [each.method for each in stub.received] == ["GET"]
    assert lines == []


async def test_billing_is_written_with_all_four_ids_or_not_at_all(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    change = requests.TenantChange(billing=BillingReference("cus_1", "", "sub_1", "si_1"))
    with pytest.raises(Refused, match="plan_id"):
        await registry.update_tenant("acme-iot", change, SUBJECT)
    assert stub.received == []


@pytest.mark.parametrize("tenant_id", ["", "a-b", "Acme", "acme/iot", "acme--iot", "a" * 37, "../tenants"])
async def test_what_cannot_be_a_tenant_id_is_never_sent(
    registry: ThingsStackRegistry, stub: Stub, tenant_id: str
) -> None:
    with pytest.raises(Refused):
        await registry.tenant(tenant_id)
    with pytest.raises(Refused):
        await registry.delete_tenant(tenant_id, SUBJECT)
    assert stub.received == []


async def test_deleting_what_is_gone_is_success(registry: ThingsStackRegistry, stub: Stub) -> None:
    stub.will(things_stack_error(5, 404, "tenant_not_found"))
    await registry.delete_tenant("acme-iot", SUBJECT)
    assert (stub.last.method, stub.last.path) == ("DELETE", "/api/v3/tenants/acme-iot")


async def test_updating_what_is_gone_says_so(registry: ThingsStackRegistry, stub: Stub) -> None:
    stub.will(things_stack_error(5, 404, "tenant_not_found"))
    with pytest.raises(NotFound):
        await registry.update_tenant("acme-iot", requests.TenantChange(name="x"), SUBJECT)


async def test_a_warning_is_logged_once(registry: ThingsStackRegistry, stub: Stub) -> None:
    stub.will(Answer({}, headers={"X-Warning": "field contact_info is deprecated"}))
    with capture_logs() as lines:
        await registry.probe()
        await registry.probe()
    assert [line["warning"] for line in lines] == ["field contact_info is deprecated"]


async def test_a_create_is_never_repeated_after_a_lost_answer_an_update_is(stub: Stub) -> None:
    unavailable = things_stack_error(14, 503, "database_unavailable")
    async with things_stack_at(stub.url, backoff=PATIENT) as patient:
        stub.will(unavailable)
        with pytest.raises(Unreachable):
            await patient.create_tenant(_new_tenant(), SUBJECT)
        assert len(stub.received) == 1
        stub.will(unavailable, Answer(_fields(name="x")), Answer(_fields()))
        assert (await patient.update_tenant("acme-iot", requests.TenantChange(name="x"), SUBJECT)).name == "x"

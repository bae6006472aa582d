"""What each call sends to The Things Stack, and what is understood of its answers (things-stack.md 2, 3 and 5)."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from outside_stubs import (
    ADMIN_KEY,
    PATIENT,
    SUBJECT,
    Answer,
    ManualClock,
    Stub,
    things_stack_at,
    things_stack_error,
)
from tenant_billing.clients import things_stack_requests as wire
from tenant_billing.clients.things_stack_registry import ThingsStackRegistry, connect_things_stack
from tenant_billing.domain import requests
from tenant_billing.domain.errors import NotFound, Refused, Unauthorized, Unreachable, Unsupported
from tenant_billing.domain.observations import (
    LIMIT_NAMES,
    BillingReference,
    Tenant,
    TenantState,
    Totals,
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


async def test_a_list_follows_its_pages_and_gives_each_tenant_once(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    first = [_fields(f"tenant-{number}") for number in range(1000)]
    stub.will(Answer({"tenants": first}), Answer({"tenants": [first[-1], _fields("zulu-iot")]}))
    found = [tenant.id async for tenant in registry.list_tenants()]
    assert len(found) == len(set(found)) == 1001
    assert [dict(each.query) for each in stub.received] == [
        {"field_mask": MASK, "order": "tenant_id", "limit": "1000", "page": "1"},
        {"field_mask": MASK, "order": "tenant_id", "limit": "1000", "page": "2"},
    ]


async def test_a_page_past_the_end_has_no_tenants_at_all(registry: ThingsStackRegistry, stub: Stub) -> None:
    stub.will(Answer({"tenants": [_fields(f"tenant-{number}") for number in range(1000)]}), Answer({}))
    assert len([tenant async for tenant in registry.list_tenants()]) == 1000


async def test_one_tenant_that_is_not_understood_is_logged_and_stops_no_other(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    stub.will(Answer({"tenants": [_fields("odd-iot", state="STATE_DREAMING"), _fields("acme-iot")]}))
    with capture_logs() as lines:
        assert [tenant.id async for tenant in registry.list_tenants()] == ["acme-iot"]
    assert [(line["event"], line["tenant_id"]) for line in lines] == [("TenantNotUnderstood", "odd-iot")]


def _totals(*tenant_ids: str, **figures: str) -> Answer:
    return Answer({"totals": [{"tenant_ids": {"tenant_id": each}, "totals": figures} for each in tenant_ids]})


async def test_totals_match_by_id_and_absent_is_zero_only_where_it_was_asked_for(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    stub.will(_totals("beta-farm", "acme-iot", end_devices="345"))
    found = await registry.totals(["acme-iot", "beta-farm", "gone-iot"])
    zeros = dict.fromkeys(LIMIT_NAMES, 0)
    assert found == {each: Totals(**(zeros | {"end_devices": 345})) for each in ("acme-iot", "beta-farm")}
    assert found["acme-iot"].activated_end_devices is None
    assert stub.last.json == {
        "tenant_ids": [{"tenant_id": "acme-iot"}, {"tenant_id": "beta-farm"}, {"tenant_id": "gone-iot"}],
        "field_mask": {"paths": list(LIMIT_NAMES)},
    }


async def test_activated_devices_are_counted_where_asked_for(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    stub.will(_totals("acme-iot"))
    found = await registry.totals(["acme-iot"], activated=True)
    assert found["acme-iot"].activated_end_devices == 0
    assert stub.last.json["field_mask"]["paths"][-1] == "activated_end_devices"
    stub.will(things_stack_error(3, 400, "field_mask_paths", forbidden_paths=["activated_end_devices"]))
    with pytest.raises(Unsupported) as unsupported:
        await registry.totals(["acme-iot"], activated=True)
    assert unsupported.value.field == "activated_end_devices"


async def test_many_totals_are_asked_for_in_batches(registry: ThingsStackRegistry, stub: Stub) -> None:
    stub.will(Answer({}))
    assert await registry.totals([f"tenant-{number}" for number in range(2001)]) == {}
    assert [len(each.json["tenant_ids"]) for each in stub.received] == [1000, 1000, 1]


async def test_one_tenant_that_spoils_a_batch_leaves_the_others_their_totals(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    gone = things_stack_error(5, 404, "tenant_not_found")
    stub.will(gone, _totals("acme-iot"), gone)
    assert set(await registry.totals(["acme-iot", "gone-iot"])) == {"acme-iot"}


async def test_a_warning_is_logged_once(registry: ThingsStackRegistry, stub: Stub) -> None:
    stub.will(Answer({}, headers={"X-Warning": "field contact_info is deprecated"}))
    with capture_logs() as lines:
        await registry.probe()
        await registry.probe()
    assert [line["warning"] for line in lines] == ["field contact_info is deprecated"]


def _connect(url: str = "https://lns.example.com", key: str = ADMIN_KEY, ca: str | None = None) -> None:
    connect_things_stack(url=url, admin_key=key, ca_bundle=ca, requests_per_second=10, clock=ManualClock())


@pytest.mark.parametrize(
    "url",
    ["http://lns.example.com", "http://10.0.0.1", "ftp://127.0.0.1", "lns.example.com", "https://u:p@x.y"],
)
def test_a_key_is_sent_by_https_or_on_loopback_only(url: str) -> None:
    with pytest.raises(Refused) as refused:
        _connect(url)
    assert refused.value.field == "url"


@pytest.mark.parametrize(
    "url", ["https://lns.example.com/", "http://127.0.0.1:1885", "http://[::1]", "http://localhost"]
)
def test_https_and_loopback_are_taken(url: str) -> None:
    _connect(url)


@pytest.mark.parametrize("key", ["", "0" * 31, "0" * 40, "g" * 32, "0" * 32 + "\n"])
def test_a_value_that_is_no_admin_key_is_refused(key: str) -> None:
    with pytest.raises(Unauthorized):
        _connect(key=key)


@pytest.mark.parametrize("digits", [32, 48, 64])
def test_keys_of_16_24_and_32_bytes_are_taken(digits: int) -> None:
    _connect(key="a0" * (digits // 2))


@pytest.mark.parametrize(
    "bundle", ["", "not PEM", "-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n"]
)
def test_a_bundle_without_certificates_is_refused(bundle: str) -> None:
    with pytest.raises(Refused):
        _connect(ca=bundle)


async def test_a_create_is_never_repeated_after_a_lost_answer_an_update_is(stub: Stub) -> None:
    unavailable = things_stack_error(14, 503, "database_unavailable")
    async with things_stack_at(stub.url, backoff=PATIENT) as patient:
        stub.will(unavailable)
        with pytest.raises(Unreachable):
            await patient.create_tenant(_new_tenant(), SUBJECT)
        assert len(stub.received) == 1
        stub.will(unavailable, Answer(_fields(name="x")), Answer(_fields()))
        assert (await patient.update_tenant("acme-iot", requests.TenantChange(name="x"), SUBJECT)).name == "x"

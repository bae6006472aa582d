"""Many tenants at once: lists and totals (things-stack.md 2.3 and 2.7, T-08, T-24)."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from outside_stubs import Answer, Stub, things_stack_error
from tenant_billing.clients.things_stack_registry import ThingsStackRegistry
from tenant_billing.domain.errors import Refused, Unsupported
from tenant_billing.domain.observations import LIMIT_NAMES, Totals

MASK = (
    "name,description,state,state_description,attributes,max_applications,max_clients,max_end_devices,"
    "max_gateways,max_organizations,max_users,billing"
)


def _fields(tenant_id: str = "acme-iot", **changes: Any) -> dict[str, Any]:
    return {"ids": {"tenant_id": tenant_id}, "state": "STATE_APPROVED", **changes}


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


REFUSAL = things_stack_error(3, 400, "validation")


async def test_one_tenant_that_is_refused_leaves_the_others_their_totals(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    stub.will(REFUSAL, _totals("acme-iot"), REFUSAL)
    with capture_logs() as lines:
        assert set(await registry.totals(["acme-iot", "odd-iot"])) == {"acme-iot"}
    assert [(each["event"], each["tenant_id"]) for each in lines] == [("TotalsRefused", "odd-iot")]


@pytest.mark.parametrize(("tenants", "calls"), [(1, 1), (3, 5), (1000, 32)])
async def test_a_question_that_is_refused_for_everybody_is_refused_and_not_asked_for_each(
    registry: ThingsStackRegistry, stub: Stub, tenants: int, calls: int
) -> None:
    stub.will(REFUSAL)
    with pytest.raises(Refused):
        await registry.totals([f"tenant-{number}" for number in range(tenants)])
    assert len(stub.received) <= calls

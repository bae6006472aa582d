"""Every way in which The Things Stack fails becomes one of the operator's errors (things-stack.md 4, T-01 to T-03)."""

import traceback

import pytest
from structlog.testing import capture_logs

from outside_stubs import ADMIN_KEY, CUT, SUBJECT, Answer, Stub, operations, things_stack_error
from tenant_billing.clients.things_stack_registry import ThingsStackRegistry
from tenant_billing.domain import errors, requests
from tenant_billing.domain.observations import TenantState

GATEWAYS_404 = Answer({"code": 5, "message": "Not Found"}, 404)
TABLE: list[tuple[str, Answer, type[errors.OutsideError], bool]] = [
    ("a connection that ends", CUT, errors.Unreachable, True),
    ("1 canceled", things_stack_error(1, 499), errors.Unreachable, True),
    ("2 unknown", things_stack_error(2, 500), errors.Unreachable, True),
    ("3 invalid argument", things_stack_error(3, 400, "validation", field="name"), errors.Refused, False),
    ("3 reserved id", things_stack_error(3, 400, "forbidden_id"), errors.Refused, False),
    ("3 unknown mask", things_stack_error(3, 400, "field_mask_paths"), errors.Unsupported, False),
    ("4 deadline", things_stack_error(4, 504), errors.Unreachable, True),
    ("5 no such tenant", things_stack_error(5, 404, "tenant_not_found"), errors.NotFound, False),
    ("5 the gateway's", GATEWAYS_404, errors.Unreachable, False),
    ("5 the router's", things_stack_error(5, 404, "route_not_found"), errors.Unreachable, False),
    ("a proxy's 404", Answer("<html>no page</html>", 404), errors.Unreachable, False),
    ("6 taken", things_stack_error(6, 409, "id_taken"), errors.AlreadyExists, False),
    ("7 no rights", things_stack_error(7, 403, "no_tenant_rights"), errors.Forbidden, False),
    ("7 wrong key", things_stack_error(7, 403, "tenant_admin_key"), errors.Unauthorized, False),
    ("8 exhausted", things_stack_error(8, 429, "rate_limit_exceeded"), errors.Throttled, False),
    ("a proxy's 429", Answer("slow", 429), errors.Throttled, False),
    ("9 precondition", things_stack_error(9, 400, "tenant_entity_limit"), errors.Refused, False),
    ("9 licence", things_stack_error(9, 400, "multi_tenancy_not_licensed"), errors.Unsupported, False),
    ("9 licence", things_stack_error(9, 400, "license_multitenancy"), errors.Unsupported, False),
    ("10 aborted", things_stack_error(10, 409, "aborted"), errors.Unreachable, False),
    ("11 out of range", things_stack_error(11, 400), errors.Refused, False),
    ("12 unimplemented", things_stack_error(12, 501), errors.Unsupported, False),
    ("13 internal", things_stack_error(13, 500, "rpc_recovered"), errors.Unreachable, True),
    ("14 unavailable", things_stack_error(14, 503, "database_unavailable"), errors.Unreachable, True),
    ("15 data loss", things_stack_error(15, 500), errors.Unreachable, True),
    ("16 unauthenticated", things_stack_error(16, 401, "unauthenticated"), errors.Unauthorized, False),
    ("a proxy's 401", Answer("<html>log in</html>", 401), errors.Unreachable, False),
    ("a proxy's 502", Answer("<html>bad gateway</html>", 502), errors.Unreachable, True),
    ("a code that is new", things_stack_error(17, 418), errors.Unreachable, False),
    ("a success that is not JSON", Answer("<html>welcome</html>"), errors.Unreachable, True),
    ("a success of another shape", Answer([1, 2]), errors.Unreachable, True),
]
IDS = [f"{name}-{number}" for number, (name, *_) in enumerate(TABLE)]
NEW = requests.NewTenant(
    id="acme-iot",
    name="Acme",
    description="",
    state=TenantState.APPROVED,
    attributes={},
    limits={},
    billing=None,
    initial_user=requests.InitialUser("acme-owner", "ann@acme.example", password="Secret-Passw0rd"),
)


@pytest.mark.parametrize(("name", "answer", "kind", "unknown"), TABLE, ids=IDS)
async def test_each_failure_of_a_write_has_its_kind_and_is_audited(
    registry: ThingsStackRegistry,
    stub: Stub,
    name: str,
    answer: Answer,
    kind: type[errors.OutsideError],
    unknown: bool,
) -> None:
    stub.will(answer)
    with capture_logs() as lines, pytest.raises(errors.OutsideError) as raised:
        await registry.create_tenant(NEW, SUBJECT)
    assert type(raised.value) is kind, name
    assert raised.value.outcome_unknown is unknown
    assert operations(lines) == [("CreateTenant", kind.__name__)]


@pytest.mark.parametrize(("name", "answer", "kind", "unknown"), TABLE, ids=IDS)
async def test_only_the_registrys_own_404_means_that_there_is_no_tenant(
    registry: ThingsStackRegistry,
    stub: Stub,
    name: str,
    answer: Answer,
    kind: type[errors.OutsideError],
    unknown: bool,
) -> None:
    stub.will(answer)
    if kind is errors.NotFound:
        assert await registry.tenant("acme-iot") is None
        return
    with pytest.raises(kind) as raised:
        await registry.tenant("acme-iot")
    assert not raised.value.outcome_unknown


async def test_a_failure_says_what_to_look_for(registry: ThingsStackRegistry, stub: Stub) -> None:
    told = things_stack_error(3, 400, "validation", field="name", reason="too long")
    stub.will(Answer(told.body, 400, {"X-Request-Id": "r-1"}))
    with pytest.raises(errors.Refused) as raised:
        await registry.create_tenant(NEW, SUBJECT)
    assert (raised.value.operation, raised.value.code, raised.value.field, raised.value.request_id) == (
        "CreateTenant",
        "validation",
        "name",
        "r-1",
    )


@pytest.mark.parametrize(("header", "seconds"), [("3", 3.0), ("0", 0.0), ("soon", None)])
async def test_a_limit_says_how_long(
    registry: ThingsStackRegistry, stub: Stub, header: str, seconds: float | None
) -> None:
    told = things_stack_error(8, 429, "rate_limit_exceeded")
    stub.will(Answer(told.body, 429, {"X-Rate-Limit-Retry": header}))
    with pytest.raises(errors.Throttled) as raised:
        await registry.probe()
    assert raised.value.retry_after == seconds


async def test_no_failure_tells_the_key_or_a_password(registry: ThingsStackRegistry, stub: Stub) -> None:
    message = f"error: key {ADMIN_KEY} and Secret-Passw0rd and {'ab' * 24} are odd"
    stub.will(Answer({"code": 3, "message": message, "details": [{"name": "validation"}]}, 400))
    with capture_logs() as lines, pytest.raises(errors.Refused) as raised:
        await registry.create_tenant(NEW, SUBJECT)
    told = [
        str(raised.value),
        repr(raised.value),
        "".join(traceback.format_exception(raised.value)),
        repr(registry),
        repr(NEW),
        str(lines),
    ]
    for text in told:
        assert ADMIN_KEY not in text
        assert "Secret-Passw0rd" not in text
        assert "ab" * 24 not in text
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


async def test_an_unknown_state_is_no_reason_to_touch_a_tenant(
    registry: ThingsStackRegistry, stub: Stub
) -> None:
    stub.will(Answer({"ids": {"tenant_id": "acme-iot"}, "state": "STATE_DREAMING"}))
    with pytest.raises(errors.Unreachable):
        await registry.tenant("acme-iot")

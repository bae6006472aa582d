"""The tenant registry of The Things Stack, and how to connect to it (things-stack.md 2)."""

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

import structlog

from tenant_billing.clients import things_stack_requests as wire
from tenant_billing.clients.audit import Audit
from tenant_billing.clients.backoff import Backoff
from tenant_billing.clients.budget import Budget
from tenant_billing.clients.things_stack_address import check_url, trust_of
from tenant_billing.clients.things_stack_calls import Call, ThingsStackCalls, http_client
from tenant_billing.clients.things_stack_errors import to_no_answer
from tenant_billing.clients.things_stack_objects import to_tenant, to_tenant_id, to_totals
from tenant_billing.domain import requests
from tenant_billing.domain.errors import NotFound, Refused, Unauthorized
from tenant_billing.domain.observations import LIMIT_NAMES, Tenant, Totals
from tenant_billing.ports import CallMeters, Clock, Fence, Subject, System, unfenced, unmeasured_calls

T = TypeVar("T")

PAGE: Final = 1000
"""Tenants per page, the registry's maximum; also of one batch of totals, whose maximum is not documented."""
ADMIN_KEY: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){16}(?:(?:[0-9A-Fa-f]{2}){8}){0,2}")
ACTIVATED: Final = "activated_end_devices"
MOST_REFUSED: Final = 10
"""Tenants whose totals may be refused before it counts as a refusal of the whole question, which is not asked on."""
NOT_THEIRS: Final = (KeyError, TypeError, ValueError, AttributeError)
"""What reading an answer raises that is not the registry's."""

_log = structlog.get_logger("tenant_billing.things_stack")


class ThingsStackRegistry:
    """One deployment as a :class:`tenant_billing.ports.TenantRegistry`."""

    def __init__(self, calls: ThingsStackCalls) -> None:
        self._calls = calls

    async def probe(self) -> None:
        """The cheapest call that proves address, key and licence."""
        await self._calls.read(
            Call("ListTenants", "GET", "/tenants", {"limit": "1", "order": "tenant_id"}), urgent=True
        )

    async def list_tenants(self) -> AsyncIterator[Tenant]:
        """All tenants, ordered by id; one that cannot be understood is logged and left out (T-24).

        Pages count by position, so a tenant that is made or deleted meanwhile shifts them: one that comes twice
        is given once, and one that is missing may still exist.
        """
        seen: set[str] = set()
        number = 1
        while True:
            page = await self._page(number)
            for fields in page:
                tenant = _understood(fields)
                if tenant is not None and tenant.id not in seen:
                    seen.add(tenant.id)
                    yield tenant
            if len(page) < PAGE:
                return
            number += 1

    async def tenant(self, tenant_id: str, *, urgent: bool = True) -> Tenant | None:
        """One tenant, freshly read; None only where the registry itself says so (T-01)."""
        fields = await self._fields(tenant_id, urgent=urgent)
        return None if fields is None else _understand("GetTenant", to_tenant, fields)

    async def create_tenant(self, request: requests.NewTenant, subject: Subject) -> Tenant:
        """Create a tenant and its administrator.

        How much of the tenant comes back is not documented, and a read may lag behind: what was sent stands for what
        the answer leaves out.

        Raises:
            AlreadyExists: The id is taken, perhaps by a deleted tenant (T-03).
        """
        body = wire.from_new_tenant(request)
        call = Call(
            "CreateTenant",
            "POST",
            "/tenants",
            json=body,
            writes=True,
            repeatable=False,
            secrets=(request.initial_user.password,),
        )
        answer = await self._calls.write(call, subject)
        return _understand("CreateTenant", to_tenant, {**body["tenant"], **answer}, writes=True)

    async def update_tenant(self, tenant_id: str, change: requests.TenantChange, subject: Subject) -> Tenant:
        """Write the fields that the change names and no other; gives the tenant as it is after (section 5).

        Raises:
            NotFound: There is no such tenant.
        """
        body = wire.from_tenant_change(change)
        mask = body["field_mask"]["paths"]
        answer: Mapping[str, Any] = {}
        if mask:
            call = Call("UpdateTenant", "PUT", _path(tenant_id), json=body, writes=True)
            answer = await self._calls.write(call, subject)
        fields = await self._fields(tenant_id, urgent=subject.urgent)
        if fields is None:
            raise NotFound(f"there is no tenant {tenant_id}", operation="GetTenant", code="tenant_not_found")
        return _understand("UpdateTenant", to_tenant, wire.with_update(fields, answer, mask), writes=True)

    async def delete_tenant(self, tenant_id: str, subject: Subject) -> None:
        """Delete a tenant; one that is gone already is success. Its id may be lost for ever (T-04)."""
        call = Call("DeleteTenant", "DELETE", _path(tenant_id), writes=True)
        try:
            await self._calls.write(call, subject)
        except NotFound:
            return

    async def totals(self, tenant_ids: Sequence[str], *, activated: bool = False) -> Mapping[str, Totals]:
        """The totals of many tenants by id; an id that is missing from the answer is unknown, not zero.

        Args:
            tenant_ids: Any number of them.
            activated: Ask for the activated end devices too.

        Raises:
            Refused: Nobody's totals are given, or those of more than a few tenants are refused.
            Unsupported: This version does not count activated end devices; all devices are no substitute (section 6).
        """
        names = [*LIMIT_NAMES, ACTIVATED] if activated else list(LIMIT_NAMES)
        found: dict[str, Totals] = {}
        refusals: list[Refused] = []
        for start in range(0, len(tenant_ids), PAGE):
            found |= await self._batch_totals(tenant_ids[start : start + PAGE], names, refusals)
        if refusals and not found:
            raise refusals[0]
        return found

    async def close(self) -> None:
        """Give connections back."""
        await self._calls.close()

    async def _batch_totals(
        self, tenant_ids: Sequence[str], names: Sequence[str], refusals: list[Refused]
    ) -> dict[str, Totals]:
        """The totals of one batch.

        The largest batch, and what one unknown id does to it, are not documented: a batch that is refused is halved,
        so that one bad tenant leaves the others their totals (T-24).

        Args:
            tenant_ids: The batch.
            names: What is counted.
            refusals: Takes why single tenants of any batch were refused.

        Raises:
            Refused: There are more than :data:`MOST_REFUSED` of them.
        """
        call = Call(
            "BatchGetTenantRegistryTotals",
            "POST",
            "/tenants/registry-totals",
            json={
                "tenant_ids": [{"tenant_id": wire.from_tenant_id(each)} for each in tenant_ids],
                "field_mask": {"paths": list(names)},
            },
        )
        try:
            answer = await self._calls.read(call, urgent=False)
        except (NotFound, Refused) as refusal:
            if len(tenant_ids) > 1:
                middle = len(tenant_ids) // 2
                first = await self._batch_totals(tenant_ids[:middle], names, refusals)
                return first | await self._batch_totals(tenant_ids[middle:], names, refusals)
            if isinstance(refusal, Refused):
                refusals.append(refusal)
                _log.warning("TotalsRefused", tenant_id=tenant_ids[0], problem=str(refusal))
            if len(refusals) > MOST_REFUSED:
                raise
            return {}
        return _understand(call.operation, lambda fields: to_totals(fields, names), answer)

    async def _fields(self, tenant_id: str, *, urgent: bool = True) -> Mapping[str, Any] | None:
        call = Call("GetTenant", "GET", _path(tenant_id), {"field_mask": ",".join(wire.TENANT_MASK)})
        try:
            return await self._calls.read(call, urgent=urgent)
        except NotFound:
            return None

    async def _page(self, number: int) -> list[Mapping[str, Any]]:
        params = {
            "field_mask": ",".join(wire.TENANT_MASK),
            "order": "tenant_id",
            "limit": str(PAGE),
            "page": str(number),
        }
        answer = await self._calls.read(Call("ListTenants", "GET", "/tenants", params), urgent=False)
        # A page past the end has no tenants at all (things-stack.md 2.3).
        return _understand("ListTenants", lambda fields: list(fields.get("tenants") or ()), answer)


def connect_things_stack(  # noqa: PLR0913 - what the registry is, and what each call of this process passes through
    *,
    url: str,
    admin_key: str,
    ca_bundle: str | None,
    requests_per_second: int,
    clock: Clock,
    cluster: str = "",
    meters: CallMeters = unmeasured_calls,
    backoff: Backoff | None = None,
    fence: Fence = unfenced,
) -> ThingsStackRegistry:
    """Connect to a registry; no call is made yet. With clock and meters bound it is a ``RegistryFactory``.

    Args:
        url: ``https``, or ``http`` on the loopback address; without ``/api/v3``.
        admin_key: A tenant admin key: 32, 48 or 64 hexadecimal digits.
        ca_bundle: Certificates in PEM that are trusted instead of the system's.
        requests_per_second: Of all calls together.
        clock: Time as this process sees it.
        cluster: Name of its ThingsStackCluster, under which its calls are measured.
        meters: What measures calls.
        backoff: How calls are tried again.
        fence: Asked before every write.

    Raises:
        Unauthorized: The key has not the form of a key, so it is not sent anywhere.
        Refused: The address is not one that a key may be sent to, or the bundle holds no certificates.
    """
    check_url(url)
    if ADMIN_KEY.fullmatch(admin_key) is None:
        raise Unauthorized(
            "the value in the Secret is not a tenant admin key: 32, 48 or 64 hexadecimal digits"
        )
    meter = meters(System.THE_THINGS_STACK, cluster)
    calls = ThingsStackCalls(
        http=http_client(url, admin_key, trust_of(ca_bundle)),
        admin_key=admin_key,
        budget=Budget(requests_per_second, clock, meter=meter),
        backoff=backoff or Backoff(),
        audit=Audit(System.THE_THINGS_STACK, clock),
        meter=meter,
        fence=fence,
    )
    return ThingsStackRegistry(calls)


def _path(tenant_id: str) -> str:
    return f"/tenants/{wire.from_tenant_id(tenant_id)}"


def _understood(fields: Mapping[str, Any]) -> Tenant | None:
    """A tenant of a page, None where it cannot be understood, as with a state that is not known yet."""
    try:
        return to_tenant(fields)
    except NOT_THEIRS as error:
        problem = type(error).__name__
    _log.warning("TenantNotUnderstood", tenant_id=_named(fields), problem=problem)
    return None


def _named(fields: Mapping[str, Any]) -> str:
    try:
        return to_tenant_id(fields["ids"])
    except NOT_THEIRS:
        return ""


def _understand(
    operation: str, to: Callable[[Mapping[str, Any]], T], fields: Mapping[str, Any], *, writes: bool = False
) -> T:
    """Read an answer. One that cannot be read is not the registry's, whatever its status says."""
    try:
        return to(fields)
    except NOT_THEIRS as error:
        problem = type(error).__name__
    raise to_no_answer(operation, f"an answer that cannot be understood ({problem})", writes=writes)

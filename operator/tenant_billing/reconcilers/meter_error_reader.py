"""What the provider found wrong with reports that it had taken: read by a cursor, told to the objects."""

from collections.abc import Iterable, Mapping
from typing import Final

from tenant_billing.api.billing_backend import BillingBackend, EventCursors
from tenant_billing.domain import meter_errors, metering
from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.meter_errors import MeterErrors
from tenant_billing.ports import Clock, Queue
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.metered_tenants import MeteredTenant, MeteredTenants
from tenant_billing.reconcilers.reporting import key_of
from tenant_billing.reconcilers.usage_book import UsageBook

ERROR_INTERVAL: Final = 3600.0
"""Seconds between two readings: 720 of the reads that the smallest account may make in a month (stripe.md 5.4)."""


class MeterErrorReader:
    """Reads the errors of every account that has metered tenants, and wakes those whose reports were not counted."""

    def __init__(
        self, clock: Clock, queue: Queue, accounts: Accounts, tenants: MeteredTenants, book: UsageBook
    ) -> None:
        self._clock = clock
        self._queue = queue
        self._accounts = accounts
        self._tenants = tenants
        self._book = book
        self._cursors: dict[str, str] = {}
        self._read_at: dict[str, float] = {}

    async def read(self, resource: BillingBackend, connection: AccountConnection) -> None:
        """Read what is new, if it is time: a list that gives no answer is read later."""
        backend, now = connection.backend, self._clock.monotonic()
        is_sandbox = connection.follows_account_time
        if not is_sandbox and now - self._read_at.get(backend, now - ERROR_INTERVAL) < ERROR_INTERVAL:
            return
        if not self._tenants.of_backend(backend):
            return
        try:
            found = [each async for each in connection.provider.meter_errors(self._cursor(resource))]
        except OutsideError as error:
            self._accounts.failed(backend, error)
            return
        self._read_at[backend] = now
        if found:
            # What was reported while the errors were read may be what they are about.
            self._tell(self._tenants.of_backend(backend), found)
            self._cursors[backend] = found[0].id

    def with_cursor(self, resource: BillingBackend, cursors: EventCursors | None) -> EventCursors | None:
        """The cursors to store, this one included; None where there is nothing to store."""
        cursor, known = self._cursor(resource), resource.status.events or EventCursors()
        if cursors is None and known.meter_error_cursor == cursor:
            return None
        return (cursors or known).model_copy(update={"meter_error_cursor": cursor})

    def forget(self, backend: str) -> None:
        """Drop what is remembered of a backend that is gone."""
        self._cursors.pop(backend, None)
        self._read_at.pop(backend, None)

    def _cursor(self, resource: BillingBackend) -> str | None:
        known = resource.status.events
        stored = known.meter_error_cursor if known is not None else None
        return self._cursors.get(resource.metadata.name, stored)

    def _tell(self, tenants: Iterable[MeteredTenant], found: list[MeterErrors]) -> None:
        """Note what is wrong with whose last report; whoever else may be concerned is compared first."""
        codes = meter_errors.codes_by_identifier(found)
        named, doubtful = set(map(metering.uid_of, codes)), meter_errors.meters_in_doubt(found)
        for each in tenants:
            code = _code_of(each, codes)
            if code is not None:
                self._book.note(each.uid, rejection=code)
                self._queue.add(key_of(each.resource), urgent=False)
            elif each.uid in named or each.metered.meter.id in doubtful:
                self._book.note(each.uid, in_doubt=True)


def _code_of(tenant: MeteredTenant, codes: Mapping[str, str]) -> str | None:
    """Why a tenant's last report, or its repeat, was not counted."""
    if tenant.last is None:
        return None
    report = metering.report_of(tenant.metered, tenant.last.quantity, tenant.last.time)
    return next((code for name, code in codes.items() if name.startswith(report.identifier)), None)

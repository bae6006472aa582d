"""Reported usage of one account of a payment provider."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tenant_billing.domain.meter_errors import MeterErrors
from tenant_billing.domain.metering import UsageReport
from tenant_billing.ports.work import Subject


class Usage(Protocol):
    """What is reported to meters, and what became of it.

    Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`.
    """

    async def report_usage(self, report: UsageReport, subject: Subject) -> None:
        """Report usage; one report at a time for each customer (stripe.md 4.2).

        Success says that the report was taken, not that it was counted: most problems are told later, by
        :meth:`meter_errors`. One whose identifier was taken before is success.
        """
        ...

    async def usage_sum(
        self, meter_id: str, customer_id: str, start: datetime, end: datetime
    ) -> Decimal | None:
        """What the reports of a customer come to in a span of time.

        Args:
            meter_id: Of which meter.
            customer_id: Whose reports.
            start: On a whole minute.
            end: On a whole minute; what was counted at this very second is not included.

        Returns:
            None where nothing was counted, which may be told some minutes late.
        """
        ...

    def meter_errors(self, after: str | None) -> AsyncIterator[MeterErrors]:
        """What the provider found wrong with reports that it had taken, newest first.

        Args:
            after: Where to stop: the one that was read before. None reads all that is kept (30 days).
        """
        ...

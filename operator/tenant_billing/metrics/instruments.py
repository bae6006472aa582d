"""What is counted while it happens. Every replica does; the counters of one that never led stay at zero."""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client import disable_created_metrics as leave_out_created_series

from tenant_billing.ports import DEFECT, CallMeter, System

PREFIX: Final = "tenant_billing"
PASS_SECONDS: Final = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0)
CALL_SECONDS: Final = (0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0)
WAIT_SECONDS: Final = (0.01, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)


class Instruments:
    """Counters and histograms; also the ports that they are handed in as."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count nothing yet.

        Args:
            registry: What the scrape collects from.
        """
        # Else each counter has a second series that says when it began.
        leave_out_created_series()  # type: ignore[no-untyped-call]  # published without types
        ProcessCollector(registry=registry)
        self._reconciles = Counter(
            "reconciles", "Passes over objects.", ("kind", "result"), PREFIX, registry=registry
        )
        self._retries = Counter(
            "reconcile_retries", "Passes that asked for another try.", ("kind",), PREFIX, registry=registry
        )
        self._reconcile_seconds = Histogram(
            "reconcile_duration_seconds",
            "Duration of passes, waiting for the outside included.",
            ("kind",),
            PREFIX,
            registry=registry,
            buckets=PASS_SECONDS,
        )
        self._corrections = Counter(
            "drift_corrections",
            "Writes that put back what somebody else had changed outside.",
            ("action",),
            PREFIX,
            registry=registry,
        )
        self._calls = CallInstruments(registry)

    def passed(self, kind: str, result: str, seconds: float, *, retry: bool) -> None:
        """Count a pass.

        That none was broken off is shown, too, from a kind's first pass on: Prometheus sees no increase in a series
        that begins with 1.
        """
        self._reconciles.labels(kind, DEFECT)
        self._reconciles.labels(kind, result).inc()
        self._reconcile_seconds.labels(kind).observe(seconds)
        if retry:
            self._retries.labels(kind).inc()

    def corrected(self, action: str) -> None:
        """Count a write that put back what had been in sync."""
        self._corrections.labels(action).inc()

    def calls(self, system: System, account: str) -> CallMeter:
        """The meter of one system, or of one account of it."""
        return _Calls(self._calls, system, account)


class CallInstruments:
    """What is counted of calls to other systems."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.calls = Counter(
            "external_calls",
            "Requests to other systems; of Kubernetes the writes.",
            ("system", "operation", "result"),
            PREFIX,
            registry=registry,
        )
        self.call_seconds = Histogram(
            "external_call_duration_seconds",
            "Time from sending a request to its answer; waiting in the budget not included.",
            ("system", "operation"),
            PREFIX,
            registry=registry,
            buckets=CALL_SECONDS,
        )
        self.reads = Counter(
            "account_reads",
            "Reads that count against the account's monthly allowance.",
            ("backend",),
            PREFIX,
            registry=registry,
        )
        self.waits = Histogram(
            "budget_wait_seconds",
            "Time that requests waited for their turn in the budget of an account; its count is the use.",
            ("system", "account"),
            PREFIX,
            registry=registry,
            buckets=WAIT_SECONDS,
        )
        self.waiting = Gauge(
            "budget_waiting_requests",
            "Requests that wait for their turn now.",
            ("system", "account"),
            PREFIX,
            registry=registry,
        )


class _Calls:
    """The meter of one account."""

    def __init__(self, instruments: CallInstruments, system: System, account: str) -> None:
        self._instruments = instruments
        self._system = system
        self._account = account
        self._waits = instruments.waits.labels(system, account) if account else None
        self._waiting = instruments.waiting.labels(system, account) if account else None
        has_allowance = system is System.STRIPE and bool(account)  # of reads a month (stripe.md 5.4)
        self._reads = instruments.reads.labels(account) if has_allowance else None

    def queued(self) -> None:
        if self._waiting is not None:
            self._waiting.inc()

    def admitted(self, seconds: float) -> None:
        if self._waiting is not None and self._waits is not None:
            self._waiting.dec()
            self._waits.observe(seconds)

    def answered(self, operation: str, result: str, seconds: float, *, is_read: bool) -> None:
        self._instruments.calls.labels(self._system, operation, result).inc()
        self._instruments.call_seconds.labels(self._system, operation).observe(seconds)
        if is_read and self._reads is not None:
            self._reads.inc()

"""One pass: the right reconciler, one log line, and when to look again."""

import logging
from collections.abc import Mapping
from typing import Any, Final

import structlog

from tenant_billing.ports import (
    DEFECT,
    UNMEASURED,
    Clock,
    ObjectKey,
    Outcome,
    PassMeter,
    Reconciler,
    Resources,
)
from tenant_billing.runtime.deadlines import Deadlines

_LEVELS: Final = {"failed": logging.WARNING, "unchecked": logging.DEBUG}
"""Of the log line of a pass, by its result. At a start a thousand objects wait for the first checks."""


class Passes:
    """Runs a pass for a key; what the queue's workers call."""

    def __init__(
        self,
        reconcilers: Mapping[str, Reconciler],
        resources: Resources,
        deadlines: Deadlines,
        clock: Clock,
        meter: PassMeter = UNMEASURED,
    ) -> None:
        """Run nothing yet.

        Args:
            reconcilers: By kind.
            resources: Where the log line takes uid and generation from.
            deadlines: Where deadlines in an account's time are kept.
            clock: Measures how long a pass takes.
            meter: Told of every pass that has ended.
        """
        self._reconcilers = reconcilers
        self._resources = resources
        self._deadlines = deadlines
        self._clock = clock
        self._meter = meter
        self._log = structlog.get_logger("pass")

    async def __call__(self, key: ObjectKey) -> Outcome:
        """One pass; a defect escapes it (see :meth:`tenant_billing.runtime.work_queue.WorkQueue.work`)."""
        begun = self._clock.monotonic()
        try:
            outcome = await self._reconcilers[key.kind].reconcile(key)
        except Exception:  # whatever it is, it is counted here and handled by the queue
            self._meter.passed(key.kind, DEFECT, self._clock.monotonic() - begun, retry=True)
            raise
        seconds = self._clock.monotonic() - begun
        self._deadlines.set(key, outcome.backend, outcome.look_again_at)
        self._meter.passed(key.kind, outcome.result, seconds, retry=outcome.retry)
        self._report(key, outcome, seconds)
        return outcome

    def _report(self, key: ObjectKey, outcome: Outcome, seconds: float) -> None:
        self._log.log(
            _LEVELS.get(outcome.result, logging.INFO),
            "pass",
            **self._describe(key),
            result=outcome.result,
            why=outcome.why,
            retry=outcome.retry,
            seconds=round(seconds, 3),
        )

    def _describe(self, key: ObjectKey) -> dict[str, Any]:
        body = self._resources.body(key)
        metadata = body["metadata"] if body else {}
        return {
            "kind": key.kind,
            "namespace": key.namespace,
            "name": key.name,
            "uid": metadata.get("uid"),
            "generation": metadata.get("generation"),
        }

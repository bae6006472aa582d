"""The audit line: every write outside leaves exactly one, whatever came of it (product.md, "Audit").

It names the object, the reason, the call, the idempotency key and the result. It never carries a body, a header, a key
of an account or the text of an answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import INTERRUPTED, SUCCEEDED, Clock, Subject, System

AUDIT_LOGGER = "audit"
EVENT = "OutsideWrite"


@dataclass
class Write:
    """One write while it is under way; the client adds what it learns.

    Attributes:
        request_id: The system's id of the request that succeeded.
        attempts: Requests that were sent for it.
    """

    request_id: str = ""
    attempts: int = 0


@dataclass(frozen=True)
class Audit:
    """Writes the audit lines of one outside system.

    Attributes:
        system: Which.
        clock: Measures how long a write takes.
    """

    system: System
    clock: Clock

    @contextmanager
    def writing(self, operation: str, subject: Subject, idempotency_key: str = "") -> Iterator[Write]:
        """Around one write: logs one line when it has ended, well or not."""
        started = self.clock.monotonic()
        write = Write()
        result, code = INTERRUPTED, ""
        try:
            yield write
        except OutsideError as failure:
            result, code = type(failure).__name__, failure.code
            write.request_id = failure.request_id
            raise
        else:
            result = SUCCEEDED
        finally:
            structlog.get_logger(AUDIT_LOGGER).info(
                EVENT,
                system=str(self.system),
                operation=operation,
                kind=subject.kind,
                name=subject.name,
                uid=subject.uid,
                why=subject.why,
                idempotency_key=idempotency_key,
                result=result,
                code=code,
                request_id=write.request_id,
                attempts=write.attempts,
                duration_seconds=round(self.clock.monotonic() - started, 3),
            )

"""What is true of every intent, whatever it is about to create."""

from datetime import datetime

from tenant_billing.api.resource import PendingOperation


def next_attempt(intent: PendingOperation, now: datetime) -> PendingOperation:
    """The intent under a new key, after the provider stored a failure for the old one (stripe.md 5.3)."""
    stem = intent.idempotency_key.rpartition(":")[0]
    attempt = intent.attempt + 1
    return intent.model_copy(
        update={"attempt": attempt, "idempotency_key": f"{stem}:{attempt}", "start_time": now}
    )

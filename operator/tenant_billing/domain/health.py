"""Whether an account or a cluster can be worked with, and what to tell people if not."""

from dataclasses import dataclass

from tenant_billing.api.reasons import Reason


@dataclass(frozen=True)
class Health:
    """Ready's reason and message of a BillingBackend or a ThingsStackCluster."""

    reason: Reason
    message: str = ""

    @property
    def is_available(self) -> bool:
        """Whether calls may be made."""
        return self.reason is Reason.AVAILABLE

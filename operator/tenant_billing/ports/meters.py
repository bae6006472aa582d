"""The meters of one account of a payment provider."""

from collections.abc import AsyncIterator
from typing import Protocol

from tenant_billing.domain.observations import Meter
from tenant_billing.domain.requests import NewMeter
from tenant_billing.ports.work import Subject


class Meters(Protocol):
    """What adds up the usage of customers. Nothing of a meter can be changed, and none is ever deactivated by us.

    Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`.
    """

    def list_meters(self) -> AsyncIterator[Meter]:
        """All meters, inactive ones too."""
        ...

    async def meter(self, meter_id: str) -> Meter | None:
        """One meter, freshly read; None where the provider says that it does not exist."""
        ...

    async def create_meter(self, request: NewMeter, key: str, subject: Subject) -> Meter:
        """Create a meter under an idempotency key.

        Raises:
            AlreadyExists: An active meter has the event name.
        """
        ...

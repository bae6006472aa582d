"""Making objects of our own kinds, as the one exception to "the operator never writes a spec"."""

from collections.abc import Mapping
from typing import Any, Protocol


class ObjectMaker(Protocol):
    """Makes objects; it never changes one that exists."""

    async def create(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Make an object of one of our kinds; gives it as it is after.

        Raises:
            ObjectConflict: There is one of that name, which stays as it is.
            ObjectGone: Its namespace does not exist.
            tenant_billing.domain.errors.OutsideError: The API server refused, or gave no usable answer.
        """
        ...

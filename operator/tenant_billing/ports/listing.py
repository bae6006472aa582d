"""What the API server lists, as far as the watches are compared with it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from tenant_billing.ports.work import ObjectKey


@dataclass(frozen=True)
class ListedObject:
    """One object of a list.

    Attributes:
        uid: Tells objects of one name apart.
        version: Its ``resourceVersion``.
    """

    key: ObjectKey
    uid: str
    version: str


Listing = Mapping[str, Sequence[ListedObject]]
"""All objects that are watched, by kind. A kind that is not defined, or not served yet, is missing."""

ListObjects = Callable[[], Awaitable[Listing]]
"""Lists all objects that are watched, as they are now.

Raises:
    tenant_billing.domain.errors.OutsideError: The API server refused, or gave no usable answer.
"""

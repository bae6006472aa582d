"""Many-to-many lookups over the watched objects, kept current object by object."""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.ports import ObjectKey

Item = TypeVar("Item")


class Index(Generic[Item]):
    """Finds the keys of the objects that stand under a value."""

    def __init__(self, values_of: Callable[[Item], Iterable[Hashable]]) -> None:
        """Start empty.

        Args:
            values_of: The values that an object stands under; doubles and None are allowed and left out.
        """
        self._values_of = values_of
        self._keys: dict[Hashable, dict[ObjectKey, None]] = {}
        self._values: dict[ObjectKey, tuple[Hashable, ...]] = {}

    def put(self, key: ObjectKey, item: Item) -> None:
        """Index an object anew."""
        self.remove(key)
        values = tuple({value for value in self._values_of(item) if value is not None})
        self._values[key] = values
        for value in values:
            self._keys.setdefault(value, {})[key] = None

    def remove(self, key: ObjectKey) -> None:
        """Forget an object."""
        for value in self._values.pop(key, ()):
            keys = self._keys[value]
            del keys[key]
            if not keys:
                del self._keys[value]

    def find(self, value: Hashable) -> list[ObjectKey]:
        """The keys under a value, sorted, so that every answer is the same for the same objects."""
        return sorted(self._keys.get(value, ()))


def plan_names(item: TenantSubscription) -> Iterable[str | None]:
    """The plan asked for and the plan in force."""
    yield item.spec.plan_ref.name if item.spec.plan_ref else None
    yield item.status.plan_ref.name if item.status.plan_ref else None


def backend_names(item: TenantSubscription) -> Iterable[str | None]:
    """The backend that an observed object names."""
    yield item.spec.backend_ref.name if item.spec.backend_ref else None


def customer_ids(item: TenantSubscription) -> Iterable[str | None]:
    """The customer recorded and the customer asked for."""
    yield item.status.customer_id
    yield item.spec.customer.id if item.spec.customer else None


def subscription_ids(item: TenantSubscription) -> Iterable[str | None]:
    """The subscription recorded and the subscription asked for."""
    yield item.status.subscription_id
    yield item.spec.subscription_id


def payer_reference(item: TenantSubscription) -> Iterable[tuple[str, str] | None]:
    """The sibling whose customer this object uses."""
    reference = item.spec.customer.subscription_ref if item.spec.customer else None
    yield (item.metadata.namespace or "", reference.name) if reference else None

"""Who is to be looked at when something of an account was seen to have changed, without an event that says what."""

from collections.abc import Iterable

from tenant_billing.api.names import BILLING_PLAN, TENANT_SUBSCRIPTION
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.events import concerned_by
from tenant_billing.domain.plan import price_ids_of
from tenant_billing.ports import ObjectKey, Queue, Resources
from tenant_billing.reconcilers.account_picture import AccountPicture


class AccountNews:
    """Wakes those who judge by an account."""

    def __init__(self, resources: Resources, queue: Queue) -> None:
        self._resources = resources
        self._queue = queue

    def to_everybody(self, backend: str) -> None:
        """Whatever waited for the account, or may have missed a change of it, goes on."""
        subscriptions = list(self._resources.subscriptions_of_backend(backend))
        for plan in self._resources.plans_of(backend):
            self._queue.add(ObjectKey(BILLING_PLAN.kind, "", plan.metadata.name))
            subscriptions += self._resources.subscriptions_of_plan(plan.metadata.name)
        self._wake(subscriptions)

    def of(self, backend: str, picture: AccountPicture, changed: frozenset[str]) -> None:
        """What a listing has shown to be other than before is looked at."""
        for plan in self._resources.plans_of(backend):
            if (price_ids_of(plan) | {plan.status.product_id}) & changed:
                self._queue.add(ObjectKey(BILLING_PLAN.kind, "", plan.metadata.name))
        for object_id in sorted(changed):
            seen = picture.subscription(object_id) or picture.customer(object_id)
            if seen is not None:
                self._wake(concerned_by(seen, self._resources))

    def _wake(self, subscriptions: Iterable[TenantSubscription]) -> None:
        for each in subscriptions:
            key = ObjectKey(TENANT_SUBSCRIPTION.kind, each.metadata.namespace or "", each.metadata.name)
            self._queue.add(key, urgent=False)

"""Who asked for a fresh read of an object's outside: a webhook by its nudge, or a person by a reconcile token."""

from tenant_billing.api.names import Annotation
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.world import Fresh
from tenant_billing.ports import Resources
from tenant_billing.reconcilers.reporting import key_of
from tenant_billing.reconcilers.seen_events import SeenEvents, Teller


class Nudges:
    """Remembers, for a leadership, which objects are to be read afresh, until that has succeeded."""

    def __init__(self, resources: Resources, seen_events: SeenEvents) -> None:
        """Take the nudges that stand at the start as handled: the full listing, which comes later, covers them."""
        self._seen_events = seen_events
        self._unread: dict[str, Fresh] = {}
        self._nudges = {
            each.metadata.uid: each.metadata.annotations.get(Annotation.NUDGE, "")
            for cluster in resources.clusters()
            for each in resources.subscriptions_of_cluster(cluster.metadata.name)
        }

    def note(self, resource: TenantSubscription) -> None:
        """Take in what the annotations of an object ask for."""
        annotations, uid = resource.metadata.annotations, resource.metadata.uid
        if annotations.get(Annotation.RECONCILE) not in (None, resource.status.last_handled_reconcile):
            self._unread[uid] = Fresh.EVERYTHING
        nudge = annotations.get(Annotation.NUDGE, "")
        if nudge != self._nudges.get(uid, ""):
            self._nudges[uid] = nudge
            if self._seen_events.is_news(key_of(resource), nudge, Teller.WEBHOOK):
                self._unread[uid] = self.what_to_read(resource) | Fresh.PAYMENTS

    def what_to_read(self, resource: TenantSubscription) -> Fresh:
        """What of the object's outside is to be read: webhooks tell of payments only, people ask for everything."""
        return self._unread.get(resource.metadata.uid, Fresh.NOTHING)

    def were_read(self, resource: TenantSubscription) -> None:
        """Note that a fresh read has succeeded."""
        self._unread.pop(resource.metadata.uid, None)

    def forget(self, resource: TenantSubscription) -> None:
        """Drop what is remembered of an object that is gone."""
        self._nudges.pop(resource.metadata.uid, None)
        self._unread.pop(resource.metadata.uid, None)

"""Reports that were pushed, from the annotations that keep them into the book."""

from dataclasses import replace

from tenant_billing.api.names import Annotation
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.api.things_stack_cluster import MeteringSource
from tenant_billing.domain.pushed_usage import read_annotation
from tenant_billing.domain.usage_facts import UsageFacts
from tenant_billing.ports import Resources
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.usage_book import UsageBook


class PushedReports:
    """Takes in what was pushed, for clusters where that is the source."""

    def __init__(self, resources: Resources, accounts: Accounts, book: UsageBook) -> None:
        self._resources = resources
        self._accounts = accounts
        self._book = book

    def take(self, resource: TenantSubscription, backend: str) -> UsageFacts:
        """What is known of a tenant's usage, what was pushed included.

        A sandbox's account has a time of its own, of which the receiver knows nothing: there a report counts from the
        moment when it is seen.
        """
        facts = self._book.of(resource.metadata.uid)
        cluster = self._resources.cluster(resource.spec.cluster_ref.name)
        if cluster is None or cluster.spec.metering.source is not MeteringSource.PUSH:
            return facts
        text = resource.metadata.annotations.get(Annotation.PUSHED_USAGE, "")
        counted = read_annotation(text)
        if counted is None or text == facts.pushed:
            return facts
        if self._accounts.follows_account_time(backend):
            counted = replace(counted, counted_at=self._accounts.now(backend))
        return self._book.note(resource.metadata.uid, counted=counted, pushed=text)

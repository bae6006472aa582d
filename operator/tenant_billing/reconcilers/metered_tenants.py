"""Which tenants are metered, by what is known without any call: statuses and the account's picture."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.prices import DeviceCounting
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain import metering, usage
from tenant_billing.domain.metering import Metered, Reported
from tenant_billing.domain.offers import offer_of
from tenant_billing.domain.usage_facts import UsageFacts
from tenant_billing.domain.world import Offer
from tenant_billing.ports import Resources
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.pushed_reports import PushedReports
from tenant_billing.reconcilers.reporting import is_paused


@dataclass(frozen=True)
class MeteredTenant:
    """One tenant whose usage is reported.

    Attributes:
        account: Where.
        counting: Which devices count.
        last: What was reported last.
        has_own_time: Whether the customer lives on a test clock: its own pass counts then.
    """

    resource: TenantSubscription
    account: AccountConnection
    metered: Metered
    counting: DeviceCounting
    facts: UsageFacts
    last: Reported | None
    has_own_time: bool

    @property
    def uid(self) -> str:
        """Of the object."""
        return self.resource.metadata.uid

    @property
    def tenant_id(self) -> str:
        """The tenant's id in its registry."""
        return self.resource.spec.tenant.id


class MeteredTenants:
    """Finds them."""

    def __init__(self, resources: Resources, accounts: Accounts, pushed: PushedReports) -> None:
        self._resources = resources
        self._accounts = accounts
        self._pushed = pushed

    def of_cluster(self, cluster: str) -> list[MeteredTenant]:
        """All of one cluster, whose accounts are connected."""
        return list(self._among(self._resources.subscriptions_of_cluster(cluster)))

    def of_backend(self, backend: str) -> list[MeteredTenant]:
        """All of one account, if it is connected."""
        plans = self._resources.plans_of(backend)
        found = {
            each.metadata.uid: each
            for plan in plans
            for each in self._resources.subscriptions_of_plan(plan.metadata.name)
        }
        return [each for each in self._among(found.values()) if each.account.backend == backend]

    def _among(self, resources: Iterable[TenantSubscription]) -> Iterator[MeteredTenant]:
        offers: dict[str, tuple[AccountConnection, Offer] | None] = {}
        for each in resources:
            reference = each.status.plan_ref
            if reference is None or not _may_be_reported(each):
                continue
            if reference.name not in offers:
                offers[reference.name] = self._offer(self._resources.plan(reference.name))
            offered = offers[reference.name]
            found = self._metered(each, *offered) if offered is not None else None
            if found is not None:
                yield found

    def _offer(self, plan: BillingPlan | None) -> tuple[AccountConnection, Offer] | None:
        account = self._accounts.of(plan.spec.backend_ref.name) if plan is not None else None
        if plan is None or account is None:
            return None
        offer = offer_of(plan, account.picture.prices_by_id(), account.picture.meters_by_id())
        return (account, offer) if offer.meters else None

    def _metered(
        self, resource: TenantSubscription, account: AccountConnection, offer: Offer
    ) -> MeteredTenant | None:
        status = resource.status
        subscription = account.picture.subscription(status.subscription_id or "")
        items = subscription.items if subscription is not None else ()
        item = next((each for each in items if each.id == status.subscription_item_id), None)
        if subscription is None or item is None or not item.metered:
            return None
        metered = usage.metered_of(resource, subscription, offer, item)
        if metered is None:
            return None
        facts = self._pushed.take(resource, account.backend)
        return MeteredTenant(
            resource=resource,
            account=account,
            metered=metered,
            counting=offer.counting,
            facts=facts,
            last=usage.last_reported(resource, facts),
            has_own_time=subscription.test_clock_id is not None,
        )


def _may_be_reported(resource: TenantSubscription) -> bool:
    return resource.status.tenant_state in metering.REPORTED_STATES and not is_paused(resource)

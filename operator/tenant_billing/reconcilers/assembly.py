"""The reconcilers of the four kinds and of what is metered, connected to each other."""

from collections.abc import Mapping

from tenant_billing.api.names import BILLING_BACKEND, BILLING_PLAN, TENANT_SUBSCRIPTION, THINGS_STACK_CLUSTER
from tenant_billing.ports import Providers, Reconciler, RegistryFactory
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.backend import BillingBackendReconciler
from tenant_billing.reconcilers.cluster import ThingsStackClusterReconciler
from tenant_billing.reconcilers.meter_error_reader import MeterErrorReader
from tenant_billing.reconcilers.metered_tenants import MeteredTenants
from tenant_billing.reconcilers.plan import BillingPlanReconciler
from tenant_billing.reconcilers.pushed_reports import PushedReports
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.reconcilers.reporting import Surroundings
from tenant_billing.reconcilers.subscription_reading import SubscriptionReader
from tenant_billing.reconcilers.subscription_writing import SubscriptionWriter
from tenant_billing.reconcilers.tenant_subscription import TenantSubscriptionReconciler
from tenant_billing.reconcilers.usage_book import UsageBook
from tenant_billing.reconcilers.usage_comparisons import COMPARISON, UsageComparisons
from tenant_billing.reconcilers.usage_metering import METERING, UsageMetering
from tenant_billing.reconcilers.usage_reporting import UsageReporter


def assemble(
    surroundings: Surroundings,
    accounts: Accounts,
    registries: Registries,
    providers: Providers,
    connect_registry: RegistryFactory,
    *,
    resync_interval: float,
    event_interval: float,
) -> Mapping[str, Reconciler]:
    """Build the reconcilers, by kind.

    Args:
        surroundings: What all of them work with.
        accounts: The connections to payment accounts, shared by all.
        registries: The connections to tenant registries, shared by all.
        providers: How accounts are connected to.
        connect_registry: Makes a connection to a registry.
        resync_interval: Seconds after which a settled subscription is looked at all the same.
        event_interval: Seconds between two readings of an event list that nobody asked for.
    """
    book = UsageBook()
    pushed = PushedReports(surroundings.resources, accounts, book)
    metered = MeteredTenants(surroundings.resources, accounts, pushed)
    errors = MeterErrorReader(surroundings.clock, surroundings.queue, accounts, metered, book)
    usage = UsageReporter(surroundings.queue, accounts, registries, book)
    reader = SubscriptionReader(surroundings, accounts, registries, pushed)
    writer = SubscriptionWriter(surroundings, accounts, registries)
    return {
        BILLING_BACKEND.kind: BillingBackendReconciler(
            surroundings, accounts, providers, errors, event_interval
        ),
        THINGS_STACK_CLUSTER.kind: ThingsStackClusterReconciler(surroundings, registries, connect_registry),
        BILLING_PLAN.kind: BillingPlanReconciler(surroundings, accounts, registries),
        TENANT_SUBSCRIPTION.kind: TenantSubscriptionReconciler(
            surroundings, registries, reader, writer, usage, resync_interval
        ),
        METERING: UsageMetering(surroundings, accounts, registries, metered, book),
        COMPARISON: UsageComparisons(surroundings, accounts, metered, book),
    }

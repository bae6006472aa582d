"""Making objects of subscriptions that are born at the provider: gather, decide, make, tell."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from tenant_billing.api.billing_plan import BillingPlan, Discovery, WaitingSubscriptions
from tenant_billing.api.names import TENANT_SUBSCRIPTION
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.discovered_object import NewObject
from tenant_billing.domain.discovery import MOST_NAMED, Discovered, Survey, Waiting, discover
from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.observations import Tenant
from tenant_billing.ports import ObjectConflict, ObjectGone, ObjectKey, Resources
from tenant_billing.reconcilers.account_news import AccountNews
from tenant_billing.reconcilers.accounts import AccountConnection
from tenant_billing.reconcilers.all_or_none import all_or_none
from tenant_billing.reconcilers.other_objects import names_payers_by_right
from tenant_billing.reconcilers.paying_backend import named_backend
from tenant_billing.reconcilers.registries import Registries
from tenant_billing.reconcilers.reporting import Surroundings, key_of

MOST_AT_A_TIME: Final = 8
"""Objects that are being made at once: the API server is everybody's, and a plan's other work waits for this."""


@dataclass(frozen=True)
class _ObjectsOfBackend:
    """The watched objects as discovery asks for them; ids of subscriptions are an account's own."""

    resources: Resources
    backend: str

    def naming(self, subscription_id: str) -> Sequence[TenantSubscription]:
        """Those of the backend whose spec or status names a subscription."""
        found = self.resources.by_subscription_id(subscription_id)
        return [
            each
            for each in found
            if named_backend(self.resources, each) == self.backend
            and (each.status.subscription_id == subscription_id or self.is_trusted(each))
        ]

    def of_tenant(self, cluster: str, tenant_id: str) -> Sequence[TenantSubscription]:
        """Those that stand for a tenant."""
        return self.resources.subscriptions_of_tenant(cluster, tenant_id)

    def is_trusted(self, resource: TenantSubscription) -> bool:
        """Whether an object may name customers and subscriptions of the account."""
        return names_payers_by_right(self.resources, resource, self.backend)

    def exists(self, namespace: str, name: str) -> bool:
        """Whether there is one of a name."""
        return self.resources.body(ObjectKey(TENANT_SUBSCRIPTION.kind, namespace, name)) is not None


class Discoverer:
    """Looks at a plan's subscriptions, and remembers for a leadership what it has told of them."""

    def __init__(self, surroundings: Surroundings, registries: Registries) -> None:
        self._resources = surroundings.resources
        self._kubernetes = surroundings.kubernetes
        self._registries = registries
        self._news = AccountNews(surroundings.resources, surroundings.queue)
        self._told: dict[tuple[str, str], str] = {}
        self._log = structlog.get_logger("discovery")

    async def look(self, plan: BillingPlan, connection: AccountConnection) -> WaitingSubscriptions | None:
        """Make the objects that are due; gives what waits, None where the plan discovers nothing.

        Raises:
            OutsideError: The account could not be listed.
        """
        discovery = plan.spec.discovery
        if discovery is None or plan.metadata.is_being_deleted:
            return None
        if connection.picture.has_gaps:  # until now nobody looked for strangers
            self._news.of(connection.backend, connection.picture, await connection.picture.compare())
        discovered = discover(
            Survey(
                plan=plan,
                plans=self._resources.plans_of(connection.backend),
                owner=connection.owner,
                subscriptions=connection.picture.subscriptions(),
                objects=_ObjectsOfBackend(self._resources, connection.backend),
                tenants=await self._tenants(discovery.cluster_ref.name),
                obstacle=self._obstacle(discovery),
            )
        )
        discovered = discovered.failed(await self._make_all(discovered.objects))
        await self._tell(plan, discovered)
        return discovered.status()

    def _obstacle(self, discovery: Discovery) -> str:
        if self._resources.namespace_labels(discovery.namespace) is None:
            return f"spec.discovery.namespace: there is no Namespace {discovery.namespace}; create it."
        if self._resources.cluster(discovery.cluster_ref.name) is None:
            name = discovery.cluster_ref.name
            return f"spec.discovery.clusterRef: there is no ThingsStackCluster {name}; create it."
        return ""

    async def _tenants(self, cluster: str) -> Mapping[str, Tenant] | None:
        """The cluster's tenants as last seen; of one that does not exist there are none, of one that is down, None."""
        if self._resources.cluster(cluster) is None:
            return {}
        registry = self._registries.of(cluster)
        if registry is None:
            return None
        try:
            await registry.picture.ready()
        except OutsideError as error:
            self._registries.failed(cluster, error)
            return None
        return {each.id: each for each in registry.picture.tenants()}

    async def _make_all(self, wanted: Sequence[NewObject]) -> dict[str, str]:
        """Make objects, a few at a time; gives what was said to those that could not be made, by tenant."""
        answers: dict[str, str] = {}
        slots = asyncio.Semaphore(MOST_AT_A_TIME)

        async def make(each: NewObject) -> None:
            async with slots:
                answers[each.tenant_id] = await self._make(each)

        await all_or_none(*map(make, wanted))
        return {tenant_id: answer for tenant_id, answer in answers.items() if answer}

    async def _make(self, wanted: NewObject) -> str:
        """Make one object; gives what was said to that if it failed: the next look tries again."""
        named = {
            "namespace": wanted.namespace,
            "name": wanted.tenant_id,
            "subscription": wanted.subscription.id,
        }
        try:
            self._resources.observe(await self._kubernetes.create(wanted.manifest()))
        except ObjectConflict:  # it was made meanwhile, and the watch will bring it
            return ""
        except (OutsideError, ObjectGone) as error:
            self._log.warning("object not made", **named, error=str(error))
            return str(error)
        self._log.info("object made", **named)
        return ""

    async def _tell(self, plan: BillingPlan, discovered: Discovered) -> None:
        """Tell of each of the first that wait once, unless the status did already when this leader began."""
        body = self._resources.body(key_of(plan))
        listed = plan.status.waiting.subscription_ids if plan.status.waiting is not None else ()
        for each in discovered.waiting[:MOST_NAMED]:
            if body is not None and self._is_news(plan.metadata.uid, each, listed):
                await self._kubernetes.event(body, each.news.type, each.news.reason, each.news.message)

    def _is_news(self, uid: str, waiting: Waiting, listed: Sequence[str]) -> bool:
        key = (uid, waiting.subscription.id)
        former = self._told.get(key)
        self._told[key] = waiting.news.message
        if former is None:
            return waiting.subscription.id not in listed
        return former != waiting.news.message

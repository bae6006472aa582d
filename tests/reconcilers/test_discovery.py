"""Objects made of subscriptions that are born at the provider, over fakes with a memory."""

import asyncio
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

import kubernetes_bodies as bodies
from hand_clock import NOW
from kubernetes_memory import KubernetesMemory
from tenant_billing.api.billing_plan import WaitingSubscriptions
from tenant_billing.api.tenant_subscription import TenantState
from tenant_billing.domain.errors import Forbidden, Unreachable
from tenant_billing.domain.observations import Customer, Subscription, SubscriptionItem
from tenant_billing.ports import ObjectConflict, ObjectGone, ObjectKey
from tenant_billing.reconcilers.discovery import MOST_AT_A_TIME
from tenant_loop import ACME, BACKEND, CLUSTER, PLAN, Selling
from waiting import wait_for

DISCOVERY = {"namespace": "tenants", "clusterRef": {"name": "eu1"}}
PAYER_WRITES = {
    "create_customer",
    "mark_customer",
    "create_subscription",
    "change_item",
    "change_subscription",
    "cancel_subscription",
}


@dataclass
class SlowCreation(KubernetesMemory):
    """A cluster in which nothing is made until it may go on."""

    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    running: int = 0
    most: int = 0

    async def create(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        self.running += 1
        self.most = max(self.most, self.running)
        await self.may_go_on.wait()
        self.running -= 1
        return await super().create(body)


class Shop(Selling):
    """A plan that discovers, and customers who subscribe at the provider."""

    def __init__(self) -> None:
        super().__init__()
        self.change_plan(discovery=DISCOVERY)

    def change_plan(self, **spec: Any) -> None:
        """Edit the spec of plan starter."""
        body = copy.deepcopy(dict(self.loop.store.body(PLAN) or {}))
        changed = bodies.newer(body, generation=body["metadata"]["generation"] + 1)
        self.loop.see(changed | {"spec": {**body["spec"], **spec}})

    async def begin(self) -> None:
        await self.run(CLUSTER, BACKEND, PLAN)

    def buys(self, identity: str = "sub_1", customer: str = "cus_1", **metadata: str) -> Subscription:
        """A customer subscribes to plan starter, pays, and the account's event list tells of it."""
        named = {key.replace("_", "-"): value for key, value in metadata.items()}
        self.account.customers.setdefault(
            customer, Customer(customer, name="Acme Ltd", email=f"{customer}@acme.example", created=NOW)
        )
        item = SubscriptionItem(f"si_{identity}", "price_1", 1, NOW, NOW, currency="EUR", interval="month")
        bought = Subscription(identity, customer, "active", NOW, items=(item,), metadata=named)
        self.account.subscriptions[identity] = bought
        self.account.tells(f"evt_{identity}_1", bought, "customer.subscription.created")
        return bought

    def becomes(self, identity: str, event: str, **changes: Any) -> None:
        """A subscription changes at the provider."""
        changed = replace(self.account.subscriptions[identity], **changes)
        self.account.subscriptions[identity] = changed
        self.account.tells(event, changed)

    async def hears(self) -> None:
        """The event list is read, and whatever it leads to is done."""
        await self.run(BACKEND, PLAN)
        for each in self.made():
            await self.run(each, each)

    def made(self) -> list[ObjectKey]:
        """The objects that stand."""
        found = self.loop.store.subscriptions_of_cluster("eu1")
        return [
            ObjectKey("TenantSubscription", each.metadata.namespace or "", each.metadata.name)
            for each in found
        ]

    @property
    def waiting(self) -> WaitingSubscriptions | None:
        plan = self.loop.store.plan("starter")
        assert plan is not None
        return plan.status.waiting

    def payer_writes(self) -> set[str]:
        return PAYER_WRITES & set(self.account.calls)


@pytest.fixture
async def shop() -> Shop:
    shop = Shop()
    await shop.begin()
    return shop


@pytest.fixture(autouse=True)
def nothing_is_written_for_payers(shop: Shop) -> Iterator[None]:
    """Whatever a test does, subscriptions and customers of the provider are only read."""
    yield
    assert shop.payer_writes() == set()


async def test_a_subscription_that_names_a_tenant_becomes_an_object_and_a_tenant(shop: Shop) -> None:
    shop.buys(tenant_id="acme", tenant_name="Acme IoT")
    await shop.hears()
    assert (shop.made(), shop.reason()) == ([ACME], "Provisioned")
    tenant = shop.registry.tenants["acme"]
    assert (tenant.name, tenant.billing and tenant.billing.subscription_id) == ("Acme IoT", "sub_1")


async def test_without_tenant_id_it_waits_and_is_found_when_the_metadata_arrives(shop: Shop) -> None:
    shop.buys()
    await shop.hears()
    assert shop.waiting == WaitingSubscriptions(count=1, subscription_ids=("sub_1",))
    assert (shop.made(), shop.loop.kubernetes.events) == ([], ["TenantIDMissing"])

    shop.becomes("sub_1", "evt_2", metadata={"tenant-id": "acme"})
    await shop.hears()
    assert shop.waiting == WaitingSubscriptions(count=0)
    assert shop.reason() == "Provisioned"


async def test_what_waits_is_told_once_also_after_a_restart(shop: Shop) -> None:
    shop.buys()
    await shop.hears()
    await shop.run(PLAN)
    shop.restart()
    await shop.begin()
    assert shop.loop.kubernetes.events == ["TenantIDMissing"]


async def test_another_reason_to_wait_is_told_anew(shop: Shop) -> None:
    shop.buys()
    await shop.hears()
    shop.becomes("sub_1", "evt_2", metadata={"tenant-id": "Acme!"})
    await shop.hears()
    assert shop.loop.kubernetes.events == ["TenantIDMissing", "InvalidTenant"]


async def test_an_object_that_is_deleted_while_the_subscription_lives_comes_back(shop: Shop) -> None:
    shop.buys(tenant_id="acme")
    await shop.hears()
    first = shop.acme.metadata.uid
    shop.loop.store.forget(dict(shop.loop.store.body(ACME) or {}))

    await shop.run(PLAN, ACME, ACME)

    assert shop.acme.metadata.uid != first
    assert (shop.reason(), shop.registry.count("create_tenant")) == ("Provisioned", 1)


async def test_an_object_of_what_has_ended_does_not_come_back(shop: Shop) -> None:
    shop.buys(tenant_id="acme")
    await shop.hears()
    shop.becomes("sub_1", "evt_2", status="canceled", ended_at=NOW)
    await shop.hears()
    assert (shop.reason(), shop.tenant_state) == ("SubscriptionEnded", TenantState.SUSPENDED)
    shop.loop.store.forget(dict(shop.loop.store.body(ACME) or {}))

    await shop.run(PLAN)

    assert shop.made() == []


async def test_a_new_subscription_of_the_customer_revives_the_tenant(shop: Shop) -> None:
    shop.buys(tenant_id="acme")
    await shop.hears()
    shop.becomes("sub_1", "evt_2", status="canceled", ended_at=NOW)
    await shop.hears()

    shop.buys("sub_2", tenant_id="acme")
    await shop.hears()

    assert (shop.made(), shop.reason(), shop.tenant_state) == ([ACME], "Provisioned", TenantState.APPROVED)
    assert shop.acme.status.subscription_id == "sub_2"


async def test_a_second_buyer_of_the_same_link_is_told_and_touches_nothing(shop: Shop) -> None:
    shop.buys(tenant_id="acme")
    await shop.hears()
    before = shop.registry.tenants["acme"]
    shop.buys("sub_2", "cus_2", tenant_id="acme")
    await shop.hears()
    assert shop.waiting == WaitingSubscriptions(count=1, subscription_ids=("sub_2",))
    assert shop.loop.kubernetes.events == ["CustomerMismatch"]
    assert (shop.registry.tenants["acme"], shop.reason()) == (before, "Provisioned")


async def test_a_lost_cluster_is_discovered_again_identically(shop: Shop) -> None:
    shop.buys(tenant_id="acme")
    shop.buys("sub_2", "cus_2", tenant_id="beta")
    await shop.hears()
    made = list(shop.loop.kubernetes.created)
    shop.registry.calls.clear()
    for key in shop.made():
        shop.loop.store.forget(dict(shop.loop.store.body(key) or {}))
    shop.restart()

    await shop.begin()
    await shop.hears()

    assert shop.loop.kubernetes.created[len(made) :] == made
    assert {"create_tenant", "update_tenant"} & set(shop.registry.calls) == set()


async def test_a_restart_makes_nothing_twice(shop: Shop) -> None:
    shop.buys(tenant_id="acme")
    await shop.hears()
    before = shop.acme
    shop.restart()
    await shop.begin()
    await shop.hears()
    assert shop.acme == before
    assert (shop.loop.kubernetes.count("create"), shop.registry.count("create_tenant")) == (1, 1)


async def test_plans_that_begin_to_discover_later_find_what_happened_until_then(shop: Shop) -> None:
    shop.change_plan(discovery=None)
    await shop.run(PLAN)
    shop.buys(tenant_id="acme")
    await shop.hears()
    assert (shop.made(), shop.waiting) == ([], None)

    shop.change_plan(discovery=DISCOVERY)
    await shop.run(PLAN)

    assert shop.made() == [ACME]


async def test_what_else_has_changed_until_then_is_looked_at_although_its_event_tells_nothing_new(
    shop: Shop,
) -> None:
    """The listing shows it, so that the event list passes over an event from before: nobody else would look."""
    shop.buys(tenant_id="acme")
    await shop.hears()
    shop.change_plan(discovery=None)
    shop.buys("sub_2", "cus_2", tenant_id="beta")
    await shop.hears()
    shop.pass_time(60)
    shop.becomes("sub_1", "evt_unread", status="canceled", ended_at=shop.account.moment)
    shop.pass_time(60)

    shop.change_plan(discovery=DISCOVERY)
    shop.loop.queue.keys.clear()
    await shop.run(PLAN)
    assert ACME in shop.loop.queue.keys
    await shop.run(ACME)
    assert shop.tenant_state is TenantState.SUSPENDED
    assert ObjectKey("TenantSubscription", "tenants", "beta") in shop.made()


async def test_an_event_that_the_full_listing_has_seen_already_costs_no_read(shop: Shop) -> None:
    shop.buys()
    shop.restart()
    shop.pass_time(3600)
    await shop.begin()
    assert shop.account.count("subscription") == 0


async def test_a_stranger_that_cannot_be_read_is_read_again(shop: Shop) -> None:
    shop.buys(tenant_id="acme")
    shop.account.fail("subscription", Unreachable("cut"))
    await shop.run(BACKEND, PLAN)
    assert shop.made() == []
    await shop.hears()
    assert shop.reason() == "Provisioned"


@pytest.mark.parametrize(
    ("error", "said"), [(Forbidden("it is being terminated"), "terminated"), (ObjectGone("gone"), "gone")]
)
async def test_an_object_that_cannot_be_made_is_told_and_tried_again(
    shop: Shop, error: Exception, said: str
) -> None:
    shop.buys(tenant_id="acme")
    shop.loop.kubernetes.fail("create", error)
    await shop.run(BACKEND, PLAN)
    assert shop.waiting == WaitingSubscriptions(count=1, subscription_ids=("sub_1",))
    assert said in shop.loop.kubernetes.told[-1]
    await shop.hears()
    assert (shop.waiting, shop.reason()) == (WaitingSubscriptions(), "Provisioned")


async def test_an_object_that_was_made_meanwhile_is_no_failure(shop: Shop) -> None:
    shop.buys(tenant_id="acme")
    shop.buys("sub_2", "cus_2")
    shop.loop.kubernetes.fail("create", ObjectConflict("acme"))
    await shop.run(BACKEND, PLAN)
    assert shop.waiting is not None
    assert shop.waiting.subscription_ids == ("sub_2",)  # told by the same look, and of nobody else


async def test_one_object_that_cannot_be_made_stops_no_other(shop: Shop) -> None:
    names = [f"tenant-{number:02}" for number in range(20)]
    for number, name in enumerate(names):
        shop.buys(f"sub_{number}", f"cus_{number}", tenant_id=name)
    shop.loop.kubernetes.fail("create", Forbidden("it is being terminated"))
    await shop.run(BACKEND, PLAN)
    assert len(shop.made()) == 19
    assert shop.waiting is not None
    assert shop.waiting.count == 1
    await shop.hears()
    assert sorted(each.name for each in shop.made()) == names


async def test_many_objects_are_made_a_few_at_a_time_while_other_work_goes_on(shop: Shop) -> None:
    for number in range(100):
        shop.buys(f"sub_{number}", f"cus_{number}", tenant_id=f"tenant-{number:02}")
    cluster = SlowCreation(**vars(shop.loop.kubernetes))
    shop.loop.kubernetes = cluster
    shop.restart()
    await shop.run(CLUSTER, BACKEND)
    finding = asyncio.create_task(shop.run(PLAN))
    await wait_for(lambda: cluster.running == MOST_AT_A_TIME, "a few objects being made")
    await shop.run(CLUSTER)  # not held up
    assert (finding.done(), shop.made()) == (False, [])
    cluster.may_go_on.set()
    await finding
    assert (cluster.most, len(shop.made())) == (MOST_AT_A_TIME, 100)


@pytest.mark.parametrize(
    ("discovery", "said"),
    [
        (DISCOVERY | {"namespace": "nowhere"}, "there is no Namespace nowhere"),
        (DISCOVERY | {"clusterRef": {"name": "mars"}}, "there is no ThingsStackCluster mars"),
    ],
)
async def test_where_nothing_can_be_made_is_said_on_the_plan(
    shop: Shop, discovery: dict[str, Any], said: str
) -> None:
    shop.change_plan(discovery=discovery)
    shop.buys(tenant_id="acme")
    await shop.hears()
    assert shop.made() == []
    assert said in shop.loop.kubernetes.told[-1]


async def test_while_the_cluster_is_down_nothing_is_made_and_afterwards_all(shop: Shop) -> None:
    shop.restart()
    shop.registry.fail("probe", Unreachable("down"))
    shop.buys(tenant_id="acme")
    await shop.begin()
    assert shop.made() == []
    await shop.begin()
    await shop.hears()
    assert shop.reason() == "Provisioned"


async def test_a_customer_without_an_address_is_told_and_found_once_there_is_one(shop: Shop) -> None:
    """No event tells of the customer's edit: the next look asks."""
    shop.buys(tenant_id="acme")
    customer = shop.account.customers["cus_1"]
    shop.account.customers["cus_1"] = replace(customer, email=None)
    await shop.hears()
    assert shop.reason() == "InvalidTenant"
    assert shop.registry.count("create_tenant") == 0

    shop.account.customers["cus_1"] = customer
    await shop.run(ACME, ACME)
    assert shop.reason() == "Provisioned"


async def test_a_password_in_metadata_reaches_the_registry_once_and_nobody_else(shop: Shop) -> None:
    shop.buys(tenant_id="acme")
    secret = "Correct-Horse-1"
    shop.becomes("sub_1", "evt_2", admin_password=secret)
    await shop.hears()
    assert "admin-password in plain text" in shop.condition().message
    assert shop.loop.kubernetes.events == ["PasswordInMetadata"]
    shown = (shop.loop.store.body(ACME), shop.loop.kubernetes.told, shop.loop.kubernetes.created)
    assert secret not in repr(shown)


async def test_an_untrusted_object_that_names_a_subscription_keeps_nobody_from_being_served(
    shop: Shop,
) -> None:
    """The ids of subscriptions that wait for a tenant stand in the plan's status."""
    shop.loop.see(bodies.a_namespace("elsewhere"))
    squatter = bodies.a_subscription("zzz", namespace="elsewhere")
    shop.loop.see(squatter | {"spec": squatter["spec"] | {"subscriptionID": "sub_1"}})
    shop.buys(tenant_id="acme")
    await shop.run(BACKEND, PLAN)

    assert ACME in shop.made()


async def test_whoever_names_a_payer_s_tenant_keeps_its_object_from_nothing(shop: Shop) -> None:
    """It was deleted by mistake while it is paid for, and a stranger had named its id before."""
    shop.buys(tenant_id="acme")
    await shop.hears()
    shop.loop.see(bodies.a_namespace("elsewhere"))
    shop.loop.see(bodies.a_subscription(namespace="elsewhere", creationTimestamp="2026-01-01T00:00:00Z"))
    shop.loop.store.forget(shop.loop.store.body(ACME) or {})
    await shop.run(PLAN, ACME, ACME)

    assert shop.reason() == "Provisioned"

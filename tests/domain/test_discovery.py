"""For which subscriptions born at the provider an object is made, and which wait."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subscription_builders import (
    DAY,
    KEY,
    NOW,
    a_foreign_tenant,
    a_plan,
    a_subscription,
    a_tenant,
    a_tenant_subscription,
    an_item,
    own_attributes,
)
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.names import UNPRUNED
from tenant_billing.api.tenant_subscription import TenantState, TenantSubscription
from tenant_billing.domain.access import KNOWN
from tenant_billing.domain.discovery import Discovered, Survey, cluster_of, discover, plan_of
from tenant_billing.domain.observations import BillingReference, Subscription, Tenant

DISCOVERY = {"namespace": "tenants", "clusterRef": {"name": "eu1"}}


def discovering(name: str = "starter", **spec: Any) -> BillingPlan:
    """A plan whose price ``price_<name>`` stands, and which makes objects in namespace ``tenants``."""
    plan = a_plan(name, **({"discovery": DISCOVERY} | spec))
    status = plan.status.model_copy(update={"price_id": f"price_{name}"})
    return plan.model_copy(update={"status": status})


def born(identity: str = "sub_1", tenant_id: str | None = "acme", **changes: Any) -> Subscription:
    """A paid subscription of ``cus_1`` to plan starter that names a tenant, as Checkout makes it."""
    metadata = {} if tenant_id is None else {"tenant-id": tenant_id}
    return replace(a_subscription(), **({"id": identity, "metadata": metadata} | changes))


@dataclass(frozen=True)
class Standing:
    """What stands in Kubernetes."""

    objects: Sequence[TenantSubscription] = ()
    names: Sequence[str] = ()

    def naming(self, subscription_id: str) -> Sequence[TenantSubscription]:
        return [
            each
            for each in self.objects
            if subscription_id in (each.spec.subscription_id, each.status.subscription_id)
        ]

    def of_tenant(self, cluster: str, tenant_id: str) -> Sequence[TenantSubscription]:
        return [
            each
            for each in self.objects
            if (each.spec.cluster_ref.name, each.spec.tenant.id) == (cluster, tenant_id)
        ]

    def exists(self, namespace: str, name: str) -> bool:
        return name in self.names or any(
            (each.metadata.namespace, each.metadata.name) == (namespace, name) for each in self.objects
        )


def survey(*subscriptions: Subscription, **changes: Any) -> Survey:
    """A look at plan starter; no tenant and no object stands."""
    plan = changes.pop("plan", None) or discovering()
    known: dict[str, Any] = {
        "plan": plan,
        "plans": (plan,),
        "owner": "default",
        "subscriptions": subscriptions,
        "objects": Standing(),
        "tenants": {},
    }
    return Survey(**(known | changes))


def made(found: Discovered) -> list[tuple[str, str]]:
    """Tenant and subscription of each object to be made."""
    return [(each.tenant_id, each.subscription.id) for each in found.objects]


def waiting(found: Discovered) -> list[tuple[str, str]]:
    """Id and reason of each subscription that waits."""
    return [(each.subscription.id, each.news.reason) for each in found.waiting]


def message(found: Discovered) -> str:
    (only,) = found.waiting
    return only.news.message


# The ordinary flow


def test_tbs_03_a_subscription_that_names_a_tenant_gets_an_object() -> None:
    found = discover(survey(born()))
    assert (made(found), waiting(found)) == ([("acme", "sub_1")], [])


def test_the_object_observes_and_says_nothing_else() -> None:
    (wanted,) = discover(survey(born())).objects
    manifest = wanted.manifest()
    assert manifest["metadata"] == {
        "name": "acme",
        "namespace": "tenants",
        "annotations": dict(UNPRUNED),
        "finalizers": ["tenantbilling.dev/finalizer"],
    }
    assert (
        TenantSubscription.from_kubernetes(manifest).spec
        == a_tenant_subscription(managementPolicy="Observe").spec
    )
    assert set(manifest["spec"]) == {
        "managementPolicy",
        "backendRef",
        "subscriptionID",
        "clusterRef",
        "tenant",
    }


@pytest.mark.parametrize("metadata", [{}, {"tenant-id": ""}, {"tenant-name": "Acme"}])
def test_without_tenant_id_it_waits(metadata: dict[str, str]) -> None:
    found = discover(survey(born(metadata=metadata)))
    assert (made(found), waiting(found)) == ([], [("sub_1", "TenantIDMissing")])
    assert "add tenant-id to its metadata in Stripe" in message(found)


def test_the_status_counts_all_that_wait_and_names_the_first_ten() -> None:
    many = [born(f"sub_{number:02}", None, created=NOW - number * DAY) for number in range(12)]
    status = discover(survey(*many)).status()
    assert status.count == 12
    assert status.subscription_ids == tuple(f"sub_{number:02}" for number in range(11, 1, -1))


def test_a_plan_without_discovery_makes_nothing() -> None:
    assert discover(survey(born(), plan=discovering(discovery=None))) == Discovered()


# What is not discovered


@pytest.mark.parametrize("status", sorted(KNOWN | {"frozen_by_regulator"}))
def test_tbs_13_only_what_has_begun_and_is_not_over_is_discovered(status: str) -> None:
    live = status in {"active", "trialing", "past_due", "unpaid", "paused"}
    found = discover(survey(born(status=status)))
    assert (made(found), waiting(found)) == ([("acme", "sub_1")] if live else [], [])


@pytest.mark.parametrize(
    "metadata",
    [
        KEY.metadata("starter"),
        {"tenant-id": "acme", "tenantbilling.dev/owner": "another-installation"},
        {"tenant-id": "acme", "tenantbilling.dev/plan": "starter"},
    ],
)
def test_what_carries_our_metadata_is_never_discovered(metadata: dict[str, str]) -> None:
    assert discover(survey(born(metadata=metadata))) == Discovered()


@pytest.mark.parametrize(
    "resource",
    [
        a_tenant_subscription("other", tenant={"id": "beta"}, status={"subscriptionID": "sub_1"}),
        a_tenant_subscription("other", tenant={"id": "beta"}, managementPolicy="Observe"),
    ],
)
def test_what_an_object_names_is_never_discovered(resource: TenantSubscription) -> None:
    assert discover(survey(born(), objects=Standing([resource]))) == Discovered()


def test_a_price_of_no_plan_is_nobody_s_business() -> None:
    assert discover(survey(born(items=(an_item("price_of_nobody"),)))) == Discovered()


def test_tbs_12_the_first_item_that_a_plan_owns_decides() -> None:
    starter, pro = discovering(), discovering("pro")
    both = born(items=(an_item("price_of_nobody"), an_item("price_pro"), an_item()))
    assert made(discover(survey(both, plan=pro, plans=(starter, pro)))) == [("acme", "sub_1")]
    assert made(discover(survey(both, plan=starter, plans=(starter, pro)))) == []


def test_of_two_plans_with_one_price_the_older_discovers() -> None:
    older, younger = discovering(), discovering("younger")
    younger = younger.model_copy(update={"status": older.status})
    assert made(discover(survey(born(), plan=younger, plans=(older, younger)))) == []
    assert made(discover(survey(born(), plan=older, plans=(older, younger)))) == [("acme", "sub_1")]


# Bad metadata


@pytest.mark.parametrize("tenant_id", ["Acme", "a-b", "acme_iot", "a" * 37, " acme", "acme--iot", "acme\n"])
def test_a_tenant_id_that_the_things_stack_refuses_waits_and_is_quoted(tenant_id: str) -> None:
    found = discover(survey(born(tenant_id=tenant_id)))
    assert (made(found), waiting(found)) == ([], [("sub_1", "InvalidTenant")])
    assert repr(tenant_id) in message(found)


def test_a_reserved_tenant_id_gets_an_object_that_says_so() -> None:
    assert made(discover(survey(born(tenant_id="admin")))) == [("admin", "sub_1")]


# Two that name one tenant


def test_a_payment_link_that_gives_two_buyers_one_tenant_serves_the_first() -> None:
    first = born("sub_first", created=NOW - 2 * DAY)
    second = born("sub_a_second", customer_id="cus_2", created=NOW - DAY)
    found = discover(survey(second, first))
    assert (made(found), waiting(found)) == (
        [("acme", "sub_first")],
        [("sub_a_second", "CustomerMismatch")],
    )
    assert "which customer cus_1 pays for; the tenant is not touched" in message(found)


def test_an_abandoned_first_checkout_does_not_hold_the_tenant() -> None:
    abandoned = born("sub_first", status="incomplete", created=NOW - 2 * DAY)
    assert made(discover(survey(abandoned, born("sub_2", customer_id="cus_2")))) == [("acme", "sub_2")]


def test_of_two_subscriptions_of_one_customer_the_one_that_counts_is_observed() -> None:
    overdue = born("sub_older", status="past_due", created=NOW - 9 * DAY)
    found = discover(survey(overdue, born("sub_younger", created=NOW - DAY)))
    assert (made(found), waiting(found)) == ([("acme", "sub_younger")], [])


def test_the_customer_that_the_tenant_names_goes_before_the_first() -> None:
    tenant = a_foreign_tenant(billing=BillingReference("cus_2", "price_starter", "sub_old", "si_old"))
    first = born("sub_1", created=NOW - 9 * DAY)
    found = discover(survey(first, born("sub_2", customer_id="cus_2"), tenants={"acme": tenant}))
    assert (made(found), waiting(found)) == ([("acme", "sub_2")], [("sub_1", "CustomerMismatch")])


def test_tbs_14_a_tenant_id_that_another_customer_owns_waits() -> None:
    tenant = a_foreign_tenant(billing=BillingReference("cus_other", "price_1", "sub_other", "si_other"))
    found = discover(survey(born(), tenants={"acme": tenant}))
    assert (made(found), waiting(found)) == ([], [("sub_1", "CustomerMismatch")])
    assert "cus_other" in message(found)


def test_tbs_14_a_tenant_that_nobody_manages_gets_an_object_that_says_so() -> None:
    assert made(discover(survey(born(), tenants={"acme": a_foreign_tenant()}))) == [("acme", "sub_1")]


def standing_object(customer: str | None = "cus_1", **changes: Any) -> TenantSubscription:
    """The object of tenant acme, which observes ``sub_0``."""
    status = {"customerID": customer} if customer else {}
    return a_tenant_subscription(
        **({"managementPolicy": "Observe", "subscriptionID": "sub_0", "status": status} | changes)
    )


def test_a_successor_of_the_same_customer_is_judged_by_the_object_that_stands() -> None:
    assert discover(survey(born(), objects=Standing([standing_object()]))) == Discovered()


def test_an_object_that_was_just_made_has_the_customer_of_its_subscription() -> None:
    objects = Standing([standing_object(customer=None)])
    observed = born("sub_0", created=NOW - 9 * DAY)
    assert discover(survey(observed, born(), objects=objects)) == Discovered()


def test_a_second_buyer_is_refused_while_the_first_one_s_object_stands() -> None:
    found = discover(survey(born(), objects=Standing([standing_object("cus_first")])))
    assert waiting(found) == [("sub_1", "CustomerMismatch")]
    assert "TenantSubscription tenants/acme stands for with customer cus_first" in message(found)


def test_an_object_without_a_customer_has_the_tenant_all_the_same() -> None:
    found = discover(survey(born(), objects=Standing([a_tenant_subscription()])))
    assert waiting(found) == [("sub_1", "CustomerMismatch")]
    assert "TenantSubscription tenants/acme stands for;" in message(found)


def test_an_object_of_that_name_for_another_tenant_is_in_the_way() -> None:
    other = a_tenant_subscription("acme", tenant={"id": "acme-iot"})
    found = discover(survey(born(), objects=Standing([other])))
    assert (made(found), waiting(found)) == ([], [("sub_1", "Conflict")])


def test_plans_of_one_cluster_weigh_their_subscriptions_together() -> None:
    starter, pro = discovering(), discovering("pro")
    first = born("sub_first", created=NOW - 9 * DAY, items=(an_item("price_pro"),))
    second = born("sub_2", customer_id="cus_2", created=NOW)
    plans = (starter, pro)
    of_starter = discover(survey(first, second, plan=starter, plans=plans))
    of_pro = discover(survey(first, second, plan=pro, plans=plans))
    assert (made(of_starter), waiting(of_starter)) == ([], [("sub_2", "CustomerMismatch")])
    assert (made(of_pro), waiting(of_pro)) == ([("acme", "sub_first")], [])


def test_the_same_tenant_id_on_two_clusters_is_two_tenants() -> None:
    europe = discovering()
    america = discovering("pro", discovery=DISCOVERY | {"clusterRef": {"name": "us1"}})
    plans = (europe, america)
    there = born("sub_us", customer_id="cus_2", items=(an_item("price_pro"),))
    assert made(discover(survey(born(), there, plan=europe, plans=plans))) == [("acme", "sub_1")]
    assert made(discover(survey(born(), there, plan=america, plans=plans))) == [("acme", "sub_us")]


@pytest.mark.parametrize(
    ("subscription", "plan", "cluster"),
    [
        (born(), "starter", "eu1"),
        (born(items=(an_item("price_pro"),)), "pro", None),
        (born(items=()), None, None),
    ],
)
def test_the_plan_says_of_which_cluster_a_tenant_id_speaks(
    subscription: Subscription, plan: str | None, cluster: str | None
) -> None:
    plans = (discovering(), discovering("pro", discovery=None))
    found = plan_of(subscription, plans)
    assert (found.metadata.name if found else None, cluster_of(subscription, plans)) == (plan, cluster)


# What cannot be known or made now


def test_while_the_cluster_cannot_be_asked_nothing_is_made_and_nobody_is_refused() -> None:
    unreadable = survey(born(), born("sub_2", None), tenants=None)
    assert (made(discover(unreadable)), waiting(discover(unreadable))) == ([], [("sub_2", "TenantIDMissing")])


def test_a_namespace_that_is_missing_is_told_of_each() -> None:
    found = discover(survey(born(), obstacle="there is no Namespace tenants; create it."))
    assert (made(found), waiting(found)) == ([], [("sub_1", "NotDiscovered")])
    assert message(found).endswith("waits: there is no Namespace tenants; create it.")


def test_an_object_that_could_not_be_made_waits() -> None:
    found = discover(survey(born(), born("sub_2", "beta", created=NOW))).failed({"beta": "forbidden"})
    assert (made(found), waiting(found)) == ([("acme", "sub_1")], [("sub_2", "NotDiscovered")])


# What has ended


def claimed(state: TenantState = TenantState.APPROVED, **changes: Any) -> Tenant:
    """The tenant of a discovered object that is gone."""
    reference = BillingReference("cus_1", "price_starter", "sub_1", "si_1")
    known = {"attributes": own_attributes(reference=reference), "billing": reference}
    return a_tenant(state, **(known | changes))


def test_what_ended_long_ago_is_not_discovered_anew() -> None:
    over = born(status="canceled", ended_at=NOW - timedelta(days=400))
    assert discover(survey(over, tenants={"acme": claimed(TenantState.SUSPENDED)})) == Discovered()


@pytest.mark.parametrize("state", [TenantState.APPROVED, TenantState.FLAGGED])
def test_what_ended_while_its_object_was_lost_is_discovered_to_take_the_access_away(
    state: TenantState,
) -> None:
    over = born(status="canceled", ended_at=NOW - DAY)
    assert made(discover(survey(over, tenants={"acme": claimed(state)}))) == [("acme", "sub_1")]


@pytest.mark.parametrize(
    "tenant",
    [
        pytest.param(claimed(attributes={}), id="a tenant that was never ours"),
        pytest.param(claimed(attributes=own_attributes("default/elsewhere/acme")), id="another object's"),
        pytest.param(
            claimed(billing=BillingReference("cus_1", "price_starter", "sub_9", "si_9")), id="paid by another"
        ),
    ],
)
def test_what_ended_and_has_left_nothing_of_ours_is_let_be(tenant: Tenant) -> None:
    assert discover(survey(born(status="canceled"), tenants={"acme": tenant})) == Discovered()


# In any account


IDS = st.sampled_from((None, "", "acme", "beta", "admin", "A B", "x" * 40))
SUBSCRIPTIONS = st.lists(
    st.builds(
        born,
        identity=st.uuids().map(lambda each: f"sub_{each.hex}"),
        tenant_id=IDS,
        customer_id=st.sampled_from(("cus_1", "cus_2")),
        status=st.sampled_from(sorted(KNOWN)),
        created=st.integers(1, 9).map(lambda days: NOW - days * DAY),
    ),
    max_size=6,
    unique_by=lambda each: each.id,
)
METADATA = st.dictionaries(st.sampled_from(("tenant-id", "tenant-name", "admin-user", "other")), st.text())
OWNERS = st.dictionaries(
    st.sampled_from(("acme", "beta")),
    st.sampled_from(("cus_1", "cus_3")).map(
        lambda customer: a_foreign_tenant(billing=BillingReference(customer, "price_1", "sub_x", "si_x"))
    ),
)


@settings(max_examples=200, deadline=None)
@given(subscriptions=SUBSCRIPTIONS, tenants=OWNERS)
def test_no_object_is_ever_made_for_the_tenant_of_another_customer(
    subscriptions: list[Subscription], tenants: dict[str, Tenant]
) -> None:
    for each in discover(survey(*subscriptions, tenants=tenants)).objects:
        tenant = tenants.get(each.tenant_id)
        owner = tenant.billing.customer_id if tenant is not None and tenant.billing is not None else None
        assert owner in (None, each.subscription.customer_id)


@settings(max_examples=200, deadline=None)
@given(subscriptions=SUBSCRIPTIONS, tenants=OWNERS)
def test_each_tenant_gets_one_object_and_each_subscription_at_most_one_fate(
    subscriptions: list[Subscription], tenants: dict[str, Tenant]
) -> None:
    found = discover(survey(*subscriptions, tenants=tenants))
    names = [each.tenant_id for each in found.objects]
    fates = [each.subscription.id for each in (*found.objects, *found.waiting)]
    assert len(names) == len(set(names))
    assert len(fates) == len(set(fates))


@settings(max_examples=200, deadline=None)
@given(subscriptions=SUBSCRIPTIONS, tenants=OWNERS)
def test_what_was_made_is_not_made_again(
    subscriptions: list[Subscription], tenants: dict[str, Tenant]
) -> None:
    first = discover(survey(*subscriptions, tenants=tenants))
    objects = Standing([TenantSubscription.from_kubernetes(each.manifest()) for each in first.objects])
    assert discover(survey(*subscriptions, tenants=tenants, objects=objects)).objects == ()


@settings(max_examples=100, deadline=None)
@given(subscriptions=SUBSCRIPTIONS)
def test_the_order_of_a_listing_changes_nothing(subscriptions: list[Subscription]) -> None:
    assert discover(survey(*subscriptions)) == discover(survey(*reversed(subscriptions)))


@settings(max_examples=200, deadline=None)
@given(metadata=METADATA)
def test_no_metadata_is_too_strange_to_be_looked_at(metadata: dict[str, str]) -> None:
    found = discover(survey(born(metadata=metadata)))
    assert len(found.objects) + len(found.waiting) == 1

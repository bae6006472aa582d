"""For which subscriptions born at the provider an object is made, and which wait."""

from datetime import timedelta
from typing import Any

import pytest

from discovery_builders import Standing, born, discovering, made, message, survey, waiting
from subscription_builders import DAY, KEY, NOW, a_tenant, a_tenant_subscription, an_item, own_attributes
from tenant_billing.api.names import UNPRUNED
from tenant_billing.api.tenant_subscription import TenantState, TenantSubscription
from tenant_billing.domain.access import KNOWN
from tenant_billing.domain.discovery import Discovered, discover
from tenant_billing.domain.observations import BillingReference, Tenant

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
    known: dict[str, Any] = {"attributes": own_attributes(reference=reference), "billing": reference}
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

"""Which of two that name one tenant gets the object, and which waits."""

from typing import Any

import pytest

from discovery_builders import DISCOVERY, Standing, born, discovering, made, message, survey, waiting
from subscription_builders import (
    DAY,
    NOW,
    REFERENCE,
    a_foreign_tenant,
    a_tenant_subscription,
    an_item,
    own_attributes,
)
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.discovery import Discovered, cluster_of, discover, plan_of
from tenant_billing.domain.observations import BillingReference, Subscription


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


@pytest.mark.parametrize(
    ("customer", "trusted", "attributes", "has_a_say"),
    [
        pytest.param(None, False, {}, False, id="it was refused the tenant, and has nothing"),
        pytest.param("cus_own", False, {}, True, id="it has a customer of its own"),
        pytest.param(None, True, {}, True, id="it may adopt what pays"),
        pytest.param(None, False, own_attributes("default/elsewhere/acme"), True, id="the tenant is its own"),
        pytest.param(
            "cus_own", True, own_attributes(), False, id="the tenant is claimed by the object to be"
        ),
    ],
)
def test_a_tenant_that_is_paid_for_is_not_kept_from_its_payer_by_naming_it(
    customer: str | None, attributes: dict[str, str], *, trusted: bool, has_a_say: bool
) -> None:
    squatter = standing_object(
        customer, name="acme", namespace="elsewhere", managementPolicy="Manage", subscriptionID=None
    )
    found = discover(
        survey(
            born(),
            objects=Standing([squatter], trusted=trusted),
            tenants={"acme": a_foreign_tenant(attributes=attributes, billing=REFERENCE)},
        )
    )
    assert made(found) == ([] if has_a_say else [("acme", "sub_1")])


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

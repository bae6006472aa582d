"""An observed subscription never takes what is another's: a tenant, an object's subscription."""

from typing import Any

import pytest

from observed_builders import an_observed, born_in_stripe, observing, to_be_born
from subscription_builders import DAY, NOW, a_backend, a_foreign_tenant, a_tenant_subscription, told
from tenant_billing.api.tenant_subscription import TenantSubscription
from tenant_billing.domain.decision import decide
from tenant_billing.domain.observations import BillingReference


def test_tbs_14_a_tenant_of_another_customer_is_never_touched() -> None:
    another = BillingReference("cus_other", "price_starter", "sub_other", "si_other")
    world = observing(tenant=a_foreign_tenant(billing=another))
    assert (decide(world).actions, told(world).reason) == ((), "CustomerMismatch")


def test_tbs_14_a_tenant_that_nobody_manages_is_never_touched() -> None:
    world = observing(tenant=a_foreign_tenant())
    assert (decide(world).actions, told(world).reason) == ((), "TenantNotManaged")


def test_a_tenant_of_the_billing_server_with_the_same_customer_is_taken_over_without_a_write() -> None:
    reference = BillingReference("cus_1", "price_starter", "sub_1", "si_price_starter")
    world = observing(tenant=a_foreign_tenant(billing=reference))
    assert (decide(world).actions, told(world).reason) == ((), "Provisioned")


@pytest.mark.parametrize(("older_by", "reason"), [(1, "Conflict"), (-1, "AwaitingPayment")])
def test_of_two_objects_for_one_tenant_the_older_wins(older_by: int, reason: str) -> None:
    born = {"creationTimestamp": NOW - (90 + older_by) * DAY}
    world = to_be_born(siblings=(a_tenant_subscription("managed", metadata=born),))
    assert told(world).reason == reason


def another_object(*, older_by: int = 0, **changes: Any) -> TenantSubscription:
    """An object for tenant beta that names the same subscription."""
    born = {"creationTimestamp": NOW - (90 + older_by) * DAY}
    return a_tenant_subscription("beta", tenant={"id": "beta"}, metadata=born, **changes)


def test_one_subscription_does_not_pay_for_two_tenants() -> None:
    """The metadata says for which; an older object that names it beside that is in conflict."""
    beta = another_object(older_by=5)
    assert told(observing(claimants=(beta,))).reason == "Provisioned"

    of_beta = observing(beta, claimants=(an_observed(),), tenant=None)
    assert (decide(of_beta).actions, told(of_beta).reason) == ((), "Conflict")
    assert "tenants/acme stands for subscription" in told(of_beta).message


def test_who_may_not_name_a_subscription_does_not_learn_whose_it_is() -> None:
    beta = another_object(subscriptionID="sub_1")
    stranger = observing(beta, backend=a_backend(), claimants=(an_observed(),), tenant=None)
    assert told(stranger).reason == "NotAllowed"
    assert "acme" not in told(stranger).message


def test_without_metadata_the_older_object_has_the_subscription() -> None:
    silent = (born_in_stripe(metadata={}),)
    assert told(observing(subscriptions=silent, claimants=(another_object(older_by=1),))).reason == "Conflict"
    assert (
        told(observing(subscriptions=silent, claimants=(another_object(older_by=-1),))).reason
        == "Provisioned"
    )

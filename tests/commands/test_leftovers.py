"""What goes on outside once the operator lets go of an object, in plain words."""

from typing import Any

import pytest

from manifests import Manifest, a
from tenant_billing.commands.leftovers import Leftovers, essentials
from tenant_billing.commands.leftovers import left_outside as left_outside_of


def left_outside(bodies: list[Manifest]) -> Leftovers:
    return left_outside_of(map(essentials, bodies))


def a_tenant(changes: dict[str, Any], **status: str) -> Manifest:
    known = {"subscriptionID": "sub_1", "subscriptionStatus": "active", "tenantState": "Approved"}
    return a("TenantSubscription", {"status": known | status, **changes})


@pytest.mark.parametrize(
    "status", ["active", "trialing", "past_due", "incomplete", "unpaid", "paused", "new"]
)
def test_a_subscription_goes_on_until_stripe_says_that_it_has_ended(status: str) -> None:
    told = left_outside([a_tenant({}, subscriptionStatus=status)]).subscriptions
    assert told == (f"sub_1 ({status}): TenantSubscription tenants/acme-iot",)


@pytest.mark.parametrize("status", ["canceled", "incomplete_expired"])
def test_a_subscription_that_has_ended_is_not_told(status: str) -> None:
    assert left_outside([a_tenant({}, subscriptionStatus=status)]).subscriptions == ()


DELETED = {"metadata.deletionTimestamp": "2026-11-22T12:00:00Z"}
OBSERVED = {"spec.managementPolicy": "Observe"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (DELETED, True),
        ({**DELETED, "spec.deletionPolicy": "CancelAndDeleteTenant"}, True),
        ({**DELETED, "spec.deletionPolicy": "Orphan"}, False),
        ({**DELETED, **OBSERVED}, False),
        ({}, False),
    ],
)
def test_a_subscription_that_was_to_end_with_its_object_is_told_twice(
    changes: dict[str, Any], expected: bool
) -> None:
    left = left_outside([a_tenant(changes)])
    assert len(left.subscriptions) == 1
    assert left.unfinished == (left.subscriptions if expected else ())


@pytest.mark.parametrize("state", ["Approved", "Flagged", "Suspended", "Requested", "Rejected"])
def test_a_tenant_stays_in_its_state(state: str) -> None:
    told = left_outside([a_tenant({}, tenantState=state)]).tenants
    assert told == (f"acme-iot on eu1 ({state}): TenantSubscription tenants/acme-iot",)


def test_an_object_that_the_operator_has_never_seen_leaves_nothing() -> None:
    assert left_outside([a("TenantSubscription"), a("BillingBackend"), a("BillingPlan")]) == Leftovers()


def test_an_endpoint_that_was_registered_is_told_and_the_things_that_a_plan_made() -> None:
    left = left_outside(
        [
            a("BillingPlan", {"status": {"productID": "prod_1", "meterID": "mtr_1"}}),
            a("BillingBackend", {"status": {"webhookEndpoint": {"id": "we_1"}}}),
        ]
    )
    assert left.endpoints == ("we_1: BillingBackend main",)
    assert left.catalogue == ("prod_1: BillingPlan starter", "mtr_1: BillingPlan starter")


def test_an_object_that_this_version_cannot_read_is_told_all_the_same() -> None:
    strange = a_tenant({"spec": {"tenant": None}})
    assert left_outside([strange]).tenants == (" on  (Approved): TenantSubscription tenants/acme-iot",)

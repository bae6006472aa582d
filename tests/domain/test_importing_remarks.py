"""What an import cannot map, or would write: it says so and leaves it to a person."""

from typing import Any

import pytest

from import_results import problems, specs
from importing_builders import Left, marks
from tenant_billing.domain.forecast import Call, Forecast, System
from tenant_billing.domain.importing.remarks import Severity
from tenant_billing.domain.importing.result import without_writes
from tenant_billing.domain.observations import BillingReference, TenantState


def test_a_subscription_with_items_of_two_plans_is_reported() -> None:
    left = Left()
    left.price()
    left.price("price_B", product="Growth")
    other = left.sold("beta", "price_B")
    left.tenant(other)
    both = left.sold("acme", items=(left.sold("tmp").items[0], other.items[0]))
    left.subscriptions = [each for each in left.subscriptions if each.id != "sub_tmp"]
    left.tenant(both)
    result = left.imported()
    assert list(specs(result, "TenantSubscription")) == ["beta"]
    assert problems(result) == [
        ("tenant acme", "subscription sub_acme has items of several plans (price_A, price_B)")
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"billed_by_other": True, "billing": None}, "it is billed by another provider than Stripe"),
        (
            {"billing": None, "attributes": {"managed-by": "stripe"}},
            "it names no subscription that pays for it",
        ),
        (
            {
                "billing": None,
                "attributes": {"stripe-customer-id": "cus_x", "stripe-subscription-id": "sub_acme"},
            },
            "it names customer cus_x, and subscription sub_acme is paid by cus_acme",
        ),
        (
            {"billing": None, "attributes": {"stripe-subscription-id": "sub_acme"}},
            "it names customer (none), and subscription sub_acme is paid by cus_acme",
        ),
        (
            {"billing": None, "attributes": {"stripe-subscription-id": "sub_gone"}},
            "account acct_1 has no subscription sub_gone",
        ),
    ],
)
def test_a_tenant_that_cannot_be_mapped_is_named_with_the_reason(
    change: dict[str, Any], expected: str
) -> None:
    left = Left(plan_prices=frozenset({"price_A"}))
    left.price()
    left.tenant(left.sold(), **change)
    result = left.imported()
    assert specs(result, "TenantSubscription") == {}
    assert problems(result) == [("tenant acme", expected)]
    assert all(each.remedy for each in result.remarks)


def test_a_subscription_on_a_price_that_nobody_sells_is_reported() -> None:
    left = Left()
    left.price()
    left.price("price_X", product="Other")
    sold = left.sold("acme", "price_X")
    left.tenant(left.sold("beta"))
    left.tenant(sold, billing=BillingReference("cus_acme", "price_A", "sub_acme", "si"))
    ((subject, problem),) = problems(left.imported())
    assert (subject, "is on price_X" in problem) == ("tenant acme", True)


def test_a_subscription_on_no_price_at_all_is_reported() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold())
    left.subscriptions[0] = left.subscriptions[0].__class__(**{**vars(left.subscriptions[0]), "items": ()})
    ((_, problem),) = problems(left.imported())
    assert "is on no price" in problem


def test_a_price_that_the_account_does_not_list_is_reported() -> None:
    left = Left()
    left.tenant(left.sold())
    assert problems(left.imported()) == [("tenant acme", "the account lists no recurring price price_A")]


def test_a_tenant_that_is_billed_twice_is_reported() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold())
    second = left.sold("acme", id="sub_second")
    assert second.customer_id == "cus_acme"
    assert problems(left.imported()) == [
        ("tenant acme", "it is billed more than once: by sub_acme and by sub_second")
    ]


def test_subscriptions_that_wait_for_a_tenant_are_listed() -> None:
    left = Left(plan_prices=frozenset({"price_A"}))
    left.price()
    left.sold("unnamed", metadata={})
    left.sold("unborn")
    left.sold("ended", status="canceled")
    left.sold("ours", metadata=marks("ours", owner="other"))
    assert problems(left.imported()) == [
        ("subscription sub_unborn", "it names tenant unborn, which does not exist"),
        ("subscription sub_unnamed", "it is on a plan and names no tenant (metadata tenant-id)"),
    ]


def test_a_subscription_of_something_else_is_nobody_s_concern() -> None:
    left = Left()
    left.price()
    left.sold("newsletter", "price_other", metadata={})
    assert problems(left.imported()) == []


def test_a_subscription_that_ended_is_imported_and_said() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold(status="canceled"), state=TenantState.SUSPENDED)
    result = left.imported()
    assert list(specs(result, "TenantSubscription")) == ["acme"]
    assert ("tenant acme", "subscription sub_acme has ended") in problems(result, Severity.NOTE)


def test_a_successor_of_an_ended_subscription_is_what_is_observed() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold(status="canceled"))
    left.sold("acme", id="sub_successor")
    (spec,) = specs(left.imported(), "TenantSubscription").values()
    assert spec["subscriptionID"] == "sub_successor"


def test_a_customer_with_several_tenants_gets_an_object_for_each() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold("acme"))
    left.tenant(left.sold("acme-lab", customer="cus_acme"))
    found = specs(left.imported(), "TenantSubscription")
    assert {name: spec["subscriptionID"] for name, spec in found.items()} == {
        "acme": "sub_acme",
        "acme-lab": "sub_acme-lab",
    }


# -- what applying would write is paused ------------------------------------


def test_an_object_that_would_write_is_paused_and_reported() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold())
    left.tenant(left.sold("beta"))
    call = Call(
        System.THINGS_STACK, "UpdateTenant", "TenantSubscription tenants/acme", "acme", {}, {}, "access"
    )
    other = Call(System.STRIPE, "ArchivePrice", "BillingPlan starter", "price_A", {}, {}, "")
    result = without_writes(left.imported(), Forecast((call, other)))
    paused = {
        each["metadata"]["name"]
        for each in result.resources
        if each["metadata"].get("annotations", {}).get("tenantbilling.dev/paused") == "true"
    }
    assert paused == {"acme", "starter"}
    assert problems(result, Severity.PAUSED) == [
        ("BillingPlan starter", "applying it would write outside: ArchivePrice"),
        (
            "TenantSubscription tenants/acme",
            "applying it would write outside: UpdateTenant (access)",
        ),
    ]


def test_a_remark_as_json_names_everything() -> None:
    left = Left()
    left.tenant(left.sold())
    told = left.imported().remarks[0].to_json()
    assert told["severity"] == "NotMapped"
    assert set(told) == {"severity", "subject", "problem", "remedy"}

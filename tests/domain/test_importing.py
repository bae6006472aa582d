"""What an import makes of tenants that the Tenant Billing Server manages."""

from decimal import Decimal
from typing import Any

import pytest

from importing_builders import LIMITS, Left, marks
from tenant_billing.domain.forecast import Call, Forecast, System
from tenant_billing.domain.importing.remarks import Severity
from tenant_billing.domain.importing.result import Import, without_writes
from tenant_billing.domain.observations import Meter, PriceTier, TenantState
from tenant_billing.runtime.observed import MODELS


def of_kind(result: Import, kind: str) -> list[dict[str, Any]]:
    found = [each for each in result.resources if each["kind"] == kind]
    for each in found:
        MODELS[kind].from_kubernetes(each, unknown_fields="forbid")
    return found


def specs(result: Import, kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each["spec"] for each in of_kind(result, kind)}


def problems(result: Import, severity: Severity = Severity.NOT_MAPPED) -> list[tuple[str, str]]:
    return [(each.subject, each.problem) for each in result.remarks if each.severity is severity]


def test_a_tenant_becomes_an_observed_object_that_deletes_nothing() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold())
    result = left.imported()
    (body,) = of_kind(result, "TenantSubscription")
    assert body["metadata"] == {"name": "acme", "namespace": "tenants"}
    assert body["spec"] == {
        "managementPolicy": "Observe",
        "backendRef": {"name": "main"},
        "subscriptionID": "sub_acme",
        "clusterRef": {"name": "eu1"},
        "tenant": {"id": "acme", "name": "Acme"},
        "deletionPolicy": "Orphan",
    }
    assert problems(result) == []


def test_its_price_becomes_a_plan_that_adopts_it_with_the_limits_of_its_metadata() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold())
    assert specs(left.imported(), "BillingPlan") == {
        "starter": {
            "backendRef": {"name": "main"},
            "displayName": "Starter",
            "price": {"existing": {"priceID": "price_A", "limitsFrom": "PriceMetadata"}},
            "allowedNamespaces": {"from": "All"},
        }
    }


def test_backend_and_cluster_name_secrets_and_hold_no_key() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold())
    result = left.imported()
    assert specs(result, "BillingBackend")["main"] == {
        "stripe": {
            "mode": "Test",
            "apiKeySecretRef": {"name": "stripe", "key": "api-key"},
            "accountID": "acct_1",
        },
        "owner": "default",
        "trustedNamespaces": {
            "from": "Selector",
            "selector": {
                "matchExpressions": [
                    {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["tenants"]}
                ]
            },
        },
    }
    assert specs(result, "ThingsStackCluster")["eu1"] == {
        "url": "https://lns.example.com",
        "tenantAdminKeySecretRef": {"name": "things-stack", "key": "tenant-admin-key"},
    }
    remedies = " ".join(each.remedy for each in result.remarks)
    assert "kubectl create secret generic stripe" in remedies
    assert "kubectl create secret generic things-stack" in remedies


def test_the_same_outside_gives_the_same_result_whatever_the_order_of_reading() -> None:
    left = Left()
    left.price()
    left.price("price_B", product="Growth", metadata={})
    for tenant, price in (("beta", "price_B"), ("acme", "price_A"), ("gamma", "price_B")):
        left.tenant(left.sold(tenant, price))
    first = left.imported()
    for each in (left.products, left.prices, left.customers, left.subscriptions, left.tenants):
        each.reverse()
    assert left.imported() == first


def test_an_attribute_of_the_first_generation_names_the_subscription_too() -> None:
    left = Left()
    left.price()
    attributes = {
        "managed-by": "stripe",
        "stripe-customer-id": "cus_acme",
        "stripe-plan-id": "price_A",
        "stripe-subscription-id": "sub_acme",
    }
    left.tenant(left.sold(), billing=None, attributes=attributes)
    assert list(specs(left.imported(), "TenantSubscription")) == ["acme"]


def test_a_tenant_that_nobody_bills_is_left_alone_in_silence() -> None:
    left = Left()
    left.price()
    sold = left.sold()
    left.tenant(sold)
    left.tenant(sold, id="internal", billing=None)
    result = left.imported()
    assert list(specs(result, "TenantSubscription")) == ["acme"]
    assert problems(result) == []


# -- plans ------------------------------------------------------------------


def test_an_older_price_of_the_same_product_and_terms_belongs_to_the_plan_too() -> None:
    left = Left()
    left.price("price_old", unit_amount=3900, active=False)
    left.price("price_new")
    left.tenant(left.sold("acme", "price_old"))
    left.tenant(left.sold("beta", "price_new"))
    (plan,) = specs(left.imported(), "BillingPlan").values()
    assert plan["price"]["existing"]["priceID"] == "price_new"
    assert plan["price"]["existing"]["acceptedPriceIDs"] == ["price_old"]


def test_a_plan_whose_only_price_is_out_of_sale_says_so() -> None:
    left = Left()
    left.price(active=False)
    left.tenant(left.sold())
    assert (
        "BillingPlan starter",
        "price price_A was taken out of sale in Stripe",
    ) in problems(left.imported(), Severity.NOTE)


def test_the_yearly_price_of_a_product_is_a_plan_of_its_own() -> None:
    left = Left()
    left.price()
    left.price("price_Y", interval="year", unit_amount=49000)
    left.tenant(left.sold("acme", "price_A"))
    left.tenant(left.sold("beta", "price_Y"))
    assert list(specs(left.imported(), "BillingPlan")) == ["starter-month-eur", "starter-year-eur"]


@pytest.mark.parametrize(
    ("product", "name"),
    [("Größe XL!", "groe-xl"), ("日本", "prod"), ("--", "prod"), ("A" * 80, "a" * 50)],
)
def test_a_product_name_that_kubernetes_would_refuse_becomes_one_that_it_takes(
    product: str, name: str
) -> None:
    left = Left()
    left.price(product=product)
    left.tenant(left.sold())
    ((found, spec),) = specs(left.imported(), "BillingPlan").items()
    assert found == name
    assert spec["displayName"] == product


def test_two_products_of_one_name_are_told_apart() -> None:
    left = Left()
    left.price()
    left.price("price_B", product_id="prod_other")
    left.products.append(left.products[0].__class__("prod_other", "Starter", active=True))
    left.tenant(left.sold("acme", "price_A"))
    left.tenant(left.sold("beta", "price_B"))
    names = list(specs(left.imported(), "BillingPlan"))
    assert len(set(names)) == 2
    assert all(name.startswith("starter-") for name in names)


def test_a_configured_price_that_nobody_is_on_is_a_plan_too() -> None:
    left = Left(plan_prices=frozenset({"price_A", "price_gone"}))
    left.price()
    result = left.imported()
    assert list(specs(result, "BillingPlan")) == ["starter"]
    assert problems(result) == [("price price_gone", "account acct_1 lists no recurring price of this id")]


@pytest.mark.parametrize("value", ["", "many", "-1", "5.0"])
def test_metadata_that_is_no_number_is_replaced_by_what_tenants_have(value: str) -> None:
    left = Left()
    left.price(metadata={"max-end-devices": value})
    left.tenant(left.sold())
    result = left.imported()
    (plan,) = specs(result, "BillingPlan").values()
    assert plan["price"]["existing"]["limitsFrom"] == "Spec"
    assert plan["entityLimits"] == {"endDevices": 500}
    (told,) = [each for each in problems(result, Severity.NOTE) if each[0] == "BillingPlan starter"]
    assert "max-end-devices" in told[1]


def test_prices_without_limits_take_those_that_most_tenants_have() -> None:
    left = Left()
    left.price(metadata={})
    for tenant, devices in (("acme", 500), ("beta", 500), ("gamma", 7)):
        left.tenant(left.sold(tenant), limits={**LIMITS, "end_devices": devices, "users": None})
    result = left.imported()
    (plan,) = specs(result, "BillingPlan").values()
    assert plan["entityLimits"] == {"endDevices": 500}
    overrides = {
        name: spec.get("limitOverrides") for name, spec in specs(result, "TenantSubscription").items()
    }
    assert overrides == {"acme": None, "beta": None, "gamma": {"limits": {"endDevices": 7}}}


def test_prices_without_limits_and_tenants_without_limits_agree() -> None:
    left = Left()
    left.price(metadata={})
    left.tenant(left.sold(), limits=dict.fromkeys(LIMITS))
    (plan,) = specs(left.imported(), "BillingPlan").values()
    assert plan["price"]["existing"]["limitsFrom"] == "PriceMetadata"


def test_a_tenant_with_other_limits_than_its_plan_keeps_them() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold(), limits={**LIMITS, "end_devices": None, "gateways": 0})
    result = left.imported()
    (spec,) = specs(result, "TenantSubscription").values()
    assert spec["limitOverrides"] == {"limits": {"gateways": 0}, "unlimited": ["EndDevices"]}
    assert any("limitOverrides" in problem for _, problem in problems(result, Severity.NOTE))


def test_a_tenant_that_is_only_less_limited_gets_no_limits_of_its_own() -> None:
    left = Left()
    left.price()
    left.tenant(left.sold(), limits=dict.fromkeys(LIMITS))
    (spec,) = specs(left.imported(), "TenantSubscription").values()
    assert spec["limitOverrides"] == {"unlimited": ["EndDevices"]}


def test_limits_that_a_freeze_has_lowered_are_not_taken_for_the_plan_s() -> None:
    left = Left()
    left.price(metadata={})
    left.tenant(left.sold("acme"), limits={**LIMITS, "end_devices": 3}, state=TenantState.FLAGGED)
    left.tenant(left.sold("beta"), limits={**LIMITS, "end_devices": 3}, state=TenantState.FLAGGED)
    left.tenant(left.sold("gamma"), limits=LIMITS)
    (plan,) = specs(left.imported(), "BillingPlan").values()
    assert plan["entityLimits"] == {"endDevices": 500}


# -- metered plans ----------------------------------------------------------


def test_an_old_metered_price_is_adopted_and_a_paused_plan_with_a_meter_stands_beside_it() -> None:
    left = Left()
    left.price(metered=True, unit_amount=None, unit_amount_decimal=Decimal("0.50"), tax_behavior="exclusive")
    left.tenant(left.sold(), counts_only_activated=True)
    result = left.imported()
    old, beside = of_kind(result, "BillingPlan")
    assert old["spec"]["price"]["existing"] == {
        "priceID": "price_A",
        "limitsFrom": "PriceMetadata",
        "counting": "OnlyActivated",
    }
    assert beside["metadata"] == {
        "name": "starter-metered",
        "annotations": {"tenantbilling.dev/paused": "true"},
    }
    assert beside["spec"]["price"] == {
        "metered": {
            "currency": "EUR",
            "unitAmountDecimal": "0.5",
            "interval": "Month",
            "taxBehavior": "Exclusive",
            "counting": "OnlyActivated",
        }
    }
    assert beside["spec"]["entityLimits"] == {"endDevices": 500}
    assert any("migrate-meter" in each.remedy for each in result.remarks)


def test_a_metered_price_with_a_meter_needs_no_second_plan() -> None:
    left = Left()
    left.price(metered=True, meter_id="mtr_1")
    left.tenant(left.sold())
    (plan,) = of_kind(left.imported(), "BillingPlan")
    assert plan["spec"]["price"]["existing"]["counting"] == "All"


def test_tiers_are_taken_over() -> None:
    left = Left()
    tiers = (PriceTier(100, Decimal(50), Decimal(900)), PriceTier(None, Decimal(40)))
    left.price(
        metered=True, unit_amount=None, tiered=True, tiers=tiers, tiers_mode="volume", interval_count=3
    )
    left.tenant(left.sold())
    _, beside = of_kind(left.imported(), "BillingPlan")
    assert beside["spec"]["price"]["metered"] == {
        "currency": "EUR",
        "tiersMode": "Volume",
        "tiers": [{"upTo": 100, "unitAmount": 50, "flatAmount": 900}, {"unitAmount": 40}],
        "interval": "Month",
        "intervalCount": 3,
        "counting": "All",
    }


@pytest.mark.parametrize("tiers", [None, (PriceTier(None, Decimal("0.5")),)])
def test_tiers_that_cannot_be_said_are_reported(tiers: tuple[PriceTier, ...] | None) -> None:
    left = Left()
    left.price(metered=True, unit_amount=None, tiered=True, tiers=tiers)
    left.tenant(left.sold())
    result = left.imported()
    assert len(of_kind(result, "BillingPlan")) == 1
    ((subject, problem),) = problems(result)
    assert (subject, "tiers" in problem) == ("price price_A", True)


def test_a_metered_price_without_any_amount_is_reported() -> None:
    left = Left()
    left.price(metered=True, unit_amount=None)
    left.tenant(left.sold())
    assert [subject for subject, _ in problems(left.imported())] == ["price price_A"]


def test_a_tenant_that_counts_other_devices_than_most_is_named() -> None:
    left = Left()
    left.price(metered=True, meter_id="mtr_1")
    left.tenant(left.sold("acme"))
    left.tenant(left.sold("beta"))
    left.tenant(left.sold("gamma"), counts_only_activated=True)
    assert any(subject == "tenant gamma" for subject, _ in problems(left.imported(), Severity.NOTE))


# -- what cannot be mapped --------------------------------------------------


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
    left.tenant(
        sold,
        billing=left.tenant(left.sold("beta")).billing.__class__("cus_acme", "price_A", "sub_acme", "si"),
    )
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


def test_a_meter_of_another_name_is_kept_for_our_own_plan() -> None:
    left = Left()
    meter = Meter("mtr_1", "devices", active=True, formula="last", customer_key="c", value_key="v")
    left.meters.append(meter)
    left.own_price(metered=True, meter_id="mtr_1")
    left.tenant_of_ours(left.sold("acme", "price_starter", metadata=marks("acme", plan="starter")))
    (plan,) = specs(left.imported(), "BillingPlan").values()
    assert plan["price"]["metered"]["meterEventName"] == "devices"

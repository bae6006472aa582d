"""What an import makes of the prices of tenants: plans, their limits, and their meters."""

from decimal import Decimal

import pytest

from import_results import of_kind, problems, specs
from importing_builders import LIMITS, Left, marks
from tenant_billing.domain.importing.remarks import Severity
from tenant_billing.domain.observations import Meter, PriceTier, TenantState


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


def test_a_meter_of_another_name_is_kept_for_our_own_plan() -> None:
    left = Left()
    meter = Meter("mtr_1", "devices", active=True, formula="last", customer_key="c", value_key="v")
    left.meters.append(meter)
    left.own_price(metered=True, meter_id="mtr_1")
    left.tenant_of_ours(left.sold("acme", "price_starter", metadata=marks("acme", plan="starter")))
    (plan,) = specs(left.imported(), "BillingPlan").values()
    assert plan["price"]["metered"]["meterEventName"] == "devices"

"""What a plan means: its limits, its prices, its identity, and what it cannot do yet."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_builders import EXISTING, OURS, a_plan, a_price, recurring
from tenant_billing.api.billing_plan import BillingPlan
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import plan as plans
from tenant_billing.domain.observations import LIMIT_NAMES, Price
from tenant_billing.domain.plan import PlanIdentity, UnreadableLimitError

UNLIMITED = dict.fromkeys(LIMIT_NAMES)
METERED = {
    "metered": {"currency": "EUR", "unitAmount": 5, "interval": "Month"},
}

LIMITS = [
    pytest.param({}, UNLIMITED, id="no key: unlimited"),
    pytest.param({"max-gateways": "10"}, UNLIMITED | {"gateways": 10}, id="one key limits one thing"),
    pytest.param({"max-users": "0"}, UNLIMITED | {"users": 0}, id="zero is none at all, not unlimited"),
    pytest.param({"max-end-devices": "007"}, UNLIMITED | {"end_devices": 7}, id="leading zeros are decimal"),
    pytest.param({"other": "x"}, UNLIMITED, id="metadata of others is not read"),
]


@pytest.mark.parametrize(("metadata", "limits"), LIMITS)
def test_limits_come_from_price_metadata(metadata: dict[str, str], limits: dict[str, int | None]) -> None:
    assert plans.limits_in(metadata) == limits
    assert plans.limits_of(a_plan(price=EXISTING), a_price(metadata=metadata)) == limits


UNREADABLE = [
    "",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "0x10",
    "ten",
    " 1",
    "\u0661",
    str(2**64),
    "9" * 400,
    "0" * 24 + "9" * 400,
    "1" * 5000,
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_limit_that_is_no_unsigned_decimal_is_refused_by_name(text: str) -> None:
    """One that does not parse fails as a whole (things-stack.md 1.2); nothing is guessed."""
    with pytest.raises(UnreadableLimitError) as raised:
        plans.limits_in({"max-gateways": text})
    assert "'max-gateways'" in str(raised.value)
    assert plans.limits_of(a_plan(price=EXISTING), a_price(metadata={"max-gateways": text})) is None


@given(st.integers(0, 2**64 - 1))
def test_every_unsigned_number_is_a_limit(number: int) -> None:
    assert plans.limits_in({"max-clients": str(number)})["clients"] == number


def test_limits_of_a_price_that_was_not_seen_are_unknown() -> None:
    assert plans.limits_of(a_plan(price=EXISTING), None) is None


def test_limits_come_from_the_spec() -> None:
    plan = a_plan(entityLimits={"gateways": 10})
    assert plans.limits_of(plan, None) == UNLIMITED | {"gateways": 10}
    adopted = {"existing": {"priceID": "price_A", "limitsFrom": "Spec"}}
    assert plans.limits_of(a_plan(price=adopted), a_price(metadata={"max-users": "3"})) == UNLIMITED


def test_prices_of_a_plan_are_all_its_revisions() -> None:
    status = {"priceID": "price_2", "prices": [{"id": "price_1"}]}
    assert plans.price_ids_of(a_plan(status=status)) == {"price_1", "price_2"}
    assert plans.price_ids_of(a_plan()) == frozenset()


def test_prices_of_an_adopting_plan_are_those_it_names() -> None:
    price = {"existing": {"priceID": "price_A", "acceptedPriceIDs": ["price_B"]}}
    assert plans.price_ids_of(a_plan(price=price)) == {"price_A", "price_B"}


def test_price_of_two_plans_belongs_to_the_older() -> None:
    younger = a_plan("a-younger", price=EXISTING, metadata={"creationTimestamp": "2026-11-20T10:00:01Z"})
    older = a_plan("older", price=EXISTING, metadata={"creationTimestamp": "2026-11-20T10:00:00Z"})
    assert plans.plan_of_price([younger, older], "price_A") is older
    assert plans.plan_of_price([younger, older], "price_X") is None


def test_plans_of_the_same_age_are_ordered_by_name() -> None:
    assert [plan.metadata.name for plan in plans.by_age([a_plan("b"), a_plan("a")])] == ["a", "b"]


DISPLAYED = [
    pytest.param(a_price(), "EUR 49.00 / month", id="an amount"),
    pytest.param(a_price(unit_amount=None, tiered=True), "EUR in tiers / month", id="tiers have no figure"),
    pytest.param(a_price(interval=None), "EUR 49.00 / once", id="a price without period"),
]


@pytest.mark.parametrize(("price", "shown"), DISPLAYED)
def test_price_is_displayed(price: Price, shown: str) -> None:
    assert plans.display_price_of(price) == shown


SUPPORTED = [
    pytest.param(a_plan(), None, id="a recurring plan is carried out"),
    pytest.param(a_plan(trial={"days": 14}), None, id="so is its trial"),
    pytest.param(a_plan(tax={"code": "txcd_10000000", "automatic": "Enabled"}), None, id="and its tax"),
    pytest.param(a_plan(price=METERED), "spec.price.metered", id="metering comes next"),
    pytest.param(a_plan(priceChangePolicy="AtRenewal"), "spec.priceChangePolicy", id="migration comes next"),
    pytest.param(
        a_plan(discovery={"namespace": "tenants", "clusterRef": {"name": "eu1"}}),
        "spec.discovery",
        id="discovery comes next",
    ),
    pytest.param(
        a_plan(price={"existing": {"priceID": "price_A", "counting": "OnlyActivated"}}),
        "spec.price.existing.counting",
        id="counting is for metered prices",
    ),
]


@pytest.mark.parametrize(("plan", "field"), SUPPORTED)
def test_field_that_is_not_carried_out_yet_is_named(plan: BillingPlan, field: str | None) -> None:
    finding = plans.not_yet_supported(plan.spec)
    if field is None:
        assert finding is None
    else:
        assert finding is not None
        assert finding.reason is Reason.NOT_YET_SUPPORTED
        assert finding.message.startswith(f"{field}:")


TERMS = [
    pytest.param({}, {}, True, id="the same terms"),
    pytest.param({"unit_amount": 5900}, {}, False, id="another amount"),
    pytest.param({"currency": "USD"}, {}, False, id="another currency"),
    pytest.param({"interval": "year"}, {}, False, id="another interval"),
    pytest.param({"interval_count": 3}, {}, False, id="another number of intervals"),
    pytest.param({"metered": True}, {}, False, id="usage instead of a quantity"),
    pytest.param({"tiered": True}, {}, False, id="tiers instead of an amount"),
    pytest.param({"tax_behavior": "exclusive"}, {}, True, id="unspecified may have been set outside"),
    pytest.param({}, {"taxBehavior": "Exclusive"}, False, id="a tax behaviour that is not there"),
    pytest.param(
        {"tax_behavior": "exclusive"}, {"taxBehavior": "Exclusive"}, True, id="the same tax behaviour"
    ),
]


@pytest.mark.parametrize(("seen", "wanted", "same"), TERMS)
def test_terms_of_a_price_are_compared(seen: dict[str, Any], wanted: dict[str, Any], same: bool) -> None:
    arm = a_plan(price=recurring(**wanted)).spec.price.recurring
    assert arm is not None
    assert plans.has_terms(a_price(**seen), arm) is same


def test_identity_is_what_metadata_and_lookup_key_say() -> None:
    identity = PlanIdentity("default", "starter")
    assert identity.metadata == OURS
    assert identity.lookup_key == "tenantbilling.dev/default/starter"
    assert identity.owns(OURS | {"more": "x"})
    assert not PlanIdentity("other", "starter").owns(OURS)


def test_long_name_keeps_a_lookup_key_of_its_own() -> None:
    keys = {PlanIdentity("default", "x" * 250 + end).lookup_key for end in "ab"}
    assert len(keys) == 2
    assert all(len(key) <= plans.LONGEST_LOOKUP_KEY for key in keys)

"""What a plan means: its limits, its prices, and its identity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plan_builders import EVENT_NAME, EXISTING, OURS, a_plan, a_price
from tenant_billing.domain import plan as plans
from tenant_billing.domain.observations import LIMIT_NAMES
from tenant_billing.domain.plan import PlanIdentity, UnreadableLimitError

UNLIMITED = dict.fromkeys(LIMIT_NAMES)

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


def test_identity_is_what_metadata_and_lookup_key_say() -> None:
    identity = PlanIdentity("default", "starter")
    assert identity.metadata == OURS
    assert identity.lookup_key == "tenantbilling.dev/default/starter"
    assert identity.event_name == EVENT_NAME
    assert identity.owns(OURS | {"more": "x"})
    assert not PlanIdentity("other", "starter").owns(OURS)


def test_long_name_keeps_a_lookup_key_of_its_own() -> None:
    keys = {PlanIdentity("default", "x" * 250 + end).lookup_key for end in "ab"}
    assert len(keys) == 2
    assert all(len(key) <= plans.LONGEST_LOOKUP_KEY for key in keys)


def test_long_name_keeps_an_event_name_of_its_own() -> None:
    names = {PlanIdentity("o" * 20, "x" * 250 + end).event_name for end in "ab"}
    assert len(names) == 2
    assert all(len(name) <= plans.LONGEST_EVENT_NAME for name in names)

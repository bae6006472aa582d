"""Rules asked on their own, where the chain before them never lets the case through."""

from dataclasses import replace
from typing import Any

import pytest

from subscription_builders import a_plan, a_tenant_subscription, a_world, all_limits, an_unborn_world
from tenant_billing.domain import enrolment, permissions, prerequisites
from tenant_billing.domain.counting import Candidates
from tenant_billing.domain.observations import EMPTY, Price
from tenant_billing.domain.offers import offer_of

STANDS: dict[str, Any] = {
    "priceID": "price_2",
    "prices": ({"id": "price_1"}, {"id": "price_2"}),
    "conditions": (
        {
            "type": "Ready",
            "status": "True",
            "reason": "Available",
            "message": "",
            "lastTransitionTime": "2026-11-20T10:00:00Z",
        },
    ),
}
PRICE = Price("price_2", "prod_1", active=True, currency="EUR", unit_amount=4900, interval="month")


def offered(status: dict[str, Any], **prices: Price) -> Any:
    plan = a_plan(entityLimits={"gateways": 0}).model_dump(by_alias=True)
    return offer_of(type(a_plan()).model_validate(plan | {"status": status}), prices)


def test_a_plan_that_stands_is_offered_with_all_its_prices() -> None:
    offer = offered(STANDS, price_2=PRICE)
    assert (offer.ready, offer.price_id, offer.price_ids) == (True, "price_2", {"price_1", "price_2"})
    assert (offer.amount_on("price_2"), offer.currency, offer.interval) == (4900, "EUR", ("month", 1))
    assert offer.amount_on("price_1") is None, "it was not seen"
    assert offer.limits_on("price_1") == all_limits(gateways=0)
    assert offer.limits_on("price_of_nobody") is None


@pytest.mark.parametrize(
    "status",
    [
        pytest.param({}, id="nothing is known of it yet"),
        pytest.param(STANDS | {"priceID": None}, id="it has no price"),
        pytest.param(STANDS | {"conditions": ()}, id="it does not say that it is ready"),
    ],
)
def test_a_plan_that_does_not_stand_is_not_ready(status: dict[str, Any]) -> None:
    assert not offered(status).ready


def test_a_price_that_was_not_seen_leaves_its_terms_open() -> None:
    offer = offered(STANDS)
    assert (offer.ready, offer.amounts, offer.currency, offer.interval) == (True, {}, None, None)


def test_what_depends_on_the_quantity_is_no_amount() -> None:
    tiered = replace(PRICE, unit_amount=None, unit_amount_decimal=None, tiered=True)
    assert offered(STANDS, price_2=tiered).amount_on("price_2") is None


def test_a_one_time_price_has_no_interval() -> None:
    one_time = Price("price_2", "prod_1", active=True, currency="EUR", unit_amount=4900)
    assert offered(STANDS, price_2=one_time).interval is None


def test_observing_takes_a_trusted_namespace() -> None:
    observed = a_tenant_subscription(
        managementPolicy="Observe",
        planRef=None,
        customer=None,
        backendRef={"name": "main"},
        subscriptionID="sub_1",
    )
    assert list(permissions.fields_of_the_backend(a_world(observed))) == ["spec.managementPolicy: Observe"]


def test_without_plan_backend_and_cluster_there_is_nobody_to_ask() -> None:
    world = a_world(
        a_tenant_subscription(discounts=({"couponID": "X"},), accessPolicy="KeepActive"),
        offer=None,
        backend=None,
        cluster=None,
    )
    assert permissions.plan_does_not_admit_namespace(world) is None
    assert permissions.field_needs_trust(world) is None
    assert prerequisites.backend_not_usable(world) is None
    assert not permissions.is_trusted_by_backend(world)
    assert world.owner == ""


@pytest.mark.parametrize("offer", [None, "without a price"])
def test_nothing_is_bought_without_a_price(offer: str | None) -> None:
    world = an_unborn_world(offer=None if offer is None else offered({}))
    with pytest.raises(ValueError, match="offer with a price"):
        enrolment.new_intent(world, Candidates(None))


def test_nothing_is_a_mapping_of_nothing() -> None:
    assert (dict(EMPTY), len(EMPTY), repr(EMPTY), hash(EMPTY)) == ({}, 0, "{}", 0)
    with pytest.raises(KeyError):
        EMPTY["anything"]

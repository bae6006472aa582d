"""Lists, cursors and expansions (stripe.md 6)."""

from typing import Any

import pytest

from stripe_contract import Service, customer, price, product, refused


async def names(service: Service, **filters: Any) -> list[str]:
    params: Any = filters
    page = await service.client.v1.products.list_async(params)
    return [one.name for one in page.data]


async def three(service: Service) -> list[str]:
    """Ids of the products A, B and C, in order of their making."""
    return [(await product(service, name=name)).id for name in "ABC"]


async def test_lists_have_the_newest_first(service: Service) -> None:
    await three(service)
    assert await names(service, limit=3) == ["C", "B", "A"]


async def test_a_page_has_ten_objects_unless_asked_otherwise(simulator: Service) -> None:
    for number in range(11):
        await product(simulator, name=str(number))
    page = await simulator.client.v1.products.list_async()
    assert (len(page.data), page.has_more, page.url) == (10, True, "/v1/products")


async def test_cursors_go_both_ways(service: Service) -> None:
    first, second, third = await three(service)
    after = await service.client.v1.products.list_async({"starting_after": third, "limit": 1})
    assert ([one.id for one in after.data], after.has_more) == ([second], True)
    before = await service.client.v1.products.list_async({"ending_before": first, "limit": 1})
    assert ([one.id for one in before.data], before.has_more) == ([second], True)


async def test_paging_backwards_yields_the_oldest_first(simulator: Service) -> None:
    first, *_ = await three(simulator)
    page = await simulator.client.v1.products.list_async({"ending_before": first, "limit": 1})
    assert [one.name async for one in page.auto_paging_iter()] == ["B", "C"]


async def test_the_sdk_pages_through_all(simulator: Service) -> None:
    await three(simulator)
    page = await simulator.client.v1.products.list_async({"limit": 1})
    assert [one.name async for one in page.auto_paging_iter()] == ["C", "B", "A"]


async def test_two_cursors_at_once_are_refused(service: Service) -> None:
    first, *_, last = await three(service)
    await refused(service.client.v1.products.list_async({"starting_after": last, "ending_before": first}))


async def test_a_cursor_that_names_nothing_is_refused(service: Service) -> None:
    await three(service)
    error = await refused(service.client.v1.products.list_async({"starting_after": "prod_missing"}))
    assert error.http_status == 400


async def test_creation_times_can_be_ranges(simulator: Service) -> None:
    await product(simulator, name="old")
    await simulator.raw.post("/_sandbox/clock/advance", json={"seconds": 100})
    newer = await product(simulator, name="new")
    assert await names(simulator, created={"gte": newer.created}) == ["new"]
    assert await names(simulator, created={"lt": newer.created}) == ["old"]
    assert await names(simulator, created=newer.created) == ["new"]


async def test_an_id_is_expanded_to_its_object(service: Service) -> None:
    made = await price(service)
    shown = await service.client.v1.prices.retrieve_async(made.id, {"expand": ["product"]})
    assert not isinstance(shown.product, str)
    assert isinstance(made.product, str)
    assert shown.product.id == made.product


async def test_in_lists_expansions_start_with_data(service: Service) -> None:
    made = await price(service)
    page = await service.client.v1.prices.list_async(
        {"product": str(made.product), "expand": ["data.product"]}
    )
    assert not isinstance(page.data[0].product, str)


@pytest.mark.parametrize("path", ["metadata", "colour", "product.colour", "data.product"])
async def test_what_is_no_object_cannot_be_expanded(service: Service, path: str) -> None:
    made = await price(service, metadata={"a": "b"})
    error = await refused(service.client.v1.prices.retrieve_async(made.id, {"expand": [path]}))
    assert error.http_status == 400


async def test_a_call_that_asks_for_an_impossible_expansion_changes_nothing(simulator: Service) -> None:
    await refused(product(simulator, expand=["colour"]))
    assert await names(simulator) == []


async def test_expansions_have_four_levels_at_most(simulator: Service) -> None:
    error = await refused(
        simulator.client.v1.subscriptions.list_async({"expand": ["data.items.data.price.product"]})
    )
    assert error.http_status == 400


async def test_tiers_are_shown_only_when_expanded(service: Service) -> None:
    made = await price(
        service,
        billing_scheme="tiered",
        tiers_mode="volume",
        tiers=[{"up_to": "inf", "unit_amount": 5}],
        unit_amount=None,
    )
    assert "tiers" not in made
    assert "tiers" in await service.client.v1.prices.retrieve_async(made.id, {"expand": ["tiers"]})


async def test_tax_ids_of_a_customer_are_shown_only_when_expanded(service: Service) -> None:
    made = await customer(service, tax_id_data=[{"type": "eu_vat", "value": "DE123456789"}])
    assert "tax_ids" not in made
    shown = await service.client.v1.customers.retrieve_async(made.id, {"expand": ["tax_ids"]})
    assert shown.tax_ids is not None
    assert [one.value for one in shown.tax_ids.data] == ["DE123456789"]


async def test_subscriptions_of_a_customer_and_payments_of_an_invoice_are_listed_when_expanded(
    service: Service,
) -> None:
    made = await customer(service, payment_method="pm_card_visa")
    (card,) = (await service.client.v1.customers.payment_methods.list_async(made.id)).data
    bought = await service.client.v1.subscriptions.create_async(
        {
            "customer": made.id,
            "items": [{"price": (await price(service)).id}],
            "default_payment_method": card.id,
            "expand": ["latest_invoice.payments"],
        }
    )
    assert bought.latest_invoice is not None
    assert not isinstance(bought.latest_invoice, str)
    assert bought.latest_invoice.payments is not None
    assert [payment.status for payment in bought.latest_invoice.payments.data] == ["paid"]
    shown = await service.client.v1.customers.retrieve_async(made.id, {"expand": ["subscriptions"]})
    assert shown.subscriptions is not None
    assert [one.id for one in shown.subscriptions.data] == [bought.id]

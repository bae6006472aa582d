"""Search, which lags (stripe.md 5.3 and 8 item 4)."""

from typing import Any

import pytest

from stripe_contract import Service, advance, customer, price, refused

MINUTE = 60


async def found(service: Service, query: str, **params: Any) -> list[str | None]:
    given: Any = {"query": query} | params
    result = await service.client.v1.customers.search_async(given)
    return [one.name for one in result.data]


async def test_what_was_just_made_is_not_found_yet(simulator: Service) -> None:
    await customer(simulator, metadata={"tenant": "acme"})
    await advance(simulator, MINUTE - 1)
    assert await found(simulator, "metadata['tenant']:'acme'") == []
    await advance(simulator, 1)
    assert await found(simulator, "metadata['tenant']:'acme'") == ["Acme GmbH"]


async def test_what_was_just_changed_is_found_as_it_was(simulator: Service) -> None:
    made = await customer(simulator, metadata={"tenant": "acme"})
    await advance(simulator, MINUTE)
    await simulator.client.v1.customers.update_async(made.id, {"metadata": {"tenant": "other"}})
    assert await found(simulator, "metadata['tenant']:'acme'") == ["Acme GmbH"]
    await advance(simulator, MINUTE)
    assert await found(simulator, "metadata['tenant']:'acme'") == []


async def test_a_deleted_customer_is_found_for_another_minute(simulator: Service) -> None:
    made = await customer(simulator)
    await advance(simulator, MINUTE)
    await simulator.client.v1.customers.delete_async(made.id)
    assert await found(simulator, "name:'Acme GmbH'") == ["Acme GmbH"]
    await advance(simulator, MINUTE)
    assert await found(simulator, "name:'Acme GmbH'") == []


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("name:'b'", ["B"]),
        ('name:"B"', ["B"]),
        ("name~'ac'", ["Acme"]),
        ("-metadata['tenant']:'one'", ["B"]),
        ("metadata['tenant']:null", ["B"]),
        ("metadata['tenant']:'one' AND name:'B'", []),
        ("metadata['tenant']:'one' AND name:'Acme'", ["Acme"]),
        ("created>1", ["B", "Acme"]),
        ("created<1", []),
    ],
)
async def test_a_query_has_clauses(simulator: Service, query: str, matches: list[str]) -> None:
    await customer(simulator, name="Acme", metadata={"tenant": "one"})
    await customer(simulator, name="B")
    await advance(simulator, MINUTE)
    assert await found(simulator, query) == matches


@pytest.mark.parametrize("query", ["acme", "metadata:'x'", "name['x']:'y'", ""])
async def test_a_query_that_is_not_understood_is_refused(service: Service, query: str) -> None:
    assert (await refused(service.client.v1.customers.search_async({"query": query}))).http_status == 400


async def test_results_come_in_pages(simulator: Service) -> None:
    for name in "ABC":
        await customer(simulator, name=name)
    await advance(simulator, MINUTE)
    result = await simulator.client.v1.customers.search_async({"query": "created>1", "limit": 2})
    assert [one.name async for one in result.auto_paging_iter()] == ["C", "B", "A"]


async def test_subscriptions_prices_and_products_are_searched_too(simulator: Service) -> None:
    sold = await price(simulator, metadata={"plan": "starter"})
    made = await customer(simulator, payment_method="pm_card_visa")
    bought = await simulator.client.v1.subscriptions.create_async(
        {
            "customer": made.id,
            "items": [{"price": sold.id}],
            "metadata": {"tenant": "acme"},
            "collection_method": "send_invoice",
            "days_until_due": 30,
        }
    )
    await advance(simulator, MINUTE)
    client = simulator.client.v1
    subscriptions = await client.subscriptions.search_async({"query": "metadata['tenant']:'acme'"})
    assert [one.id for one in subscriptions.data] == [bought.id]
    prices = await client.prices.search_async({"query": "metadata['plan']:'starter'"})
    assert [one.id for one in prices.data] == [sold.id]
    products = await client.products.search_async({"query": "name:'Starter'"})
    assert [one.id for one in products.data] == [sold.product]

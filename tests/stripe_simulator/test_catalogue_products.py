"""Products (stripe.md 1.2, 7 and 8 item 8)."""

import stripe

from stripe_contract import Service, price, product, refused, unique


async def test_a_product_may_have_an_id_of_our_choice(service: Service) -> None:
    identifier = unique("plan")
    made = await product(service, id=identifier)
    assert made.id == identifier
    assert (await service.client.v1.products.retrieve_async(identifier)).name == "Starter"


async def test_an_id_is_unique(service: Service) -> None:
    identifier = unique("plan")
    await product(service, id=identifier)
    error = await refused(product(service, id=identifier))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.code) == (400, "resource_already_exists")


async def test_a_missing_product_is_not_found(service: Service) -> None:
    missing = unique("missing")
    error = await refused(service.client.v1.products.retrieve_async(missing))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.code, error.param) == (404, "resource_missing", "id")
    assert error.user_message == f"No such product: '{missing}'"


async def test_a_product_is_changed_in_place(service: Service) -> None:
    made = await product(service, description="old", unit_label="device")
    changed = await service.client.v1.products.update_async(
        made.id, {"name": "Growth", "description": "", "active": False}
    )
    shown = (changed.name, changed.description, changed.active, changed.unit_label)
    assert shown == ("Growth", None, False, "device")


async def test_a_product_with_a_price_cannot_be_deleted(service: Service) -> None:
    made = await price(service)
    error = await refused(service.client.v1.products.delete_async(str(made.product)))
    assert error.http_status == 400


async def test_a_product_without_prices_can_be_deleted(service: Service) -> None:
    made = await product(service)
    gone = await service.client.v1.products.delete_async(made.id)
    assert gone.deleted is True
    assert (await refused(service.client.v1.products.retrieve_async(made.id))).http_status == 404


async def test_a_default_price_is_made_along_with_the_product(service: Service) -> None:
    made = await product(
        service, default_price_data={"currency": "eur", "unit_amount": 900, "recurring": {"interval": "year"}}
    )
    default = await service.client.v1.prices.retrieve_async(str(made.default_price))
    assert (default.unit_amount, default.product) == (900, made.id)


async def test_the_default_price_must_be_of_the_product(service: Service) -> None:
    mine, foreign = await price(service), await price(service)
    products = service.client.v1.products
    changed = await products.update_async(str(mine.product), {"default_price": mine.id})
    assert changed.default_price == mine.id
    error = await refused(products.update_async(str(mine.product), {"default_price": foreign.id}))
    assert error.http_status == 400


async def test_products_are_listed_by_id_and_by_state(service: Service) -> None:
    on, off = await product(service), await product(service, active=False)
    products = service.client.v1.products
    both = await products.list_async({"ids": [on.id, off.id]})
    assert {one.id for one in both.data} == {on.id, off.id}
    archived = await products.list_async({"ids": [on.id, off.id], "active": False})
    assert [one.id for one in archived.data] == [off.id]


async def test_a_product_has_15_marketing_features_at_most(service: Service) -> None:
    await product(service, marketing_features=[{"name": "x"}] * 15)
    error = await refused(product(service, marketing_features=[{"name": "x"}] * 16))
    assert error.http_status == 400


async def test_changes_are_told_as_events_with_the_former_values(service: Service) -> None:
    made = await product(service)
    await service.client.v1.products.update_async(made.id, {"name": "Growth"})
    events = await service.client.v1.events.list_async({"type": "product.updated", "limit": 10})
    told = next(event for event in events.data if event.data.object["id"] == made.id)
    assert told.data.previous_attributes is not None
    assert told.data.previous_attributes["name"] == "Starter"

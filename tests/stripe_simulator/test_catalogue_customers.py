"""Customers (stripe.md 1.2, 6, 8 and 9)."""

from typing import Any

import pytest
import stripe

from stripe_contract import Service, customer, price, refused


async def test_a_customer_starts_with_defaults(service: Service) -> None:
    made = await customer(service, metadata={"tenant": "acme"})
    assert (made.name, made.email, made.delinquent) == ("Acme GmbH", "billing@acme.example", False)
    assert (made.balance, made.tax_exempt, made.preferred_locales) == (0, "none", [])
    assert made.invoice_settings is not None
    assert made.invoice_settings.default_payment_method is None


async def test_a_customer_needs_neither_name_nor_email(service: Service) -> None:
    made = await service.client.v1.customers.create_async({})
    assert (made.name, made.email) == (None, None)


async def test_an_address_is_whole(service: Service) -> None:
    made = await customer(service, address={"country": "DE", "city": "Berlin"})
    assert made.address is not None
    assert (made.address.country, made.address.city, made.address.line2) == ("DE", "Berlin", None)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"name": "n" * 257}, "name"),
        ({"email": "e" * 505 + "@a.example"}, "email"),
        ({"email": "nobody"}, "email"),
        ({"phone": "1" * 21}, "phone"),
        ({"test_clock": "clock_missing"}, "test_clock"),
        ({"payment_method": "pm_missing"}, "payment_method"),
    ],
)
async def test_a_customer_beyond_the_limits_is_refused(
    service: Service, changes: dict[str, Any], param: str
) -> None:
    error = await refused(customer(service, **changes))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.param) == (400, param)


async def test_a_refused_payment_method_leaves_no_customer(simulator: Service) -> None:
    await refused(customer(simulator, payment_method="pm_missing"))
    assert (await simulator.client.v1.customers.list_async()).data == []


async def test_a_card_is_attached_and_made_the_default_at_once(service: Service) -> None:
    made = await customer(service, payment_method="pm_card_visa")
    methods = await service.client.v1.customers.payment_methods.list_async(made.id)
    (attached,) = methods.data
    changed = await service.client.v1.customers.update_async(
        made.id, {"invoice_settings": {"default_payment_method": attached.id}}
    )
    assert changed.invoice_settings is not None
    assert changed.invoice_settings.default_payment_method == attached.id


async def test_a_card_that_is_not_attached_cannot_be_the_default(service: Service) -> None:
    made = await customer(service)
    error = await refused(
        service.client.v1.customers.update_async(
            made.id, {"invoice_settings": {"default_payment_method": "pm_missing"}}
        )
    )
    assert error.http_status == 400


async def test_a_deleted_customer_is_only_known_as_deleted(service: Service) -> None:
    made = await customer(service)
    customers = service.client.v1.customers
    assert (await customers.delete_async(made.id)).deleted is True
    shown = await customers.retrieve_async(made.id)
    assert shown.to_dict() == {"id": made.id, "object": "customer", "deleted": True}
    error = await refused(customers.update_async(made.id, {"name": "B"}))
    assert error.http_status == 404


async def test_deleting_a_customer_cancels_its_subscriptions_at_once(service: Service) -> None:
    made = await customer(service, payment_method="pm_card_visa")
    (card,) = (await service.client.v1.customers.payment_methods.list_async(made.id)).data
    bought = await service.client.v1.subscriptions.create_async(
        {
            "customer": made.id,
            "items": [{"price": (await price(service)).id}],
            "default_payment_method": card.id,
        }
    )
    assert bought.status == "active"
    await service.client.v1.customers.delete_async(made.id)
    assert (await service.client.v1.subscriptions.retrieve_async(bought.id)).status == "canceled"


async def test_lists_hide_customers_on_test_clocks(service: Service) -> None:
    clock = await service.client.v1.test_helpers.test_clocks.create_async({"frozen_time": 1_900_000_000})
    hidden = await customer(service, test_clock=clock.id)
    customers = service.client.v1.customers
    assert hidden.test_clock == clock.id
    assert hidden.id not in [one.id for one in (await customers.list_async()).data]
    on_clock = await customers.list_async({"test_clock": clock.id})
    assert [one.id for one in on_clock.data] == [hidden.id]


async def test_a_test_clock_has_room_for_three_customers(service: Service) -> None:
    clock = await service.client.v1.test_helpers.test_clocks.create_async({"frozen_time": 1_900_000_000})
    for _ in range(3):
        await customer(service, test_clock=clock.id)
    assert (await refused(customer(service, test_clock=clock.id))).http_status == 400


async def test_customers_are_listed_by_email(service: Service) -> None:
    made = await customer(service, email="only@acme.example")
    found = await service.client.v1.customers.list_async({"email": "only@acme.example", "limit": 1})
    assert [one.id for one in found.data] == [made.id]


async def test_the_event_of_a_customer_names_the_call(service: Service) -> None:
    made = await customer(service)
    events = await service.client.v1.events.list_async({"type": "customer.created", "limit": 10})
    told = next(event for event in events.data if event.data.object["id"] == made.id)
    assert told.request is not None
    assert made.last_response is not None
    assert told.request.id == made.last_response.request_id
    assert told.request.idempotency_key

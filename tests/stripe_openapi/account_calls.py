"""Calls about the account, its time and its events, its customers and their invoices."""

from outside_stubs import SUBJECT
from stripe_contract import Service, customer, unique
from stripe_conversations.steps import active, subscribed
from stripe_openapi.call_table import MARKS, START, CallTable, on_a_clock
from tenant_billing.clients.stripe_provider import StripeProvider
from tenant_billing.domain import requests
from tenant_billing.domain.observations import Customer, Subscription

calls = CallTable()


@calls("account")
async def _whose_key_it_is(provider: StripeProvider, service: Service) -> None:
    await provider.account()


@calls("clock_time")
async def _time_of_a_test_clock(provider: StripeProvider, service: Service) -> None:
    assert await provider.clock_time(await on_a_clock(service)) is not None
    assert await provider.clock_time("clock_none") is None


@calls("list_customers")
async def _all_customers(provider: StripeProvider, service: Service) -> None:
    await on_a_clock(service)
    assert [each async for each in provider.list_customers()]


@calls("created_since")
async def _newcomers(provider: StripeProvider, service: Service) -> None:
    await on_a_clock(service)
    found = await provider.created_since(START)
    assert {type(each) for each in found} == {Customer, Subscription}


@calls("list_open_invoices")
async def _all_open_invoices(provider: StripeProvider, service: Service) -> None:
    await subscribed(service)
    await on_a_clock(service)
    assert len([each async for each in provider.list_open_invoices()]) == 2


@calls("customer")
async def _one_customer(provider: StripeProvider, service: Service) -> None:
    assert await provider.customer((await customer(service)).id) is not None


@calls("create_customer")
async def _a_new_customer(provider: StripeProvider, service: Service) -> None:
    home = requests.Address("Main St 1", "Floor 2", "Ghent", "East Flanders", "1000", "BE")
    every = requests.NewCustomer(
        "billing@acme.example", "Acme Ltd", "Pilot customer", home, (("eu_vat", "BE0123456789"),), MARKS
    )
    for new in (every, requests.NewCustomer(None, None, None, None, (), MARKS)):
        await provider.create_customer(new, unique("key"), SUBJECT)


@calls("mark_customer")
async def _a_marked_customer(provider: StripeProvider, service: Service) -> None:
    marks = {**MARKS, "tenant-id": ""}
    await provider.mark_customer((await customer(service)).id, marks, SUBJECT)


@calls("events_after")
async def _events_from_a_cursor_and_since_a_time(provider: StripeProvider, service: Service) -> None:
    await active(service)
    first, *_ = [each async for each in provider.events_after(None, START)]
    assert [each async for each in provider.events_after(first.id, None)]
    assert [each async for each in provider.events_after(None, None)]


@calls("newest_event")
async def _the_newest_event(provider: StripeProvider, service: Service) -> None:
    await subscribed(service)
    assert await provider.newest_event() is not None

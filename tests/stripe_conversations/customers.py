"""Conversations about who pays: customers, their payment methods, test clocks, the account itself."""

from stripe_contract import Service, customer, price, refused
from stripe_conversations.registry import conversation
from stripe_conversations.steps import DAY, active, now, subscribed


@conversation("GET /v1/account")
async def the_account_says_who_it_is(service: Service) -> None:
    await service.client.v1.accounts.retrieve_current_async()


@conversation(
    "POST /v1/customers",
    "GET /v1/customers",
    "GET /v1/customers/{}",
    "GET /v1/customers/search",
    "POST /v1/customers/{}",
    "DELETE /v1/customers/{}",
    events=("customer.created", "customer.updated", "customer.deleted", "customer.subscription.deleted"),
)
async def a_customer_is_made_changed_and_deleted(service: Service) -> None:
    customers = service.client.v1.customers
    payer = await customer(
        service,
        description="Pilot customer",
        address={"line1": "Main St 1", "postal_code": "1000", "city": "Ghent", "country": "BE"},
        phone="+3200000000",
        preferred_locales=["nl"],
        shipping={"name": "Acme", "address": {"line1": "Main St 1"}},
        tax_exempt="none",
        tax_id_data=[{"type": "eu_vat", "value": "BE0123456789"}],
        metadata={"tenantbilling.dev/owner": "default"},
    )
    await subscribed(service, customer=payer.id)
    await customers.update_async(payer.id, {"metadata": {"a": "b"}, "name": "", "address": ""})
    await customers.retrieve_async(payer.id, {"expand": ["tax_ids", "subscriptions", "tax"]})
    await customers.retrieve_async(payer.id)
    await customers.list_async({"email": "billing@acme.example", "created": {"gte": 1}, "limit": 1})
    await customers.search_async({"query": "email:'billing@acme.example'"})
    await customers.delete_async(payer.id)
    await customers.retrieve_async(payer.id)
    await refused(customers.update_async(payer.id, {"name": "Ann"}))


@conversation(
    "POST /v1/payment_methods",
    "GET /v1/payment_methods",
    "GET /v1/payment_methods/{}",
    "POST /v1/payment_methods/{}",
    "POST /v1/payment_methods/{}/attach",
    "POST /v1/payment_methods/{}/detach",
    "GET /v1/customers/{}/payment_methods",
    "GET /v1/customers/{}/payment_methods/{}",
    events=("payment_method.attached", "payment_method.updated", "payment_method.detached"),
)
async def cards_come_and_go(service: Service) -> None:
    methods, customers = service.client.v1.payment_methods, service.client.v1.customers
    payer = await customer(service)
    card = await methods.create_async({"type": "card", "card": {"token": "tok_visa"}})
    await methods.attach_async(card.id, {"customer": payer.id})
    await methods.attach_async("pm_card_mastercard", {"customer": payer.id})
    await refused(methods.attach_async("pm_card_chargeDeclined", {"customer": payer.id}))
    await methods.update_async(card.id, {"metadata": {"a": "b"}, "billing_details": {"name": "Ann"}})
    await customers.update_async(payer.id, {"invoice_settings": {"default_payment_method": card.id}})
    await customers.retrieve_async(payer.id, {"expand": ["invoice_settings.default_payment_method"]})
    await methods.retrieve_async(card.id, {"expand": ["customer"]})
    await methods.list_async({"customer": payer.id, "type": "card"})
    await customers.payment_methods.list_async(payer.id, {"limit": 1})
    await customers.payment_methods.retrieve_async(payer.id, card.id)
    await methods.detach_async(card.id)


@conversation(
    "POST /v1/setup_intents",
    "GET /v1/setup_intents/{}",
    "GET /v1/setup_intents",
    "POST /v1/setup_intents/{}/confirm",
    "POST /v1/setup_intents/{}/cancel",
    events=("setup_intent.created", "setup_intent.succeeded", "setup_intent.canceled"),
)
async def a_card_is_set_up_for_later(service: Service) -> None:
    intents = service.client.v1.setup_intents
    payer = await customer(service)
    intent = await intents.create_async({"customer": payer.id, "usage": "off_session"})
    await intents.confirm_async(intent.id, {"payment_method": "pm_card_visa"})
    await intents.retrieve_async(intent.id, {"expand": ["payment_method", "customer"]})
    declined = await intents.create_async({"customer": payer.id})
    await refused(intents.confirm_async(declined.id, {"payment_method": "pm_card_chargeDeclined"}))
    await intents.retrieve_async(declined.id)
    await intents.cancel_async(declined.id)
    await intents.list_async({"customer": payer.id})


@conversation(
    "POST /v1/test_helpers/test_clocks",
    "GET /v1/test_helpers/test_clocks",
    "GET /v1/test_helpers/test_clocks/{}",
    "POST /v1/test_helpers/test_clocks/{}/advance",
    "DELETE /v1/test_helpers/test_clocks/{}",
    events=("test_helpers.test_clock.created", "test_helpers.test_clock.deleted"),
)
async def a_customer_lives_on_a_test_clock(service: Service) -> None:
    clocks = service.client.v1.test_helpers.test_clocks
    frozen = await now(service)
    clock = await clocks.create_async({"frozen_time": frozen, "name": "acme"})
    payer = await customer(service, test_clock=clock.id)
    monthly = await price(service)
    subscription = await active(service, customer=payer.id, items=[{"price": monthly.id}])
    await clocks.advance_async(clock.id, {"frozen_time": frozen + 40 * DAY})
    await clocks.retrieve_async(clock.id)
    await clocks.retrieve_async(clock.id)
    await service.client.v1.customers.list_async({"test_clock": clock.id})
    await service.client.v1.subscriptions.list_async({"test_clock": clock.id, "expand": ["data.test_clock"]})
    await service.client.v1.invoices.list_async({"subscription": subscription.id})
    await clocks.list_async({"limit": 1})
    await clocks.delete_async(clock.id)

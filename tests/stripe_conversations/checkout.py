"""A conversation about Checkout: a session is opened, the customer subscribes at its page."""

from stripe_contract import Service, customer, price
from stripe_conversations.registry import conversation
from stripe_conversations.steps import DAY, advance, control

THANKS = "https://shop.example/thanks"


@conversation(
    "POST /v1/checkout/sessions",
    "GET /v1/checkout/sessions",
    "GET /v1/checkout/sessions/{}",
    "POST /v1/checkout/sessions/{}/expire",
    events=("checkout.session.completed", "checkout.session.expired", "customer.subscription.created"),
)
async def a_customer_subscribes_at_checkout(service: Service) -> None:
    sessions = service.client.v1.checkout.sessions
    chosen, known = await price(service), await customer(service)
    session = await sessions.create_async(
        {
            "mode": "subscription",
            "line_items": [{"price": chosen.id, "quantity": 1}],
            "subscription_data": {"metadata": {"tenant-id": "acme"}, "description": "Acme"},
            "success_url": THANKS,
            "cancel_url": "https://shop.example/",
            "client_reference_id": "acme",
            "customer_email": "ann@acme.example",
            "metadata": {"campaign": "spring"},
        }
    )
    await sessions.retrieve_async(session.id)
    await control(service, f"checkout/sessions/{session.id}", name="Acme Ltd", pays=False)
    await control(service, f"checkout/sessions/{session.id}", name="Acme Ltd")
    await sessions.retrieve_async(session.id, {"expand": ["subscription", "customer", "invoice"]})
    trial = await sessions.create_async(
        {
            "mode": "subscription",
            "line_items": [{"price": chosen.id, "quantity": 1}],
            "subscription_data": {"trial_period_days": 14},
            "success_url": THANKS,
            "customer": known.id,
        }
    )
    await control(service, f"checkout/sessions/{trial.id}")
    for _ in range(2):
        left = await sessions.create_async(
            {"mode": "subscription", "line_items": [{"price": chosen.id}], "success_url": THANKS}
        )
    await sessions.expire_async(left.id)
    await advance(service, DAY + 1)
    await sessions.list_async({"status": "expired", "limit": 1})
    await sessions.list_async({"customer": known.id, "created": {"gte": 1}})

"""Tables of calls to Stripe, and what several of them are made with."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from stripe_contract import Service, customer, price, unique
from stripe_conversations.steps import now, subscribed
from tenant_billing.clients.stripe_provider import StripeProvider

START = datetime(2026, 1, 1, tzinfo=UTC)
Calling = Callable[[StripeProvider, Service], Awaitable[None]]
MARKS: Mapping[str, str] = {"tenantbilling.dev/owner": "default", "tenantbilling.dev/plan": "starter"}


class CallTable:
    """Functions that call a method of the port in every way, by the method's name."""

    def __init__(self) -> None:
        self.by_method: dict[str, Calling] = {}

    def __call__(self, method: str) -> Callable[[Calling], Calling]:
        """Enter a function into the table."""

        def register(function: Calling) -> Calling:
            self.by_method[method] = function
            return function

        return register


async def on_a_clock(service: Service) -> str:
    """The id of a test clock with a subscribed customer."""
    clocks = service.client.v1.test_helpers.test_clocks
    clock = await clocks.create_async({"frozen_time": await now(service)})
    await subscribed(service, customer=(await customer(service, test_clock=clock.id)).id)
    return clock.id


async def a_metered_price(service: Service) -> str:
    """The id of a price for what a meter counts."""
    meter = await service.client.v1.billing.meters.create_async(
        {
            "display_name": "Devices",
            "event_name": unique("devices"),
            "default_aggregation": {"formula": "last"},
        }
    )
    recurring = {"interval": "month", "usage_type": "metered", "meter": meter.id}
    return (await price(service, recurring=recurring)).id

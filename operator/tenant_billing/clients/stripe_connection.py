"""What all parts of a connection to one Stripe account share."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from stripe import StripeClient, StripeResponse

from tenant_billing.clients import stripe_requests as wire
from tenant_billing.clients.stripe_calls import SendPage, StripeCalls
from tenant_billing.clients.stripe_fields import Fields
from tenant_billing.clients.stripe_transport import AccountTime, DatedTransport

T = TypeVar("T")


@dataclass(frozen=True)
class StripeConnection:
    """One account: the SDK's client, and how calls are made with it.

    Attributes:
        client: The SDK's client; holds the key.
        transport: Its connections.
        calls: Budget, retries, errors and audit of every call.
        account_time: The account's time.
        livemode: Whether money is real. Only in test mode there are test clocks.
    """

    client: StripeClient
    transport: DatedTransport
    calls: StripeCalls
    account_time: AccountTime
    livemode: bool

    def listing(self, path: str) -> SendPage:
        """Reads pages of a list as plain JSON.

        The SDK's objects would be taken apart again at once, and making them costs forty times what parsing costs:
        66 ms for a page of a hundred subscriptions.
        """

        async def send_page(parameters: Mapping[str, Any]) -> StripeResponse:
            page: StripeResponse = await self.client.raw_request_async("get", path, **parameters)
            return page

        return send_page

    async def test_clock_ids(self, *, urgent: bool = False) -> list[str]:
        """The test clocks, whose objects Stripe leaves out of its lists (stripe.md 6)."""
        if self.livemode:
            return []
        listing = self.listing("/v1/test_helpers/test_clocks")
        clocks = self.calls.pages("ListTestClocks", listing, {}, _to_test_clock_id, urgent=urgent)
        return [clock_id async for clock_id in clocks]

    async def everywhere(self, where: Callable[[Mapping[str, Any]], AsyncIterator[T]]) -> AsyncIterator[T]:
        """A whole list, then the same for every test clock.

        Args:
            where: Lists by Stripe's filters.
        """
        async for each in where({}):
            yield each
        for clock_id in await self.test_clock_ids():
            async for each in where({"test_clock": clock_id}):
                yield each


class StripeAccess:
    """Base of the parts of the provider: all of them use one connection."""

    def __init__(self, connection: StripeConnection) -> None:
        self._connection = connection
        self._calls = connection.calls
        self._api = connection.client.v1


def _to_test_clock_id(fields: Fields) -> str:
    return wire.from_id(str(fields["id"]), "test clock")

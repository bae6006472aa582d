"""What ``doctor`` asks of one Stripe account: whose it is, what its key may read, whether its events were delivered."""

from collections.abc import Sequence
from typing import Final

from stripe import StripeResponse

from tenant_billing.clients.stripe_connection import StripeAccess
from tenant_billing.clients.stripe_fields import Fields, to_moment, to_required_id
from tenant_billing.clients.stripe_objects import to_account
from tenant_billing.domain.diagnosis.webhook import DeliveredEvent
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing.domain.observations import Account

VERSION_HEADER: Final = "stripe-version"


class StripeDiagnosis(StripeAccess):
    """Reads only. Every method raises a subclass of :class:`tenant_billing.domain.errors.OutsideError`."""

    async def identity(self) -> tuple[Account, str]:
        """Whom the key belongs to, and the API version of the answer; empty where it does not say."""
        versions: list[str] = []

        async def send() -> StripeResponse:
            answer: StripeResponse = await self._connection.client.raw_request_async("get", "/v1/account")
            versions.append(str((answer.headers or {}).get(VERSION_HEADER, "")))
            return answer

        livemode = self._connection.livemode
        account = await self._calls.read("GetAccount", send, lambda each: to_account(each, livemode=livemode))
        return account, versions[-1]

    async def try_reading(self, path: str) -> None:
        """Read one object of a list, whatever it is."""
        send_page = self._connection.listing(path)
        await self._calls.read(f"List {path}", lambda: send_page({"limit": 1}), lambda page: page["data"])

    async def newest_events(self, count: int) -> Sequence[DeliveredEvent]:
        """The newest events of the types that matter, the newest first."""
        wanted = {"types": list(EVENT_TYPES), "limit": count}
        send_page = self._connection.listing("/v1/events")
        return await self._calls.read(
            "ListEvents",
            lambda: send_page(wanted),
            lambda page: [_to_delivered(each) for each in page["data"]],
        )


def _to_delivered(fields: Fields) -> DeliveredEvent:
    return DeliveredEvent(
        id=to_required_id(fields["id"]),
        created=to_moment(fields["created"]),
        pending=int(fields["pending_webhooks"]),
    )

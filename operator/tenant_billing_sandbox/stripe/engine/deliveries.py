"""Delivering webhooks over HTTP, signed as Stripe signs (stripe.md 3.2, 3.3): the engine's only input and output."""

import asyncio
import contextlib
import hashlib
import hmac
import time
from collections.abc import AsyncIterator

import httpx

from tenant_billing_sandbox.stripe.account import Account, Object
from tenant_billing_sandbox.stripe.engine.events import Subscribers
from tenant_billing_sandbox.stripe.engine.outbox import Delivery, Outbox, failed, post, succeeded, take_due
from tenant_billing_sandbox.stripe.engine.webhook_endpoints import active_secrets

TIMEOUT_SECONDS = 10.0
CONCURRENT = 20


def signature(secrets: list[str], timestamp: int, body: bytes) -> str:
    """The ``Stripe-Signature`` header: one ``v1`` for each active secret."""
    text = f"{timestamp}.".encode() + body
    digests = [hmac.new(secret.encode(), text, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={timestamp}", *(f"v1={digest}" for digest in digests)])


class Courier:
    """Sends what the outbox holds, whenever there is something due.

    Args:
        account: The account whose events are delivered.
        client: Makes the requests; closed by its owner.
    """

    def __init__(self, account: Account, client: httpx.AsyncClient) -> None:
        self._account = account
        self._client = client
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(CONCURRENT)
        self._outbox = account.part(Outbox)

    def wake(self) -> None:
        """Look at the outbox again: an event came, or time passed."""
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.deliver()

    async def deliver(self, *, flush: bool = False) -> int:
        """Attempt everything that is due, or with ``flush`` everything; returns the number of attempts."""
        due = take_due(self._account, flush=flush)
        await asyncio.gather(*(self._attempt(delivery) for delivery in due))
        return len(due)

    async def _attempt(self, delivery: Delivery) -> None:
        endpoint = self._account.table("webhook_endpoint").get(delivery.endpoint)
        if endpoint is None or endpoint["status"] != "enabled":
            return
        async with self._slots:
            received = await self._send(endpoint, delivery.body)
        (succeeded if received else failed)(self._account, delivery)

    async def _send(self, endpoint: Object, body: bytes) -> bool:
        """Post a body, signed with the real time: receivers compare it with their own clock."""
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(
                active_secrets(self._account, endpoint["id"]), int(time.time()), body
            ),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            answer = await self._client.post(
                self._outbox.destination(endpoint["url"]), content=body, headers=headers
            )
        except (httpx.HTTPError, httpx.InvalidURL):
            return False
        return answer.is_success


@contextlib.asynccontextmanager
async def delivering(account: Account) -> AsyncIterator[Courier]:
    """Deliver the account's events for as long as the block runs."""
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as client:
        courier = Courier(account, client)

        def take(event: Object) -> None:
            post(account, event)
            courier.wake()

        subscribers = account.part(Subscribers).functions
        subscribers.append(take)
        task = asyncio.create_task(courier.run())
        try:
            yield courier
        finally:
            subscribers.remove(take)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

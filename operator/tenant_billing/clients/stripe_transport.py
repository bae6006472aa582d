"""How requests to Stripe travel, and what time it is there."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final

import httpx
import stripe

from tenant_billing.clients.patience import answered_in_time
from tenant_billing.ports import Clock

TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
"""Seconds; per phase. ``None`` would be httpx's own 5 s (stripe.md 5.1)."""


class ConnectionClosed(Exception):
    """The connection was given back while somebody still had work for it."""


class AccountTime:
    """The account's time, by the ``Date`` header of the newest answer (product.md, "The rule of access").

    Args:
        clock: Time as this process sees it.
        follows_answers_only: Time stands still between answers, as the clock of a simulator does. Otherwise the seconds
            that have passed here since the newest answer are added.
    """

    def __init__(self, clock: Clock, *, follows_answers_only: bool) -> None:
        self._clock = clock
        self._follows_answers_only = follows_answers_only
        self._newest: tuple[datetime, float] | None = None

    def saw(self, headers: Mapping[str, str]) -> None:
        """Take in the headers of an answer; one without a readable date changes nothing."""
        try:
            date = parsedate_to_datetime(headers.get("date", ""))
        except ValueError:
            return
        self._newest = (date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC), self._clock.monotonic())

    def now(self) -> datetime | None:
        """The account's time in UTC, None before the first answer that says it."""
        if self._newest is None:
            return None
        date, seen = self._newest
        if self._follows_answers_only:
            return date
        return date + timedelta(seconds=self._clock.monotonic() - seen)


class DatedTransport(stripe.HTTPClient):
    """The SDK's way to httpx, which also looks at the date of every answer, errors included.

    The SDK's own ``HTTPXClient`` warns of its use of httpx on every POST, keeps cookies, and hides its connections
    (stripe.md 5.1). There is no synchronous way, so nothing can block the event loop by mistake.
    """

    name = "httpx"

    def __init__(self, account_time: AccountTime) -> None:
        super().__init__()
        self._account_time = account_time
        self._http = httpx.AsyncClient(
            verify=ssl.create_default_context(cafile=stripe.ca_bundle_path),
            timeout=TIMEOUT,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
        )

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request.

        Raises:
            stripe.APIConnectionError: There is no whole answer.
        """
        if self._http.is_closed:  # the key was rolled: another connection serves the account now
            raise stripe.APIConnectionError("closed") from ConnectionClosed()
        try:
            sent = self._http.request(method, url, headers=dict(headers), content=post_data)
            response = await answered_in_time(sent)
        except httpx.HTTPError as error:
            raise stripe.APIConnectionError("no answer", should_retry=True) from error
        self._account_time.saw(response.headers)
        return response.content, response.status_code, response.headers

    async def close_connections(self) -> None:
        """Give connections back."""
        await self._http.aclose()

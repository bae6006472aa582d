"""How requests to Stripe travel, and what time it is there."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx
import stripe

from tenant_billing.ports import Clock

TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
"""Seconds; per phase. ``None`` would be httpx's own 5 s (stripe.md 5.1)."""


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


class DatedTransport(stripe.HTTPXClient):
    """The SDK's httpx transport that also looks at the date of every answer, errors included."""

    def __init__(self, account_time: AccountTime) -> None:
        super().__init__(timeout=TIMEOUT)
        self._account_time = account_time

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Send one request."""
        content, status, answered = await super().request_async(method, url, headers, post_data)
        self._account_time.saw(answered)
        return content, status, answered

    async def close_connections(self) -> None:
        """Give connections back."""
        await self.close_async()  # type: ignore[no-untyped-call]  # the SDK leaves it without types

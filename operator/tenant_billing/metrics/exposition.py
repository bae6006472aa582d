"""A scrape: everything that is known at one moment, in Prometheus' words.

It is written in a thread: with 10,000 tenants that takes a good part of a second, and the event loop has other work.
"""

import asyncio
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from tenant_billing.domain.amount_at_risk import overdue_subscriptions
from tenant_billing.metrics.of_accounts import of_accounts
from tenant_billing.metrics.of_objects import of_objects
from tenant_billing.metrics.of_process import of_process, of_queue
from tenant_billing.metrics.of_tenants import of_tenants
from tenant_billing.metrics.snapshot import Snapshot


def families(seen: Snapshot, *, tenants_too: bool) -> Iterator[Metric]:
    """All metrics that are computed from what is known at a moment.

    Args:
        seen: What is known.
        tenants_too: Whether single tenants get series of their own.
    """
    yield from of_process(seen)
    leading = seen.leading
    if leading is None:
        return
    yield from of_queue(leading.queue)
    yield from of_objects(leading.objects, {each.backend: each.now for each in leading.accounts}, seen.now)
    yield from of_accounts(leading.accounts, overdue_subscriptions(leading.objects.subscriptions))
    if tenants_too:
        yield from of_tenants(leading.objects.subscriptions)


class Exposition:
    """Answers scrapes, one at a time."""

    def __init__(
        self, counters: CollectorRegistry, look: Callable[[], Snapshot], *, tenants_too: bool
    ) -> None:
        """Answer nothing yet.

        Args:
            counters: What is counted while it happens.
            look: Gives what is known now.
            tenants_too: Whether single tenants get series of their own.
        """
        self._counters = counters
        self._look = look
        self._tenants_too = tenants_too
        self._turn = asyncio.Lock()

    async def answer(self, accept: str) -> tuple[bytes, str]:
        """The whole text and its content type, in the form that the header ``Accept`` prefers."""
        async with self._turn:
            scrape = _Scrape(self._counters, self._look(), tenants_too=self._tenants_too)
            encode, content_type = choose_encoder(accept)
            return await asyncio.to_thread(encode, scrape), content_type


class _Scrape(Collector):
    """The metrics of one moment."""

    def __init__(self, counters: CollectorRegistry, seen: Snapshot, *, tenants_too: bool) -> None:
        self._counters = counters
        self._seen = seen
        self._tenants_too = tenants_too

    def collect(self) -> Iterator[Metric]:
        yield from self._counters.collect()
        yield from families(self._seen, tenants_too=self._tenants_too)

"""What every replica says of itself."""

from collections.abc import Iterator

from prometheus_client.core import Metric

from tenant_billing.metrics.families import counter, gauge, single
from tenant_billing.metrics.snapshot import Snapshot
from tenant_billing.ports import QueueSeen


def of_process(seen: Snapshot) -> Iterator[Metric]:
    """Version, leadership, age of the watches, and what came in by the webhook."""
    yield gauge("build_info", "Version of the operator; always 1.", ["version"], [([seen.version], 1)])
    yield single("leader", "1 while this replica leads, else 0.", 1.0 if seen.leading is not None else 0.0)
    yield single(
        "watch_age_seconds",
        "Time since the watches were last known to be complete, or since the start.",
        seen.watch_age,
    )
    yield counter(
        "webhook_deliveries",
        "Deliveries of the webhook, by what became of them; the reason is that of dropped ones.",
        ["result", "reason"],
        sorted(seen.deliveries.items()),
    )
    yield counter(
        "usage_reports",
        "Pushed usage reports, by what became of them.",
        ["result"],
        [([result], number) for result, number in sorted(seen.reports.items())],
    )
    yield counter(
        "usage_report_entries_skipped",
        "Entries of pushed usage reports that were not taken.",
        [],
        [([], seen.skipped_entries)],
    )


def of_queue(queue: QueueSeen) -> Iterator[Metric]:
    """The leader's queue."""
    yield single("queue_depth", "Objects that wait for a worker.", queue.waiting)
    yield single("queue_running", "Objects that are worked on.", queue.running)
    yield single("queue_failing", "Objects whose last pass asked for another try.", queue.failing)
    yield single(
        "queue_oldest_wait_seconds",
        "Time that the longest waiting object has waited for a worker.",
        queue.oldest_wait,
    )

"""What is known of the payment accounts: how far their events are read, their allowance, the money at risk."""

from collections.abc import Collection, Iterator, Sequence

from prometheus_client.core import Metric

from tenant_billing.domain.amount_at_risk import amount_at_risk
from tenant_billing.domain.read_allowance import AccountSize, payments_a_month
from tenant_billing.metrics.families import gauge
from tenant_billing.ports import AccountSeen


def of_accounts(accounts: Sequence[AccountSeen], overdue: Collection[str]) -> Iterator[Metric]:
    """All of it.

    Args:
        accounts: What the leader knows.
        overdue: Ids of the subscriptions of ours whose customers have not paid in time.
    """
    yield gauge(
        "event_list_age_seconds",
        "Time since the account's event list was last read to its end.",
        ["backend"],
        [([each.backend], each.events_read_age) for each in accounts if each.events_read_age is not None],
    )
    yield gauge(
        "event_cursor_lag_seconds",
        "Account time between now and the moment up to which events are handled.",
        ["backend"],
        [
            ([each.backend], max(0.0, (each.now - each.events_handled_until).total_seconds()))
            for each in accounts
            if each.events_handled_until is not None
        ],
    )
    yield gauge(
        "account_read_allowance",
        "Reads that the account allows in 30 days, by the payments that can be counted on.",
        ["backend"],
        [([each.backend], _allowance(each)) for each in accounts],
    )
    yield gauge(
        "amount_at_risk_minor_units",
        "Open invoices of overdue subscriptions, in the currency's minor units.",
        ["backend", "currency"],
        [
            ((each.backend, currency), amount)
            for each in accounts
            for currency, amount in sorted(amount_at_risk(overdue, each.open_invoices).items())
        ],
    )


def _allowance(account: AccountSeen) -> int:
    return AccountSize((), payments_a_month(account.subscriptions, account.prices)).allowance

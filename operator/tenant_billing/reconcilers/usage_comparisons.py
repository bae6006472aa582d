"""Comparing what was reported with the sums of one account's meters.

Every hour what was reported last, as many as its reads allow; besides, once, each report that has closed a period,
while the period's invoice is still a draft.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from tenant_billing.api.conditions import ConditionType, find_condition
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import usage_comparison
from tenant_billing.domain.errors import NotFound, OutsideError, Refused
from tenant_billing.domain.usage_comparison import HOUR, hour_of
from tenant_billing.domain.usage_facts import Closing, Comparison, Outcome
from tenant_billing.ports import ObjectKey
from tenant_billing.ports import Outcome as PassOutcome
from tenant_billing.reconcilers.accounts import Accounts
from tenant_billing.reconcilers.metered_tenants import MeteredTenant, MeteredTenants
from tenant_billing.reconcilers.reporting import Surroundings, guarded, key_of
from tenant_billing.reconcilers.usage_book import UsageBook

COMPARISON: Final = "UsageComparison"
"""Kind of the unit of work; it is no kind of Kubernetes."""
_DOUBTED: Final = frozenset({Reason.REJECTED, Reason.MISMATCH})


def comparison_key(backend: str) -> ObjectKey:
    """The unit of work that compares for a BillingBackend."""
    return ObjectKey(COMPARISON, "", backend)


class UsageComparisons:
    """Reads sums, and wakes those whose usage is not counted as it was reported."""

    def __init__(
        self, surroundings: Surroundings, accounts: Accounts, tenants: MeteredTenants, book: UsageBook
    ) -> None:
        self._queue = surroundings.queue
        self._accounts = accounts
        self._tenants = tenants
        self._book = book
        self._compared: dict[str, tuple[int, set[str]]] = {}

    async def reconcile(self, key: ObjectKey) -> PassOutcome:
        """One pass over one account; nothing to do until the next hour of its time."""
        return await guarded(self._pass(key.name))

    async def _pass(self, backend: str) -> PassOutcome:
        if self._accounts.of(backend) is None:
            return PassOutcome("waiting", why="the account is not ready")
        now = self._accounts.now(backend)
        hour, done = self._compared.get(backend, (0, set()))
        if hour != hour_of(now):
            done = set()
        self._compared[backend] = (hour_of(now), done)
        await self._compare_closings(self._tenants.of_backend(backend), now)
        members = self._tenants.of_backend(backend)
        for each in self._chosen(members, now, done):
            await self._compare(each, now)
            done.add(each.uid)
        at = datetime.fromtimestamp(0, UTC) + (hour_of(now) + 1) * HOUR
        later = (usage_comparison.closing_due_at(each.facts.closing) for each in members)
        at = min([at, *(due for due in later if due is not None and due > now)])
        return PassOutcome("settled", look_again_at=at, backend=backend)

    async def _compare_closings(self, members: Sequence[MeteredTenant], now: datetime) -> None:
        """Look for the reports that closed periods, each once after it was sent.

        Raises:
            OutsideError: The account gives no answer now.
        """
        for each in members:
            closing = self._closing(each, now)
            due = usage_comparison.closing_due_at(closing)
            if closing is None or due is None or due > now:
                continue
            report = closing.report
            try:
                seen = await self._sum(each, report.meter.id, usage_comparison.closing_window(report))
            except (NotFound, Refused):
                continue
            outcome = usage_comparison.judge_closing(closing, seen, now)
            self._book.note(each.uid, closing=replace(closing, outcome=outcome))
            if outcome is not Outcome.AGREES or closing.repeats:
                self._queue.add(key_of(each.resource), urgent=False)

    def _closing(self, tenant: MeteredTenant, now: datetime) -> Closing | None:
        """What closed a tenant's last period, as known now: others may have been looked for a while."""
        if tenant.has_own_time:
            return None
        known = self._book.of(tenant.uid).closing
        found = usage_comparison.closing_of_a_former_leader(tenant.metered, tenant.last, known, now)
        return known if found is None else self._book.note(tenant.uid, closing=found).closing

    def _chosen(
        self, members: Sequence[MeteredTenant], now: datetime, done: Collection[str]
    ) -> Sequence[MeteredTenant]:
        """Those in doubt first, then those whose turn it is, and no more than the reads of an hour allow."""
        ready = [
            each
            for each in members
            if not each.has_own_time and usage_comparison.is_comparable(each.metered, each.last, now)
        ]
        turn = usage_comparison.turn_of([each.uid for each in ready], hour_of(now))
        doubted = sorted(filter(_is_doubted, ready), key=_last_compared)
        regular = [each for each in ready if each.uid in turn and each not in doubted]
        left = max(usage_comparison.reads_per_hour(len(ready)) - len(done), 0)
        return [each for each in doubted + regular if each.uid not in done][:left]

    async def _compare(self, tenant: MeteredTenant, now: datetime) -> None:
        """Compare one; what its meter or customer is refused for holds no other up.

        Raises:
            OutsideError: The account gives no answer now.
        """
        metered, last = tenant.metered, tenant.last
        assert last is not None, "what was never reported is not comparable"
        span = usage_comparison.window(metered, last)
        try:
            seen = await self._sum(tenant, metered.meter.id, span)
        except (NotFound, Refused):
            return
        self._note(tenant, usage_comparison.compare(last, seen, now))

    async def _sum(
        self, tenant: MeteredTenant, meter_id: str, span: tuple[datetime, datetime]
    ) -> Decimal | None:
        customer_id = tenant.metered.customer_id
        try:
            return await tenant.account.provider.usage_sum(meter_id, customer_id, *span)
        except (NotFound, Refused):
            raise
        except OutsideError as error:
            self._accounts.failed(tenant.account.backend, error)
            raise

    def _note(self, tenant: MeteredTenant, comparison: Comparison) -> None:
        agrees = comparison.outcome is Outcome.AGREES
        was_doubted = _is_doubted(tenant)
        if agrees:
            self._book.note(tenant.uid, comparison=comparison, rejection="", in_doubt=False)
        else:
            self._book.note(tenant.uid, comparison=comparison)
        if not agrees or was_doubted:
            self._queue.add(key_of(tenant.resource), urgent=False)


def _last_compared(tenant: MeteredTenant) -> int:
    comparison = tenant.facts.comparison
    return comparison.hour if comparison is not None else 0


def _is_doubted(tenant: MeteredTenant) -> bool:
    condition = find_condition(tenant.resource.status.conditions, ConditionType.USAGE_REPORTED)
    told = condition is not None and condition.reason in _DOUBTED
    return told or tenant.facts.in_doubt or bool(tenant.facts.rejection)

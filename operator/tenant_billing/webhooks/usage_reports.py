"""What becomes of a pushed report: its sender proved, each tenant's totals kept at its object, and then accepted.

The Tenant Billing Server answers success even where it drops an entry, and knows senders by their address alone
(things-stack.md 6). Here a secret proves the sender, and an answer says what was not taken.
"""

import asyncio
import hmac
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Final

import structlog

from tenant_billing.api.names import TENANT_SUBSCRIPTION, Annotation
from tenant_billing.api.tenant_subscription import TenantState, TenantSubscription
from tenant_billing.api.things_stack_cluster import MeteringSource, ThingsStackCluster
from tenant_billing.domain import pushed_usage
from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.pushed_usage import NotAReport, PushedTotals
from tenant_billing.ports import Clock, Cluster, ObjectConflict, ObjectGone, Resources
from tenant_billing.webhooks.push_tokens import PushTokens

ReadBody = Callable[[], Awaitable[bytes]]

AT_ONCE: Final = 20
"""Tenants of one report that are written at a time."""


class Result(StrEnum):
    """What became of a report."""

    STORED = "stored"
    STRANGER = "stranger"
    """The secret is of no cluster, or of several, or the address is not allowed."""
    PULLED = "pulled"
    """The cluster's devices are counted by the operator: never both."""
    MALFORMED = "malformed"
    NOT_STORED = "not stored"
    """It is to be sent again."""


@dataclass(frozen=True)
class Answer:
    """What the sender is told.

    Attributes:
        why: What was wrong, in words that may be shown.
        skipped: Entries that were not taken, each with the reason.
    """

    result: Result
    why: str = ""
    skipped: tuple[str, ...] = ()


class UsageReports:
    """Takes reports in.

    Attributes:
        counts: How many reports had which result.
        skipped: How many entries were not taken.
    """

    def __init__(
        self,
        resources: Resources,
        cluster: Cluster,
        tokens: PushTokens,
        clock: Clock,
        watches_are_complete: Callable[[], bool],
    ) -> None:
        """Take nothing in yet.

        Args:
            resources: The watched objects, which say whose tenant is whose.
            cluster: Where reports are kept.
            tokens: What senders prove themselves with.
            clock: When a report came.
            watches_are_complete: Before that, a tenant that is not seen may be there all the same.
        """
        self._resources = resources
        self._cluster = cluster
        self._tokens = tokens
        self._clock = clock
        self._watches_are_complete = watches_are_complete
        self._log = structlog.get_logger("usage reports")
        self.counts: Counter[Result] = Counter()
        self.skipped = 0

    def numbers(self) -> Mapping[str, int]:
        """The counts in words, every result among them."""
        return {each.name.lower(): self.counts[each] for each in Result}

    async def take(self, read_body: ReadBody, token: str, address: str) -> Answer:
        """Take one report in; what it raises is what reading the body raises.

        Args:
            read_body: Gives the body as it came; asked once the sender is known, as strangers may send many.
            token: What the sender proves itself with.
            address: Where it was sent from; a proxy's, where there is one.
        """
        answer = await self._take(read_body, token, address)
        self.counts[answer.result] += 1
        self.skipped += len(answer.skipped)
        if answer.result is not Result.STORED or answer.skipped:
            self._log.warning(
                "usage report",
                result=answer.result.value,
                why=answer.why,
                skipped=list(answer.skipped[:10]),
                number_skipped=len(answer.skipped),
                address=address,
            )
        return answer

    async def _take(self, read_body: ReadBody, token: str, address: str) -> Answer:
        if not self._watches_are_complete():
            return Answer(Result.NOT_STORED, "the operator is starting")
        try:
            sender = await self._sender(token)
        except OutsideError as error:
            return Answer(Result.NOT_STORED, f"the secrets cannot be read: {error}")
        if sender is None or not is_allowed(sender, address):
            return Answer(Result.STRANGER, "the bearer token, or the address, is not allowed")
        if sender.spec.metering.source is not MeteringSource.PUSH:
            return Answer(
                Result.PULLED, "spec.metering.source of the ThingsStackCluster is Pull: nothing is pushed"
            )
        try:
            entries = pushed_usage.read_report(await read_body())
        except NotAReport as error:
            return Answer(Result.MALFORMED, str(error))
        return await self._keep_all(sender, entries)

    async def _sender(self, token: str) -> ThingsStackCluster | None:
        """The one cluster whose secret it is. All are compared, each in constant time.

        Raises:
            OutsideError: A secret cannot be read, and none that could be read matches.
        """
        found: list[ThingsStackCluster] = []
        problem: OutsideError | None = None
        for each in self._resources.clusters():
            try:
                expected = await self._tokens.of(each)
            except OutsideError as error:
                problem = error
                continue
            if expected and hmac.compare_digest(expected.encode(), token.encode("utf-8", "replace")):
                found.append(each)
        if not found and problem is not None:
            raise problem
        return found[0] if len(found) == 1 else None

    async def _keep_all(self, sender: ThingsStackCluster, entries: Sequence[PushedTotals]) -> Answer:
        skipped: list[str] = []
        lost: list[str] = []
        for start in range(0, len(entries), AT_ONCE):
            part = entries[start : start + AT_ONCE]
            problems = await asyncio.gather(*(self._keep(sender, each, lost) for each in part))
            skipped += [
                f"{entry.tenant_id[:36] or '(no id)'}: {problem}"
                for entry, problem in zip(part, problems, strict=True)
                if problem
            ]
        if lost:
            return Answer(Result.NOT_STORED, f"{len(lost)} tenants could not be stored", tuple(skipped))
        return Answer(Result.STORED, skipped=tuple(skipped))

    async def _keep(self, sender: ThingsStackCluster, entry: PushedTotals, lost: list[str]) -> str:
        """Keep one tenant's totals at its objects; gives why it is skipped, if it is."""
        if entry.problem:
            return entry.problem
        found = self._resources.subscriptions_of_tenant(sender.metadata.name, entry.tenant_id)
        found = [each for each in found if _has_the_tenant(each)]
        if not found:
            return "there is no TenantSubscription for it"
        now = self._clock.now()
        for each in found:
            kept = pushed_usage.read_annotation(each.metadata.annotations.get(Annotation.PUSHED_USAGE, ""))
            if not pushed_usage.is_worth_keeping(entry, kept, now):
                continue
            annotations = {Annotation.PUSHED_USAGE: pushed_usage.write_annotation(entry, now)}
            metadata = each.metadata
            try:
                await self._cluster.annotate(
                    TENANT_SUBSCRIPTION.kind, metadata.namespace, metadata.name, annotations
                )
            except ObjectGone:
                continue
            except (OutsideError, ObjectConflict):
                lost.append(entry.tenant_id)
        return ""


def _has_the_tenant(resource: TenantSubscription) -> bool:
    """Whether an object has what pays for its tenant: one that names another's would tell how that is used."""
    status = resource.status
    return status.subscription_id is not None and status.tenant_state is not TenantState.UNKNOWN


def is_allowed(cluster: ThingsStackCluster, address: str) -> bool:
    """Whether a report may come from an address: it begins as one of the expressions says, if there are any.

    An expression that is none allows nothing.
    """
    push = cluster.spec.metering.push
    if push is None:
        return False
    if not push.address_expressions:
        return True
    known = _plain(address)
    for expression in push.address_expressions:
        try:
            if re.match(expression, known):
                return True
        except re.error:
            continue
    return False


def _plain(address: str) -> str:
    """An IPv4 address also where it is written as an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)

"""Looks at the account of one BillingBackend, for ``doctor``."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from tenant_billing.api.billing_backend import BillingBackend, WebhookSecretReference
from tenant_billing.api.names import SecretAnnotation
from tenant_billing.clients.stripe_provider import StripeProvider, connect_stripe
from tenant_billing.commands.outside_answers import ASKED_ONCE, Means, answer_of
from tenant_billing.commands.webhook_ping import ping
from tenant_billing.domain.diagnosis import account as accounts
from tenant_billing.domain.diagnosis import secrets, webhook
from tenant_billing.domain.diagnosis.results import Finding, Status, Unreadable
from tenant_billing.domain.errors import Forbidden, OutsideError
from tenant_billing.domain.health import key_problem
from tenant_billing.domain.webhook_registration import SecretSeen

NEWEST: Final = 20
"""Events that are looked at."""
_NEED_THE_KEY: Final = ("permissions", "webhook", "events")
_RESTRICTED: Final = "rk_"


@dataclass(frozen=True)
class AccountExaminer:
    """Looks at one account; nothing is written.

    Attributes:
        backend: The object.
        means: What it is examined with.
        metered: Whether a plan of the account counts devices.
    """

    backend: BillingBackend
    means: Means
    metered: bool

    @property
    def subject(self) -> str:
        """What findings are about."""
        return f"BillingBackend {self.backend.metadata.name}"

    async def examine(self) -> list[Finding]:
        """All findings about the account, in the order in which a person reads them."""
        account = self.backend.spec.account
        reference = account.api_key_secret_ref
        problem_of = partial(key_problem, mode=account.mode)
        kept = await self.means.secret(reference.name)
        findings = [secrets.judge(self.subject, reference, kept, self.means.namespace, problem_of)]
        for each in account.webhook_secret_refs:
            found = await self.means.secret(each.name)
            findings.append(secrets.judge(self.subject, each, found, self.means.namespace))
        key = secrets.usable(kept, reference.key, problem_of)
        if key is None:
            return [*findings, *self._skipped(("account", *_NEED_THE_KEY), "there is no key to look with")]
        return [*findings, *await self._connected(key)]

    async def _connected(self, key: str) -> list[Finding]:
        account = self.backend.spec.account
        try:
            provider = connect_stripe(
                api_key=key,
                api_url=account.api_url,
                livemode=account.is_live,
                requests_per_second=account.request_budget,
                clock=self.means.clock,
                backoff=ASKED_ONCE,
            )
        except OutsideError as error:
            return [
                *accounts.judge_answer(self.backend, error, ""),
                *self._skipped(_NEED_THE_KEY, str(error)),
            ]
        try:
            return await self._asked(provider, restricted=key.startswith(_RESTRICTED))
        finally:
            await provider.close()

    async def _asked(self, provider: StripeProvider, *, restricted: bool) -> list[Finding]:
        answer = await self._answer(provider)
        findings = list(accounts.judge_answer(self.backend, answer, provider.event_version))
        refused = findings[0].status is Status.ERROR
        if refused and not isinstance(answer, Forbidden):
            return [*findings, *self._skipped(_NEED_THE_KEY, "the account cannot be looked at with this key")]
        readings = await self._readings(provider)
        findings += accounts.judge_permissions(self.subject, readings, restricted=restricted)
        findings += await self._webhook(provider)
        events = await answer_of(provider.newest_events(NEWEST))
        now = provider.time() or self.means.clock.now()
        return [*findings, webhook.judge_deliveries(self.backend, events, now)]

    async def _answer(self, provider: StripeProvider) -> accounts.AccountAnswer | OutsideError:
        answer = await answer_of(provider.identity())
        if isinstance(answer, OutsideError):
            return answer
        return accounts.AccountAnswer(*answer, provider.time(), self.means.clock.now())

    async def _readings(self, provider: StripeProvider) -> accounts.Readings:
        needed = accounts.needed(self.backend, metered=self.metered)
        answers = await asyncio.gather(*(answer_of(provider.try_reading(each.path)) for each in needed))
        return dict(zip(needed, answers, strict=True))

    async def _webhook(self, provider: StripeProvider) -> list[Finding]:
        endpoints = await answer_of(provider.webhook_endpoints())
        findings = list(webhook.judge_endpoints(self.backend, endpoints, provider.event_version))
        seen = [] if isinstance(endpoints, OutsideError) else webhook.endpoints_for(self.backend, endpoints)
        findings += webhook.judge_named_secrets(self.backend, seen)
        registered = self.backend.spec.account.webhook
        if registered is None:
            addresses = sorted({each.url for each in seen})
            return [*findings, *await self._pinged(addresses, self.backend.spec.account.webhook_secret_refs)]
        kept = await self.means.secret(registered.secret_name)
        if not isinstance(endpoints, OutsideError):
            findings.append(webhook.judge_kept_secret(self.backend, _registered(kept), seen))
        reference = WebhookSecretReference(name=registered.secret_name)
        return [*findings, *await self._pinged([registered.url], [reference])]

    async def _pinged(
        self, addresses: Sequence[str], references: Iterable[WebhookSecretReference]
    ) -> list[Finding]:
        findings = []
        for reference in references:
            value = secrets.value_of(await self.means.secret(reference.name), reference.key)
            if not value:
                continue  # the finding about the Secret says it
            for url in addresses:
                livemode = self.backend.spec.account.is_live
                answered = await ping(url, reference.name, value, self.means.clock, livemode=livemode)
                findings.append(webhook.judge_ping(self.backend, answered))
        return findings

    def _skipped(self, checks: Iterable[str], why: str) -> list[Finding]:
        return [Finding(check, self.subject, Status.SKIPPED, why) for check in checks]


def _registered(kept: secrets.SecretAnswer) -> SecretSeen | Unreadable:
    """The Secret of a registered endpoint, without its value."""
    if kept is None or isinstance(kept, Unreadable):
        return kept or SecretSeen()
    return SecretSeen(
        exists=True,
        backend=kept.annotations.get(SecretAnnotation.BACKEND, ""),
        endpoint_id=kept.annotations.get(SecretAnnotation.ENDPOINT, ""),
    )

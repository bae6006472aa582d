"""``doctor`` at both simulators: what is wrong there is told, and nothing is written."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import pytest

from diagnosis_builders import a_backend, a_cluster
from tenant_billing.commands.account_diagnosis import AccountExaminer
from tenant_billing.commands.outside_answers import Means
from tenant_billing.commands.registry_diagnosis import RegistryExaminer, connection
from tenant_billing.domain.diagnosis.registry import Reach
from tenant_billing.domain.diagnosis.results import Finding, Status, Unreadable
from tenant_billing.domain.diagnosis.secrets import SecretAnswer, SecretSeen
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing_sandbox.control_plane.ports import LOOPBACK, free_ports
from tenant_billing_sandbox.stripe.keys import ApiKey
from tenant_billing_sandbox.stripe.server import StripeSettings, StripeSimulator
from tenant_billing_sandbox.things_stack.settings import ThingsStackSettings
from tenant_billing_sandbox.things_stack.simulator import ThingsStackSimulator

KEY: Final = "sk_test_sandbox"
RESTRICTED: Final = "rk_test_restricted"
OF_ANOTHER: Final = "sk_test_another"
VERSION: Final = "2026-10-28.endive"
ENOUGH: Final = {
    "accounts_kyc_basic": "read",
    "product": "write",
    "plan": "write",
    "customer": "write",
    "subscription": "write",
    "invoice": "read",
    "event": "read",
    "billing_clock": "read",
    "webhook": "read",
}
BEGIN: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ENDPOINT_URL: Final = "https://hooks.invalid/webhooks/stripe/main"


@dataclass(frozen=True)
class SetClock:
    """A clock of the operating system that is set to some time."""

    moment: datetime = BEGIN

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Account:
    """A Stripe simulator, and the Secrets with which it is looked at."""

    stripe: StripeSimulator
    client: httpx.AsyncClient
    secrets: dict[str, SecretAnswer] = field(default_factory=dict)

    async def endpoint(self, **changes: str) -> str:
        """Make an endpoint of this installation at Stripe; gives its id."""
        events = {f"enabled_events[{number}]": each for number, each in enumerate(EVENT_TYPES)}
        fields = {"url": ENDPOINT_URL, "api_version": VERSION, **events, **changes}
        answer = await self.client.post("/v1/webhook_endpoints", data=fields)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    async def examined(
        self, key: str = KEY, clock: SetClock = SetClock(), **stripe: Any
    ) -> dict[str, list[Finding]]:
        """The findings with one key, by check. No call may have changed anything."""
        changes = {f"spec.stripe.{name}": value for name, value in stripe.items()}
        backend = a_backend({"spec.stripe.apiURL": self.stripe.url} | changes)
        self.secrets["stripe"] = SecretSeen({}, {"api-key": key})
        before = self.stripe.observed.record.counts()
        means = Means(self.secrets.get, "system", clock)
        examiner = AccountExaminer(backend, means, metered=True)
        findings = await examiner.examine()
        assert self.stripe.observed.record.counts().writes == before.writes
        return by_check(findings)


def by_check(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for each in findings:
        assert each.remedy or each.status not in (Status.ERROR, Status.WARNING), each
        found.setdefault(each.check, []).append(each)
    return found


def ends(findings: Mapping[str, Sequence[Finding]], check: str) -> list[Status]:
    return [each.status for each in findings.get(check, ())]


@asynccontextmanager
async def an_account(*keys: ApiKey) -> AsyncIterator[Account]:
    settings = StripeSettings(keys=(ApiKey(secret=KEY), *keys), initial_time=BEGIN)
    async with (
        StripeSimulator.serve(settings) as stripe,
        httpx.AsyncClient(base_url=stripe.url, auth=(KEY, ""), trust_env=False) as client,
    ):
        yield Account(stripe, client)


def restricted(**changes: str | None) -> ApiKey:
    """A key with all that the operator needs, but for what is changed; None takes a permission away."""
    permissions = {name: value for name, value in (ENOUGH | changes).items() if value is not None}
    return ApiKey.model_validate({"secret": RESTRICTED, "permissions": permissions})


async def test_an_account_that_is_well() -> None:
    async with an_account() as account:
        await account.endpoint()
        findings = await account.examined()
    assert {check: ends(findings, check) for check in ("account", "permissions", "webhook", "events")} == {
        "account": [Status.OK],
        "permissions": [Status.OK],
        "webhook": [Status.OK],
        "events": [Status.OK],
    }


async def test_a_wrong_key_is_told_and_what_needs_it_is_skipped() -> None:
    async with an_account() as account:
        findings = await account.examined("sk_test_revoked")
    assert ends(findings, "account") == [Status.ERROR]
    assert "InvalidCredentials" in findings["account"][0].finding
    assert "revoked" not in findings["account"][0].finding
    for check in ("permissions", "webhook", "events"):
        assert ends(findings, check) == [Status.SKIPPED]


@pytest.mark.parametrize("key", ["sk_live_sandbox", "whsec_something"])
async def test_a_key_of_another_mode_or_form_is_sent_nowhere(key: str) -> None:
    async with an_account() as account:
        findings = await account.examined(key)
        assert account.stripe.observed.record.counts().total == 0
    assert ends(findings, "secret")[0] is Status.ERROR
    assert ends(findings, "account") == [Status.SKIPPED]
    assert key not in str(findings)


async def test_a_secret_that_may_not_be_read_is_skipped_with_the_reason() -> None:
    async with an_account() as account:
        account.secrets["other"] = Unreadable("you may not read Secrets")
        findings = await account.examined(apiKeySecretRef={"name": "other"})
    assert ends(findings, "secret")[0] is Status.SKIPPED
    assert findings["secret"][0].finding == "you may not read Secrets"


async def test_the_key_of_another_account_is_told() -> None:
    async with an_account(ApiKey(secret=OF_ANOTHER, account="acct_2")) as account:
        findings = await account.examined(OF_ANOTHER, accountID="acct_1SandboxTenants")
    assert ends(findings, "account") == [Status.ERROR]
    assert "AccountMismatch" in findings["account"][0].finding
    assert ends(findings, "permissions") == [Status.SKIPPED]


@pytest.mark.parametrize(
    ("slug", "resource", "level"),
    [
        ("plan", "Prices", "Write"),
        ("invoice", "Invoices", "Read"),
        ("billing_meter", "Billing meters", "Write"),
    ],
)
async def test_the_permission_that_a_restricted_key_lacks_is_named(
    slug: str, resource: str, level: str
) -> None:
    """One that lacks hides no other finding."""
    given = {"billing_meter": "write", slug: None}
    async with an_account(restricted(**given)) as account:
        await account.endpoint()
        findings = await account.examined(RESTRICTED)
    (lacking,) = findings["permissions"]
    assert lacking.status is Status.ERROR
    assert f"rak_{slug}_read" in lacking.finding
    assert lacking.remedy.endswith(f"set {resource} to {level}")
    assert ends(findings, "webhook") == ends(findings, "events") == [Status.OK]


async def test_a_restricted_key_with_all_that_is_needed_is_well() -> None:
    async with an_account(restricted(billing_meter="write", webhook=None)) as account:
        findings = await account.examined(RESTRICTED)
    assert ends(findings, "permissions") == [Status.OK]
    assert ends(findings, "webhook") == [Status.SKIPPED], (
        "the operator registers none, so it needs no right to"
    )


async def test_events_that_cannot_be_read_are_told_twice() -> None:
    async with an_account(restricted(billing_meter="write", event=None)) as account:
        findings = await account.examined(RESTRICTED)
    assert ends(findings, "permissions") == ends(findings, "events") == [Status.ERROR]


async def test_no_endpoint_is_told() -> None:
    async with an_account() as account:
        await account.endpoint(url="https://elsewhere.invalid/hook")
        findings = await account.examined()
    assert ends(findings, "webhook") == [Status.WARNING]


async def test_an_endpoint_of_another_version_is_told() -> None:
    async with an_account() as account:
        await account.endpoint(api_version="2022-11-15")
        findings = await account.examined()
    assert "API version 2022-11-15" in findings["webhook"][0].finding


async def test_an_endpoint_that_is_disabled_is_told() -> None:
    async with an_account() as account:
        identifier = await account.endpoint()
        answer = await account.client.post(f"/v1/webhook_endpoints/{identifier}", data={"disabled": "true"})
        assert answer.is_success, answer.text
        findings = await account.examined()
    assert ends(findings, "webhook") == [Status.ERROR]


async def test_the_clock_of_a_sandbox_is_not_compared() -> None:
    """It stands where a test has set it; how clocks are judged is a matter of the domain alone."""
    async with an_account() as account:
        findings = await account.examined(clock=SetClock(BEGIN + timedelta(seconds=61)))
    assert ends(findings, "clock") == [Status.SKIPPED]


async def test_an_account_that_does_not_answer_is_told() -> None:
    async with an_account() as account:
        (port,) = free_ports(1)
        findings = await account.examined(apiURL=f"http://{LOOPBACK}:{port}")
    assert ends(findings, "account") == [Status.ERROR]
    assert "Unreachable" in findings["account"][0].finding


# -- The Things Stack


async def deployment(
    things_stack: ThingsStackSimulator, key: str | None = None, tenant_id: str | None = None
) -> dict[str, list[Finding]]:
    """The findings about a simulator."""
    held = {"tenant-admin-key": key or things_stack.tenant_admin_key}
    means = Means(lambda _: SecretSeen({}, held), "system", SetClock())
    cluster = a_cluster({"spec.url": things_stack.url})
    examiner = RegistryExaminer(cluster, means, tenant_id, counts_activated=True)
    findings = await examiner.examine()
    assert things_stack.observed.record.counts().writes == 0
    return by_check(findings)


async def test_a_deployment_that_is_well() -> None:
    async with ThingsStackSimulator.serve() as things_stack:
        findings = await deployment(things_stack)
    assert ends(findings, "address") == ends(findings, "tenants") == [Status.OK]
    assert ends(findings, "release") == [Status.SKIPPED], "there is no tenant to count devices of"


async def test_a_wrong_tenant_admin_key_is_told() -> None:
    wrong = "ab" * 32
    async with ThingsStackSimulator.serve() as things_stack:
        findings = await deployment(things_stack, wrong)
    assert ends(findings, "tenants") == [Status.ERROR]
    assert "InvalidCredentials" in findings["tenants"][0].finding
    assert wrong not in str(findings)


async def test_a_value_that_is_no_admin_key_is_sent_nowhere() -> None:
    async with ThingsStackSimulator.serve() as things_stack:
        findings = await deployment(things_stack, "NNSXS.SOMETHING")
        assert things_stack.observed.record.counts().total == 0
    assert ends(findings, "secret") == [Status.ERROR]
    assert ends(findings, "tenants") == [Status.SKIPPED]


async def test_a_licence_without_tenants_is_told() -> None:
    async with ThingsStackSimulator.serve(ThingsStackSettings(multi_tenancy=False)) as things_stack:
        findings = await deployment(things_stack)
    assert "MultiTenancyUnavailable" in findings["tenants"][0].finding


@pytest.mark.parametrize(("supports", "expected"), [(True, Status.OK), (False, Status.ERROR)])
async def test_a_release_that_does_not_count_activated_devices_is_told(
    supports: bool, expected: Status
) -> None:
    async with ThingsStackSimulator.serve(ThingsStackSettings(supports_activated=supports)) as things_stack:
        findings = await deployment(things_stack, tenant_id="acme")
    assert ends(findings, "release") == [expected]


async def test_an_address_is_tried_before_a_key_is_sent() -> None:
    (port,) = free_ports(1)
    assert (await connection(f"https://{LOOPBACK}:{port}", None)).reach is Reach.NO_CONNECTION
    assert (await connection("https://does-not-exist.invalid", None)).reach is Reach.NO_ADDRESS
    async with ThingsStackSimulator.serve() as things_stack:
        by_tls = things_stack.url.replace("http://", "https://")
        assert (await connection(by_tls, None)).reach is Reach.NOT_TRUSTED
        assert (await connection(by_tls, "no certificate")).reach is Reach.NOT_TRUSTED

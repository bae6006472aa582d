"""Whether an account answers, whose it is, what its key may do, and whether clocks agree."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import health
from tenant_billing.domain.diagnosis.results import Finding, Status
from tenant_billing.domain.errors import Forbidden, OutsideError
from tenant_billing.domain.observations import Account

DASHBOARD_KEYS: Final = "Stripe's dashboard, Developers, API keys"
_REMEDIES: Final[Mapping[Reason, str]] = {
    Reason.INVALID_CREDENTIALS: f"put a key that is in force into the Secret: {DASHBOARD_KEYS}",
    Reason.PERMISSION_DENIED: f"give the restricted key what it lacks: {DASHBOARD_KEYS}, edit the key",
    Reason.UNREACHABLE: "look at the network from here and from the operator's pods, and at status.stripe.com",
    Reason.MODE_MISMATCH: "use the key of the mode that the BillingBackend states",
    Reason.ACCOUNT_MISMATCH: "use a key of that account; another account needs another BillingBackend",
    Reason.CLOCK_SKEW: "set the clock of this machine right; of the operator's, its own condition Ready tells",
}


@dataclass(frozen=True)
class Permission:
    """What a restricted key needs for one kind of object.

    Attributes:
        resource: As Stripe's dashboard names it.
        path: A list whose reading needs the permission.
        writes: Whether the operator also writes there.
    """

    resource: str
    path: str
    writes: bool = False


CATALOGUE: Final = (
    Permission("Products", "/v1/products", writes=True),
    Permission("Prices", "/v1/prices", writes=True),
    Permission("Customers", "/v1/customers", writes=True),
    Permission("Subscriptions", "/v1/subscriptions", writes=True),
    Permission("Invoices", "/v1/invoices"),
    Permission("Events", "/v1/events"),
)
METERS: Final = Permission("Billing meters", "/v1/billing/meters", writes=True)
TEST_CLOCKS: Final = Permission("Test clocks", "/v1/test_helpers/test_clocks")
ENDPOINTS: Final = Permission("Webhook endpoints", "/v1/webhook_endpoints", writes=True)


def needed(backend: BillingBackend, *, metered: bool) -> tuple[Permission, ...]:
    """What the operator reads in an account, and where it writes.

    Args:
        backend: The account.
        metered: Whether a plan of it counts devices.
    """
    account = backend.spec.account
    return (
        *CATALOGUE,
        *((METERS,) if metered else ()),
        *((ENDPOINTS,) if account.webhook is not None else ()),
        *(() if account.is_live else (TEST_CLOCKS,)),
    )


@dataclass(frozen=True)
class AccountAnswer:
    """What the account says of itself.

    Attributes:
        account: Whom the key belongs to.
        api_version: Of the answer; empty where it does not say.
        time: The account's.
        local_time: Of this machine, at that moment.
    """

    account: Account
    api_version: str
    time: datetime | None
    local_time: datetime


def judge_answer(
    backend: BillingBackend, answer: AccountAnswer | OutsideError, version: str
) -> Iterator[Finding]:
    """Judge whether the account answers, and as whom.

    Args:
        backend: The object.
        answer: What it said.
        version: The API version that the operator speaks.
    """
    subject = f"BillingBackend {backend.metadata.name}"
    if isinstance(answer, OutsideError):
        seen = health.of_provider_error(answer)
        yield Finding(
            "account", subject, Status.ERROR, f"{seen.reason}: {seen.message}", _REMEDIES[seen.reason]
        )
        return
    seen = health.of_account(backend, answer.account, answer.local_time, answer.time)
    if seen.is_available or seen.reason is Reason.CLOCK_SKEW:
        finding = f"{answer.account.id} answers in {backend.spec.account.mode} mode"
        yield Finding("account", subject, Status.OK, finding)
    else:
        yield Finding(
            "account", subject, Status.ERROR, f"{seen.reason}: {seen.message}", _REMEDIES[seen.reason]
        )
    yield _version(subject, answer.api_version, version)
    yield _clock(backend, answer)


def _version(subject: str, seen: str, wanted: str) -> Finding:
    if seen in ("", wanted):
        return Finding("api-version", subject, Status.OK, f"answers in {wanted}")
    return Finding(
        "api-version",
        subject,
        Status.WARNING,
        f"answers in API version {seen}; the operator speaks {wanted}",
        "look at what stands between here and Stripe: a proxy changes the header Stripe-Version",
    )


def _clock(backend: BillingBackend, answer: AccountAnswer) -> Finding:
    subject = f"BillingBackend {backend.metadata.name}"
    if backend.spec.account.api_url is not None:
        finding = "spec.stripe.apiURL is set: a sandbox may be at any time, so clocks are not compared"
        return Finding("clock", subject, Status.SKIPPED, finding)
    if answer.time is None:
        return Finding("clock", subject, Status.SKIPPED, "the account's answer carries no date")
    apart = abs((answer.time - answer.local_time).total_seconds())
    if apart > health.LARGEST_SKEW.total_seconds():
        finding = f"{Reason.CLOCK_SKEW}: the clock of this machine and the account's are {apart:.0f} s apart"
        return Finding("clock", subject, Status.ERROR, finding, _REMEDIES[Reason.CLOCK_SKEW])
    return Finding("clock", subject, Status.OK, f"this machine and the account are {apart:.0f} s apart")


def _only_written(readings: Iterable[Permission]) -> Iterator[str]:
    """What is written and has no list that could be read."""
    if METERS in readings:
        yield "Billing meter events"


Readings = Mapping[Permission, OutsideError | None]
"""What became of reading one object of each list; None: it was read."""


def judge_permissions(subject: str, readings: Readings, *, restricted: bool) -> Iterator[Finding]:
    """Judge what the key may read, and say what a reading cannot show.

    Args:
        subject: The object.
        readings: As above.
        restricted: Whether the key is a restricted one.
    """
    well = True
    for permission, problem in readings.items():
        if problem is None:
            continue
        well = False
        level = "Write" if permission.writes else "Read"
        if isinstance(problem, Forbidden):
            remedy = f"{DASHBOARD_KEYS}, edit the restricted key: set {permission.resource} to {level}"
            yield Finding(
                "permissions", subject, Status.ERROR, f"lacks {permission.resource}: {problem}", remedy
            )
        else:
            finding = f"{permission.resource} could not be read: {problem}"
            yield Finding("permissions", subject, Status.ERROR, finding, _REMEDIES[Reason.UNREACHABLE])
    if well and not restricted:
        finding = "a standard key, which may do everything; a restricted key would be safer"
        yield Finding("permissions", subject, Status.OK, finding)
    elif well:
        writes = ", ".join([*(each.resource for each in readings if each.writes), *_only_written(readings)])
        finding = (
            f"may read all {len(readings)} kinds that are needed. Whether it may write cannot be seen without "
            f"writing; Write is needed for {writes}"
        )
        yield Finding("permissions", subject, Status.OK, finding)

"""Whether The Things Stack can be reached, takes the key, and offers tenants."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from tenant_billing.api.reasons import Reason
from tenant_billing.domain import health
from tenant_billing.domain.diagnosis.results import Finding, Status, Unreadable
from tenant_billing.domain.errors import OutsideError, Unsupported

_REMEDIES: Final[Mapping[Reason, str]] = {
    Reason.INVALID_CREDENTIALS: (
        "put one of the keys of is.tenancy.admin-keys of The Things Stack into the Secret, in hexadecimal digits"
    ),
    Reason.MULTI_TENANCY_UNAVAILABLE: (
        "ask The Things Industries for a licence with multi-tenancy; is the Enterprise edition at spec.url?"
    ),
    Reason.UNREACHABLE: "look at spec.url, at the network from here and from the operator's pods",
}


class Reach(Enum):
    """How far a connection came."""

    REACHED = auto()
    NO_ADDRESS = auto()
    """The name has no address."""
    NO_CONNECTION = auto()
    """Nobody listens, or nothing came back in time."""
    NOT_TRUSTED = auto()
    """The handshake of TLS failed, most often because the certificate is not trusted."""


@dataclass(frozen=True)
class Connection:
    """What became of connecting, before any key was sent.

    Attributes:
        reach: How far it came.
        detail: In the words of the operating system, or of TLS.
        tls: Version of TLS; empty without it.
    """

    reach: Reach
    detail: str = ""
    tls: str = ""


_FAILED: Final[Mapping[Reach, tuple[str, str]]] = {
    Reach.NO_ADDRESS: ("the host of {url} has no address", "correct spec.url, or the name service"),
    Reach.NO_CONNECTION: ("nobody answers at {url}", _REMEDIES[Reason.UNREACHABLE]),
    Reach.NOT_TRUSTED: (
        "TLS with {url} fails",
        "renew the certificate, or name the Secret with your authority's in spec.caBundleSecretRef",
    ),
}
"""What is found where a connection did not come about, and the remedy."""


def judge_connection(subject: str, url: str, connection: Connection) -> Finding:
    """Judge address and certificate."""
    if connection.reach is Reach.REACHED:
        how = f"by {connection.tls}" if connection.tls else "without TLS, on the loopback address"
        return Finding("address", subject, Status.OK, f"{url} is reached {how}")
    words, remedy = _FAILED[connection.reach]
    finding = f"{words.format(url=url)}: {connection.detail}"
    return Finding("address", subject, Status.ERROR, finding, remedy)


def judge_key(subject: str, problem: OutsideError | None) -> Finding:
    """Judge what listing one tenant brought: that needs address, key and licence."""
    if problem is None:
        return Finding("tenants", subject, Status.OK, "takes the tenant admin key and lists tenants")
    seen = health.of_registry_error(problem)
    return Finding("tenants", subject, Status.ERROR, f"{seen.reason}: {seen.message}", _REMEDIES[seen.reason])


def judge_release(
    subject: str, counted: OutsideError | Unreadable | None, *, counts_activated: bool
) -> Iterator[Finding]:
    """Judge what the release can do, as far as a call shows it: no answer names a version.

    Args:
        subject: The object.
        counted: What became of asking for activated devices; None: they are counted.
        counts_activated: Whether a plan counts only those.
    """
    if isinstance(counted, Unreadable):
        yield Finding("release", subject, Status.SKIPPED, counted.why)
    elif isinstance(counted, Unsupported):
        finding = "this release does not count activated devices"
        status = Status.ERROR if counts_activated else Status.OK
        remedy = "upgrade The Things Stack, or let the plans count all devices" if counts_activated else ""
        yield Finding("release", subject, status, finding, remedy)
    elif counted is not None:
        finding = f"devices could not be counted: {counted}"
        yield Finding("release", subject, Status.WARNING, finding, _REMEDIES[Reason.UNREACHABLE])
    else:
        yield Finding("release", subject, Status.OK, "counts all devices, and activated ones")

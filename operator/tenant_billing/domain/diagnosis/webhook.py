"""Whether deliveries reach the operator: the endpoint, what it delivers, and whether its secret is the right one.

Stripe never shows a signing secret again, so that nothing proves outright that it signs with ours. What is looked at
instead: whose endpoint the Secret was written for, whether the operator takes a delivery that is signed with it, and
whether Stripe's own newest events have been accepted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.domain.diagnosis.results import Finding, Status, Unreadable
from tenant_billing.domain.errors import Forbidden, OutsideError
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing.domain.webhook_endpoints import WebhookEndpoint, marks_of
from tenant_billing.domain.webhook_registration import DISABLED, SecretSeen

ALL_EVENTS: Final = "*"
BILLING_SERVER_PATH: Final = "/api/v3/tbs/stripe"
MOST_TYPES_NAMED: Final = 3
GRACE: Final = timedelta(minutes=2)
"""An event this young may still be on its way."""
_DASHBOARD: Final = "Stripe's dashboard, Developers, Webhooks"
_BY_LIST: Final = "changes are found in the event list only, minutes later"


def endpoints_for(backend: BillingBackend, endpoints: Sequence[WebhookEndpoint]) -> list[WebhookEndpoint]:
    """The endpoints that are meant for a backend: by our marks where the operator registers, else by their address."""
    name = backend.metadata.name
    if backend.spec.account.webhook is not None:
        marks = marks_of(backend.spec.owner, name)
        return [each for each in endpoints if marks.items() <= each.metadata.items()]
    paths = (f"/webhooks/stripe/{name}", BILLING_SERVER_PATH)
    return [each for each in endpoints if urlsplit(each.url).path.endswith(paths)]


def judge_endpoints(
    backend: BillingBackend, endpoints: Sequence[WebhookEndpoint] | OutsideError, version: str
) -> Iterator[Finding]:
    """Judge what the account has.

    Args:
        backend: The object.
        endpoints: All of the account's.
        version: The API version that the operator speaks.
    """
    subject = f"BillingBackend {backend.metadata.name}"
    if isinstance(endpoints, OutsideError):
        lacks = isinstance(endpoints, Forbidden)
        remedy = "give the key Read on Webhook endpoints, to have this looked at" if lacks else ""
        yield Finding("webhook", subject, Status.SKIPPED, f"endpoints cannot be listed: {endpoints}", remedy)
        return
    found = endpoints_for(backend, endpoints)
    if not found:
        yield _none(backend, subject)
    for each in found:
        yield from _of_endpoint(backend, each, subject, version)


def _none(backend: BillingBackend, subject: str) -> Finding:
    account = backend.spec.account
    if account.webhook is not None:
        finding = f"no endpoint is registered for {account.webhook.url}; {_BY_LIST}"
        remedy = (
            f"kubectl describe billingbackend {backend.metadata.name}: the condition WebhookReady says why"
        )
        return Finding("webhook", subject, Status.ERROR, finding, remedy)
    address = f"/webhooks/stripe/{backend.metadata.name}"
    finding = f"the account has no endpoint whose address ends with {address}; {_BY_LIST}"
    remedy = "set spec.stripe.webhook to have one registered, or make one by hand (docs/webhooks.md)"
    return Finding("webhook", subject, Status.WARNING, finding, remedy)


def _of_endpoint(
    backend: BillingBackend, endpoint: WebhookEndpoint, subject: str, version: str
) -> Iterator[Finding]:
    wanted = backend.spec.account.webhook
    problems = []
    if endpoint.status == DISABLED:
        problems.append((Status.ERROR, f"is disabled: {_BY_LIST}", f"enable it: {_DASHBOARD}"))
    if wanted is not None and endpoint.url != wanted.url:
        problems.append(
            (
                Status.WARNING,
                f"delivers to {endpoint.url}, not to {wanted.url}",
                "the operator corrects it by itself",
            )
        )
    if endpoint.api_version != version:
        told = endpoint.api_version or "the account's default"
        remedy = (
            "the operator replaces it by itself"
            if wanted is not None
            else f"when convenient, make a new one of version {version} and name both secrets for a while"
        )
        finding = f"delivers events of API version {told}, not {version}; they still say where to look"
        problems.append((Status.WARNING, finding, remedy))
    lacking = [each for each in EVENT_TYPES if not {each, ALL_EVENTS} & endpoint.event_types]
    if lacking:
        remedy = "the operator corrects it by itself" if wanted is not None else f"add them: {_DASHBOARD}"
        problems.append((Status.WARNING, f"does not deliver {_named(lacking)}", remedy))
    for status, finding, remedy in problems:
        yield Finding("webhook", subject, status, f"endpoint {endpoint.id} {finding}", remedy)
    if not problems:
        finding = f"endpoint {endpoint.id} is enabled, of {version}, and delivers to {endpoint.url}"
        yield Finding("webhook", subject, Status.OK, finding)


def _named(types: Sequence[str]) -> str:
    more = len(types) - MOST_TYPES_NAMED
    return ", ".join(types[:MOST_TYPES_NAMED]) + (f" and {more} more" if more > 0 else "")


def judge_kept_secret(
    backend: BillingBackend, secret: SecretSeen | Unreadable, endpoints: Sequence[WebhookEndpoint]
) -> Finding:
    """Judge the Secret of an endpoint that the operator registered, by the ids that were kept beside it.

    Args:
        backend: An object with ``spec.stripe.webhook``.
        secret: That Secret.
        endpoints: Those of the account that are meant for it.
    """
    subject = f"BillingBackend {backend.metadata.name}"
    if isinstance(secret, Unreadable):
        return Finding("webhook-secret", subject, Status.SKIPPED, secret.why)
    if not secret.exists or secret.backend != backend.metadata.name:
        finding = (
            "spec.stripe.webhook.secretName: there is no Secret that was written for this BillingBackend"
        )
        remedy = "the operator writes it with the next registration; one of somebody else's has to be deleted first"
        return Finding("webhook-secret", subject, Status.ERROR, finding, remedy)
    if secret.endpoint_id not in {each.id for each in endpoints}:
        finding = f"the Secret is that of endpoint {secret.endpoint_id or '(none)'}, which is not registered"
        return Finding(
            "webhook-secret", subject, Status.WARNING, finding, "the operator replaces it by itself"
        )
    return Finding(
        "webhook-secret", subject, Status.OK, f"the Secret was written for endpoint {secret.endpoint_id}"
    )


def judge_named_secrets(backend: BillingBackend, endpoints: Sequence[WebhookEndpoint]) -> Iterator[Finding]:
    """Judge whether any secret is named for endpoints that people have made; without one, nothing is accepted."""
    account = backend.spec.account
    if account.webhook is None and endpoints and not account.webhook_secret_refs:
        ids = ", ".join(each.id for each in endpoints)
        finding = f"spec.stripe.webhookSecretRefs names no Secret, so every delivery of {ids} is refused"
        remedy = f"make a Secret of the endpoint's signing secret and name it there: {_DASHBOARD}"
        yield Finding(
            "webhook-secret", f"BillingBackend {backend.metadata.name}", Status.ERROR, finding, remedy
        )


@dataclass(frozen=True)
class Ping:
    """A delivery of ours that tells nothing, signed with the value of a Secret.

    Attributes:
        url: Where it went.
        secret: Name of the Secret.
        answer: HTTP status; or why there was none.
    """

    url: str
    secret: str
    answer: int | Unreadable


def judge_ping(backend: BillingBackend, ping: Ping) -> Finding:
    """Judge whether the operator is behind an endpoint's address, and takes what is signed with a Secret."""
    subject, url = f"BillingBackend {backend.metadata.name}", ping.url
    if isinstance(ping.answer, Unreadable):
        finding = f"{url} is not reached from here, which says nothing of Stripe: {ping.answer.why}"
        return Finding("webhook-signature", subject, Status.SKIPPED, finding)
    status, finding, remedy = _of_ping(ping.answer, ping)
    return Finding("webhook-signature", subject, status, finding, remedy)


def _of_ping(answer: int, ping: Ping) -> tuple[Status, str, str]:
    url = ping.url
    if answer < HTTPStatus.MULTIPLE_CHOICES:
        finding = (
            f"the operator at {url} takes what is signed with Secret {ping.secret}; that Stripe signs with it, "
            "only Stripe's own deliveries show"
        )
        return Status.OK, finding, ""
    if answer == HTTPStatus.BAD_REQUEST:
        finding = f"the operator at {url} refuses what is signed with Secret {ping.secret}"
        remedy = "name that Secret in spec.stripe.webhookSecretRefs; is another cluster's operator behind the address?"
        return Status.ERROR, finding, remedy
    if answer == HTTPStatus.SERVICE_UNAVAILABLE:
        remedy = "look at the readiness of the operator's pods and at the backends of the Ingress"
        return Status.WARNING, f"nobody at {url} can store deliveries now (503)", remedy
    remedy = "lead the address to the operator's Service, port webhook, with its path unchanged"
    return Status.ERROR, f"not the operator answers at {url} (HTTP {answer})", remedy


@dataclass(frozen=True)
class DeliveredEvent:
    """An event of a type that matters, as the account lists it.

    Attributes:
        pending: How many of the account's endpoints have not accepted it yet.
    """

    id: str
    created: datetime
    pending: int


def judge_deliveries(
    backend: BillingBackend, events: Sequence[DeliveredEvent] | OutsideError, now: datetime
) -> Finding:
    """Judge the newest events: the operator accepts only what its secret verifies.

    Args:
        backend: The object.
        events: Newest first.
        now: The account's time.
    """
    subject = f"BillingBackend {backend.metadata.name}"
    if isinstance(events, OutsideError):
        remedy = (
            "give the key Read on Events: without it the operator sees no change of a payment"
            if isinstance(events, Forbidden)
            else "look at the network from here, and at status.stripe.com"
        )
        return Finding("events", subject, Status.ERROR, f"the event list cannot be read: {events}", remedy)
    old = [each for each in events if now - each.created >= GRACE]
    if not old:
        finding = "the event list is readable; no event is old enough to tell of deliveries"
        return Finding("events", subject, Status.OK, finding)
    waiting = [each for each in old if each.pending]
    if waiting:
        finding = (
            f"{len(waiting)} of the newest {len(old)} events, {waiting[0].id} among them, were not accepted by "
            "one of the account's endpoints"
        )
        remedy = f"{_DASHBOARD}: the endpoint's deliveries show the answers; 400 means another signing secret"
        return Finding("events", subject, Status.WARNING, finding, remedy)
    finding = f"the event list is readable, and the newest {len(old)} events wait for no endpoint"
    return Finding("events", subject, Status.OK, finding)

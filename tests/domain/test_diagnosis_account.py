"""What ``doctor`` makes of Secrets, of an account, and of its webhook."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from diagnosis_builders import a_backend, only, statuses
from tenant_billing.api.billing_backend import ApiKeyReference, StripeMode
from tenant_billing.domain.diagnosis import account, secrets, webhook
from tenant_billing.domain.diagnosis.account import AccountAnswer
from tenant_billing.domain.diagnosis.results import Status, Unreadable
from tenant_billing.domain.diagnosis.secrets import SecretAnswer
from tenant_billing.domain.diagnosis.webhook import DeliveredEvent, Ping
from tenant_billing.domain.errors import Forbidden, OutsideError, Unauthorized, Unreachable
from tenant_billing.domain.events import EVENT_TYPES
from tenant_billing.domain.health import key_problem
from tenant_billing.domain.observations import Account
from tenant_billing.domain.webhook_endpoints import WebhookEndpoint, marks_of
from tenant_billing.domain.webhook_registration import SecretSeen

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
VERSION = "2026-10-28.endive"
KEY = "rk_test_51Abc"
REFERENCE = ApiKeyReference(name="stripe")
TEST_KEY = partial(key_problem, mode=StripeMode.TEST)
URL = "https://hooks.example.com/webhooks/stripe/main"
REGISTERED = a_backend({"spec.stripe.webhook": {"url": URL, "secretName": "main-webhook"}})
BY_HAND = a_backend()
LIVE_REGISTERED = {"spec.stripe.mode": "Live", "spec.stripe.webhook": {"url": URL, "secretName": "w"}}


# -- Secrets


def holding(**values: str) -> SecretAnswer:
    return secrets.SecretSeen({}, {name.replace("_", "-"): value for name, value in values.items()})


@pytest.mark.parametrize(
    ("secret", "expected", "told"),
    [
        (holding(api_key=KEY), Status.OK, "Secret stripe holds api-key"),
        (holding(other=KEY), Status.ERROR, "Secret 'stripe' has no key 'api-key'"),
        (holding(api_key=""), Status.ERROR, "or it is empty"),
        (None, Status.ERROR, "there is no Secret 'stripe'"),
        (holding(api_key="sk_live_51Abc"), Status.ERROR, "ModeMismatch: the key is of live mode"),
        (holding(api_key="whsec_51Abc"), Status.ERROR, "InvalidCredentials: the Secret's value is no"),
        (Unreadable("you may not read Secrets"), Status.SKIPPED, "you may not read Secrets"),
    ],
)
def test_a_secret_is_judged_by_what_it_is_for(secret: SecretAnswer, expected: Status, told: str) -> None:
    found = only(secrets.judge("BillingBackend main", REFERENCE, secret, "system", TEST_KEY))
    assert found.status is expected
    assert told in found.finding
    assert "51Abc" not in found.finding + found.remedy


def test_a_value_of_another_form_is_sent_nowhere() -> None:
    assert secrets.usable(holding(api_key=KEY), "api-key", TEST_KEY) == KEY
    assert secrets.usable(holding(api_key="sk_live_51Abc"), "api-key", TEST_KEY) is None
    assert secrets.usable(None, "api-key", TEST_KEY) is None
    assert only(secrets.judge("x", REFERENCE, holding(api_key="anything"), "system")).status is Status.OK


# -- the account

OURS = AccountAnswer(Account("acct_1", livemode=False), VERSION, NOW, NOW)


def test_an_account_that_answers_well_is_three_findings() -> None:
    found = list(account.judge_answer(BY_HAND, OURS, VERSION))
    assert statuses(found) == [("account", Status.OK), ("api-version", Status.OK), ("clock", Status.OK)]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Unauthorized("revoked"), "InvalidCredentials"),
        (Forbidden("rak_accounts_kyc_basic_read"), "PermissionDenied"),
        (Unreachable("no answer"), "Unreachable"),
    ],
)
def test_an_account_that_refuses_is_told_with_the_remedy(error: OutsideError, told: str) -> None:
    found = only(account.judge_answer(BY_HAND, error, VERSION))
    assert found.status is Status.ERROR
    assert told in found.finding


def test_another_account_is_refused() -> None:
    pinned = a_backend({"spec.stripe.accountID": "acct_2"})
    found = next(iter(account.judge_answer(pinned, OURS, VERSION)))
    assert (found.check, found.status) == ("account", Status.ERROR)
    assert "AccountMismatch" in found.finding
    assert found.remedy


@pytest.mark.parametrize(
    ("apart", "expected"),
    [(timedelta(seconds=59), Status.OK), (timedelta(seconds=-61), Status.ERROR), (None, Status.SKIPPED)],
)
def test_clocks_may_be_sixty_seconds_apart(apart: timedelta | None, expected: Status) -> None:
    answer = replace(OURS, time=None if apart is None else NOW + apart)
    found = list(account.judge_answer(BY_HAND, answer, VERSION))
    assert statuses(found)[0] == ("account", Status.OK), "the account itself is the right one"
    assert statuses(found)[-1] == ("clock", expected)


def test_a_sandbox_may_be_at_any_time() -> None:
    sandbox = a_backend({"spec.stripe.apiURL": "http://127.0.0.1:12111"})
    answer = replace(OURS, time=NOW + timedelta(days=40))
    assert statuses(account.judge_answer(sandbox, answer, VERSION))[-1] == ("clock", Status.SKIPPED)


def test_an_answer_of_another_version_is_a_warning() -> None:
    answer = replace(OURS, api_version="2022-11-15")
    found = list(account.judge_answer(BY_HAND, answer, VERSION))
    assert statuses(found)[1] == ("api-version", Status.WARNING)


@pytest.mark.parametrize(
    ("changes", "metered", "more"),
    [
        ({"spec.stripe.mode": "Live"}, False, set()),
        ({"spec.stripe.mode": "Test"}, False, {"Test clocks"}),
        ({"spec.stripe.mode": "Live"}, True, {"Billing meters"}),
        (LIVE_REGISTERED, False, {"Webhook endpoints"}),
    ],
)
def test_only_what_is_used_is_needed(changes: dict[str, Any], metered: bool, more: set[str]) -> None:
    always = {each.resource for each in account.CATALOGUE}
    needed = {each.resource for each in account.needed(a_backend(changes), metered=metered)}
    assert needed == always | more


def test_a_permission_that_lacks_is_named_as_the_dashboard_names_it() -> None:
    readings: dict[account.Permission, OutsideError | None] = dict.fromkeys(account.CATALOGUE)
    prices, invoices = account.CATALOGUE[1], account.CATALOGUE[4]
    readings[prices] = Forbidden("Having the 'rak_plan_read' permission would allow this request")
    readings[invoices] = Forbidden("Having the 'rak_invoice_read' permission would allow this request")
    found = list(account.judge_permissions("BillingBackend main", readings, restricted=True))
    assert [each.status for each in found] == [Status.ERROR, Status.ERROR]
    assert "lacks Prices" in found[0].finding
    assert "rak_plan_read" in found[0].finding
    assert found[0].remedy.endswith("set Prices to Write")
    assert found[1].remedy.endswith("set Invoices to Read")


def test_a_list_that_gives_no_answer_is_no_missing_permission() -> None:
    readings: dict[account.Permission, OutsideError | None] = {
        account.CATALOGUE[0]: Unreachable("no answer within 10 s")
    }
    found = only(account.judge_permissions("BillingBackend main", readings, restricted=True))
    assert "could not be read" in found.finding


def test_reading_does_not_show_that_a_restricted_key_may_write() -> None:
    readings: dict[account.Permission, OutsideError | None] = dict.fromkeys(account.CATALOGUE)
    restricted = only(account.judge_permissions("x", readings, restricted=True))
    assert "Write is needed for Products, Prices, Customers, Subscriptions" in restricted.finding
    metered = only(account.judge_permissions("x", {**readings, account.METERS: None}, restricted=True))
    assert metered.finding.endswith("Subscriptions, Billing meters, Billing meter events")
    standard = only(account.judge_permissions("x", readings, restricted=False))
    assert "may do everything" in standard.finding


# -- the webhook

ENDPOINT = WebhookEndpoint(
    "we_1", URL, frozenset(EVENT_TYPES), VERSION, "enabled", marks_of("default", "main")
)


def test_an_endpoint_that_is_as_it_should_be() -> None:
    everything = replace(ENDPOINT, event_types=frozenset({"*"}))
    for backend in (REGISTERED, BY_HAND):
        for endpoint in (ENDPOINT, everything):
            found = only(webhook.judge_endpoints(backend, [endpoint], VERSION))
            assert found.status is Status.OK


def test_a_registered_endpoint_is_known_by_its_marks_and_another_by_its_address() -> None:
    elsewhere = replace(ENDPOINT, id="we_2", url="https://other.example.com/stripe", metadata={})
    of_server = replace(elsewhere, id="we_3", url="https://lns.example.com/api/v3/tbs/stripe")
    everything = [ENDPOINT, elsewhere, of_server]
    assert webhook.endpoints_for(REGISTERED, everything) == [ENDPOINT]
    assert webhook.endpoints_for(BY_HAND, everything) == [ENDPOINT, of_server]


@pytest.mark.parametrize(
    ("changes", "expected", "told"),
    [
        ({"status": "disabled"}, Status.ERROR, "is disabled"),
        ({"api_version": "2022-11-15"}, Status.WARNING, "delivers events of API version 2022-11-15"),
        ({"api_version": None}, Status.WARNING, "the account's default"),
        ({"event_types": frozenset(EVENT_TYPES[1:])}, Status.WARNING, f"does not deliver {EVENT_TYPES[0]}"),
        ({"event_types": frozenset()}, Status.WARNING, "and 17 more"),
    ],
)
def test_what_is_wrong_with_an_endpoint(changes: dict[str, Any], expected: Status, told: str) -> None:
    for backend in (REGISTERED, BY_HAND):
        found = only(webhook.judge_endpoints(backend, [replace(ENDPOINT, **changes)], VERSION))
        assert found.status is expected
        assert told in found.finding


def test_a_registered_endpoint_that_somebody_turned_elsewhere() -> None:
    turned = replace(ENDPOINT, url="https://elsewhere.example.com")
    assert "not to https://hooks" in only(webhook.judge_endpoints(REGISTERED, [turned], VERSION)).finding


def test_no_endpoint_is_an_error_only_where_one_was_asked_for() -> None:
    assert only(webhook.judge_endpoints(REGISTERED, [], VERSION)).status is Status.ERROR
    assert only(webhook.judge_endpoints(BY_HAND, [], VERSION)).status is Status.WARNING


def test_endpoints_that_cannot_be_listed_are_skipped() -> None:
    lacks = only(webhook.judge_endpoints(BY_HAND, Forbidden("rak_webhook_read"), VERSION))
    assert (lacks.status, bool(lacks.remedy)) == (Status.SKIPPED, True)
    unreachable = only(webhook.judge_endpoints(BY_HAND, Unreachable("no answer"), VERSION))
    assert (unreachable.status, unreachable.remedy) == (Status.SKIPPED, "")


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (SecretSeen(True, "main", "we_1"), Status.OK),
        (SecretSeen(True, "main", "we_0"), Status.WARNING),
        (SecretSeen(True, "main", ""), Status.WARNING),
        (SecretSeen(True, "other", "we_1"), Status.ERROR),
        (SecretSeen(), Status.ERROR),
        (Unreadable("forbidden"), Status.SKIPPED),
    ],
)
def test_the_secret_of_a_registered_endpoint_is_known_by_the_ids_beside_it(
    secret: SecretSeen | Unreadable, expected: Status
) -> None:
    assert only(webhook.judge_kept_secret(REGISTERED, secret, [ENDPOINT])).status is expected


def test_an_endpoint_without_a_secret_delivers_in_vain() -> None:
    without = a_backend({"spec.stripe.webhookSecretRefs": []})
    assert only(webhook.judge_named_secrets(without, [ENDPOINT])).status is Status.ERROR
    assert list(webhook.judge_named_secrets(without, [])) == []
    assert list(webhook.judge_named_secrets(BY_HAND, [ENDPOINT])) == []
    assert list(webhook.judge_named_secrets(REGISTERED, [ENDPOINT])) == []


@pytest.mark.parametrize(
    ("answer", "expected", "told"),
    [
        (200, Status.OK, "takes what is signed with Secret s"),
        (400, Status.ERROR, "refuses what is signed"),
        (503, Status.WARNING, "nobody"),
        (404, Status.ERROR, "not the operator answers"),
        (302, Status.ERROR, "(HTTP 302)"),
        (Unreadable("ConnectError"), Status.SKIPPED, "which says nothing of Stripe: ConnectError"),
    ],
)
def test_a_delivery_of_ours_tells_who_is_behind_the_address(
    answer: int | Unreadable, expected: Status, told: str
) -> None:
    found = only(webhook.judge_ping(BY_HAND, Ping(URL, "s", answer)))
    assert found.status is expected
    assert told in found.finding


def event(minutes: int, pending: int) -> DeliveredEvent:
    return DeliveredEvent(f"evt_{minutes}", NOW - timedelta(minutes=minutes), pending)


@pytest.mark.parametrize(
    ("events", "expected", "told"),
    [
        ([], Status.OK, "no event is old enough"),
        ([event(1, 1)], Status.OK, "no event is old enough"),
        ([event(1, 1), event(5, 0)], Status.OK, "the newest 1 events wait for no endpoint"),
        ([event(1, 0), event(5, 1), event(9, 0)], Status.WARNING, "1 of the newest 2 events, evt_5 among"),
        (Forbidden("rak_event_read"), Status.ERROR, "the event list cannot be read"),
        (Unreachable("no answer"), Status.ERROR, "the event list cannot be read: no answer"),
    ],
)
def test_stripes_own_events_tell_of_deliveries(
    events: list[DeliveredEvent] | OutsideError, expected: Status, told: str
) -> None:
    found = only(webhook.judge_deliveries(BY_HAND, events, NOW))
    assert found.status is expected
    assert told in found.finding

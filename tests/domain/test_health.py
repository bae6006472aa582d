"""Health of accounts and registries: judged before a key is sent, and by what the other side answers."""

from datetime import timedelta
from typing import Any

import pytest

from kubernetes_bodies import a_body
from plan_builders import NOW
from tenant_billing.api.billing_backend import BillingBackend, StripeMode
from tenant_billing.api.reasons import Reason
from tenant_billing.domain import errors, health
from tenant_billing.domain.observations import Account

KEYS = [
    pytest.param("sk_test_51Abc", StripeMode.TEST, None, id="a secret key of the mode"),
    pytest.param("rk_live_51Abc", StripeMode.LIVE, None, id="a restricted key of the mode"),
    pytest.param("sk_live_51Abc", StripeMode.TEST, Reason.MODE_MISMATCH, id="real money where none is meant"),
    pytest.param("sk_test_51Abc", StripeMode.LIVE, Reason.MODE_MISMATCH, id="play money where real is meant"),
    pytest.param("pk_live_51Abc", StripeMode.LIVE, Reason.INVALID_CREDENTIALS, id="a publishable key"),
    pytest.param("whsec_51Abc", StripeMode.TEST, Reason.INVALID_CREDENTIALS, id="the webhook's secret"),
    pytest.param("sk_test_a b", StripeMode.TEST, Reason.INVALID_CREDENTIALS, id="something with a blank"),
    pytest.param(
        "sk_test_x\nx", StripeMode.TEST, Reason.INVALID_CREDENTIALS, id="something with a line break"
    ),
]


@pytest.mark.parametrize(("key", "mode", "reason"), KEYS)
def test_key_is_judged_before_it_is_sent(key: str, mode: StripeMode, reason: Reason | None) -> None:
    problem = health.key_problem(key, mode)
    assert (problem.reason if problem else None) == reason
    assert problem is None or key not in problem.message


@pytest.mark.parametrize(("key", "mode", "reason"), KEYS)
def test_key_of_stripe_is_judged_by_the_mode_of_its_account(
    key: str, mode: StripeMode, reason: Reason | None
) -> None:
    problem = health.stripe_key_problem(key, a_backend(mode=mode).spec.account)
    assert (problem.reason if problem else None) == reason


ADMIN_KEYS = [
    pytest.param("0a" * 32, True, id="32 bytes"),
    pytest.param("0A" * 16, True, id="16 bytes, upper case"),
    pytest.param("0a" * 20, False, id="20 bytes"),
    pytest.param("NNSXS.ABC", False, id="an API key instead"),
    pytest.param("", False, id="nothing"),
]


@pytest.mark.parametrize(("key", "is_fine"), ADMIN_KEYS)
def test_admin_key_is_judged_before_it_is_sent(key: str, is_fine: bool) -> None:
    problem = health.admin_key_problem(key)
    assert (problem is None) is is_fine
    assert problem is None or problem.reason is Reason.INVALID_CREDENTIALS


def a_backend(status: dict[str, Any] | None = None, **stripe: Any) -> BillingBackend:
    spec = {"stripe": {"mode": "Test", "apiKeySecretRef": {"name": "stripe"}} | stripe}
    return BillingBackend.from_kubernetes(a_body("BillingBackend", "main", spec) | {"status": status or {}})


OURS = Account("acct_1", livemode=False)
ACCOUNTS = [
    pytest.param(a_backend(), OURS, 0, Reason.AVAILABLE, id="the first account seen is taken"),
    pytest.param(a_backend(accountID="acct_1"), OURS, 0, Reason.AVAILABLE, id="the account that is pinned"),
    pytest.param(a_backend(accountID="acct_2"), OURS, 0, Reason.ACCOUNT_MISMATCH, id="another than pinned"),
    pytest.param(
        a_backend({"accountID": "acct_2"}),
        OURS,
        0,
        Reason.ACCOUNT_MISMATCH,
        id="another than the one recorded",
    ),
    pytest.param(
        a_backend({"accountID": "acct_2"}, accountID="acct_1"),
        OURS,
        0,
        Reason.AVAILABLE,
        id="a pin outweighs",
    ),
    pytest.param(
        a_backend(), Account("acct_1", livemode=True), 0, Reason.MODE_MISMATCH, id="answers of real money"
    ),
    pytest.param(
        a_backend(mode="Live"), OURS, 0, Reason.MODE_MISMATCH, id="answers of play money where real is meant"
    ),
    pytest.param(a_backend(), OURS, 60, Reason.AVAILABLE, id="a minute of skew is borne"),
    pytest.param(a_backend(), OURS, -61, Reason.CLOCK_SKEW, id="more is not"),
    pytest.param(
        a_backend(apiURL="http://127.0.0.1:1"), OURS, 10**6, Reason.AVAILABLE, id="a sandbox's own time"
    ),
    pytest.param(a_backend(), OURS, None, Reason.AVAILABLE, id="no time was told"),
]


@pytest.mark.parametrize(("backend", "account", "skew", "reason"), ACCOUNTS)
def test_account_is_judged(
    backend: BillingBackend, account: Account, skew: int | None, reason: Reason
) -> None:
    theirs = None if skew is None else NOW + timedelta(seconds=skew)
    seen = health.of_account(backend, account, NOW, theirs)
    assert seen.reason is reason
    assert seen.is_available is (reason is Reason.AVAILABLE)
    assert bool(seen.message) is not seen.is_available


ERRORS = [
    pytest.param(errors.Unauthorized("no"), Reason.INVALID_CREDENTIALS, Reason.INVALID_CREDENTIALS, id="401"),
    pytest.param(errors.Forbidden("no"), Reason.PERMISSION_DENIED, Reason.INVALID_CREDENTIALS, id="403"),
    pytest.param(
        errors.Unsupported("no"), Reason.UNREACHABLE, Reason.MULTI_TENANCY_UNAVAILABLE, id="no licence"
    ),
    pytest.param(errors.Unreachable("no"), Reason.UNREACHABLE, Reason.UNREACHABLE, id="no answer"),
    pytest.param(errors.Throttled("no"), Reason.UNREACHABLE, Reason.UNREACHABLE, id="over a limit"),
]


@pytest.mark.parametrize(("error", "of_provider", "of_registry"), ERRORS)
def test_errors_of_the_check_are_told_apart(
    error: errors.OutsideError, of_provider: Reason, of_registry: Reason
) -> None:
    assert health.of_provider_error(error).reason is of_provider
    assert health.of_registry_error(error).reason is of_registry


def test_what_a_secret_lacks_is_named() -> None:
    assert "'stripe'" in health.secret_not_found("stripe").message
    missing = health.secret_key_missing("stripe", "api-key")
    assert (missing.reason, "'api-key'" in missing.message) == (Reason.SECRET_KEY_MISSING, True)

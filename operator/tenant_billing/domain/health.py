"""Whether an account or a cluster can be worked with, and what to tell people if not (api.md, "Reasons")."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from tenant_billing.api.billing_backend import BillingBackend, PaymentAccount, StripeMode
from tenant_billing.api.reasons import Reason
from tenant_billing.domain.errors import Forbidden, OutsideError, Unauthorized, Unsupported
from tenant_billing.domain.observations import Account

LARGEST_SKEW: Final = timedelta(seconds=60)
"""Between the local clock and the account's (product.md, "Now")."""

_PROVIDER_KEY: Final = re.compile(r"(?:sk|rk)_(live|test)_[A-Za-z0-9_]+")
_ADMIN_KEY: Final = re.compile(r"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{48}|[0-9A-Fa-f]{64})")
"""16, 24 or 32 bytes as hexadecimal digits (things-stack.md, "Authentication")."""


@dataclass(frozen=True)
class Health:
    """Ready's reason and message of a BillingBackend or a ThingsStackCluster."""

    reason: Reason
    message: str = ""

    @property
    def is_available(self) -> bool:
        """Whether calls may be made."""
        return self.reason is Reason.AVAILABLE


AVAILABLE: Final = Health(Reason.AVAILABLE)


def secret_not_found(name: str) -> Health:
    """The Secret that a reference names does not exist."""
    return Health(
        Reason.SECRET_NOT_FOUND, f"there is no Secret {name!r} in the operator's namespace: create it"
    )


def secret_key_missing(name: str, key: str) -> Health:
    """The Secret exists and lacks the key."""
    return Health(Reason.SECRET_KEY_MISSING, f"Secret {name!r} has no key {key!r}, or it is empty: add it")


def key_problem(api_key: str, mode: StripeMode) -> Health | None:
    """What is wrong with a key before it is sent anywhere: a key of another form or mode never is.

    The message never shows any part of the key.
    """
    form = _PROVIDER_KEY.fullmatch(api_key)
    if form is None:
        return Health(
            Reason.INVALID_CREDENTIALS,
            "the Secret's value is no secret or restricted key (sk_… or rk_…), so it was not sent: correct it",
        )
    if form.group(1) != mode.lower():
        return Health(
            Reason.MODE_MISMATCH,
            f"the key is of {form.group(1)} mode and spec.stripe.mode is {mode}, so it was not sent: "
            "use the key of the mode that is stated",
        )
    return None


def stripe_key_problem(api_key: str, account: PaymentAccount) -> Health | None:
    """What is wrong with a key of Stripe's for an account."""
    return key_problem(api_key, account.mode)


def admin_key_problem(admin_key: str) -> Health | None:
    """What is wrong with a tenant admin key before it is sent anywhere."""
    if _ADMIN_KEY.fullmatch(admin_key) is None:
        return Health(
            Reason.INVALID_CREDENTIALS,
            "the Secret's value is no tenant admin key (32, 48 or 64 hexadecimal digits), so it was not sent: "
            "correct it",
        )
    return None


def of_account(
    backend: BillingBackend, account: Account, local_time: datetime, account_time: datetime | None
) -> Health:
    """Judge whom the key belongs to, and whether both clocks agree.

    Args:
        backend: The object; its pinned account counts, else the one recorded before.
        account: What the provider says.
        local_time: The local clock.
        account_time: The account's, by the newest answer. A sandbox may be at any time, so it is not compared.
    """
    asked, arm = backend.spec.account, backend.spec.provider
    if account.livemode is not asked.is_live:
        seen = "live" if account.livemode else "test"
        return Health(
            Reason.MODE_MISMATCH, f"the account answers in {seen} mode and spec.{arm}.mode is {asked.mode}"
        )
    expected = asked.account_id or backend.status.account_id
    if expected is not None and account.id != expected:
        return Health(
            Reason.ACCOUNT_MISMATCH,
            f"the key belongs to account {account.id}, not to {expected}: use a key of that account "
            "(another account needs another BillingBackend)",
        )
    if asked.api_url is None and account_time is not None and abs(account_time - local_time) > LARGEST_SKEW:
        return Health(
            Reason.CLOCK_SKEW,
            "the local clock and the account's differ by more than 60 s: set the clock of this node right",
        )
    return AVAILABLE


def of_provider_error(error: OutsideError) -> Health:
    """What an error of the account's check means for the backend."""
    if isinstance(error, Unauthorized):
        return Health(Reason.INVALID_CREDENTIALS, f"the provider refuses the key: {error}")
    if isinstance(error, Forbidden):
        return Health(Reason.PERMISSION_DENIED, f"the key lacks a permission: {error}")
    return Health(Reason.UNREACHABLE, f"the provider gave no usable answer, tried again by itself: {error}")


def of_registry_error(error: OutsideError) -> Health:
    """What an error of the registry's check means for the cluster: a wrong admin key is answered 403."""
    if isinstance(error, Unauthorized | Forbidden):
        return Health(Reason.INVALID_CREDENTIALS, f"The Things Stack refuses the tenant admin key: {error}")
    if isinstance(error, Unsupported):
        return Health(
            Reason.MULTI_TENANCY_UNAVAILABLE,
            f"The Things Stack offers no tenants here, which needs the Enterprise edition and its licence: {error}",
        )
    return Health(
        Reason.UNREACHABLE, f"The Things Stack gave no usable answer, tried again by itself: {error}"
    )

"""API keys: who calls, in which mode, and what a restricted key may do (stripe.md 9)."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from tenant_billing_sandbox.stripe.problems import Problem, invalid

Access = Literal["read", "write"]

PERMISSIONS: tuple[tuple[str, str], ...] = (
    # stripe.md 9: the first four names appear in public code; the others are unconfirmed.
    (r"/v1/products(/.*)?", "product"),
    (r"/v1/prices(/.*)?", "plan"),
    (r"/v1/customers(/.*)?", "customer"),
    (r"/v1/subscription(s|_items|_schedules)(/.*)?", "subscription"),
    (r"/v1/invoice(s|items|_payments)(/.*)?", "invoice"),
    (r"/v[12]/billing/meter_events?(_adjustments|s)?(/.*)?", "billing_meter_event"),
    (r"/v1/billing/meters(/.*)?", "billing_meter"),
    (r"/v1/checkout/sessions(/.*)?", "checkout_session"),
    (r"/v1/coupons(/.*)?", "coupon"),
    (r"/v1/payment_methods(/.*)?", "payment_method"),
    (r"/v1/payment_intents(/.*)?", "payment_intent"),
    (r"/v1/setup_intents(/.*)?", "setup_intent"),
    (r"/v[12]/(core/)?events(/.*)?", "event"),
    (r"/v1/webhook_endpoints(/.*)?", "webhook"),
    (r"/v2/core/event_destinations(/.*)?", "event_destination"),
    (r"/v1/test_helpers/test_clocks(/.*)?", "billing_clock"),
    (r"/v1/account", "accounts_kyc_basic"),
)


class ApiKey(BaseModel):
    """One key of an account.

    Attributes:
        secret: ``sk_test_…``, ``rk_test_…``, ``sk_live_…`` or ``rk_live_…``.
        account: The account it belongs to.
        permissions: What a restricted key may do, by resource (``product``, ``plan``, ``customer`` …): ``read``, or
            ``write`` which includes it. None lets it do everything.
        expired: Whether it was rolled and is over.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    secret: str
    account: str = "acct_1SandboxTenants"
    permissions: Mapping[str, Access] | None = None
    expired: bool = False

    @model_validator(mode="after")
    def _looks_like_a_key(self) -> "ApiKey":
        if not re.fullmatch(r"(sk|rk)_(test|live)_\w+", self.secret):
            raise ValueError("a key looks like sk_test_…, rk_test_…, sk_live_… or rk_live_…")
        if self.permissions is not None and not self.secret.startswith("rk_"):
            raise ValueError("only a restricted key (rk_…) has permissions")
        return self

    @property
    def livemode(self) -> bool:
        """Whether the key acts on live objects."""
        return self.secret.split("_")[1] == "live"


def authenticated(keys: Mapping[str, ApiKey], authorization: str | None) -> ApiKey:
    """The key of an ``Authorization`` header, bearer or basic.

    Raises:
        Problem: 401.
    """
    secret = _secret(authorization)
    if not secret:
        raise Problem(
            401,
            "invalid_request_error",
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details, or we can help at "
            "https://support.stripe.com/.",
        )
    key = keys.get(secret)
    if key is None:
        raise Problem(401, "invalid_request_error", f"Invalid API Key provided: {masked(secret)}")
    if key.expired:
        message = f"Expired API Key provided: {masked(secret)}"
        raise Problem(401, "invalid_request_error", message, code="api_key_expired")
    return key


def _secret(authorization: str | None) -> str:
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def masked(secret: str) -> str:
    """A key as Stripe shows it in messages: its kind and its last four characters."""
    head = "_".join(secret.split("_")[:2]) + "_" if secret.count("_") > 1 else ""
    hidden = max(len(secret) - len(head) - 4, 0)
    return f"{head}{'*' * hidden}{secret[-4:]}"


def check_permission(key: ApiKey, method: str, path: str) -> None:
    """Refuse what a restricted key may not do: GET needs read, POST and DELETE need write.

    Raises:
        Problem: 403 whose message names the missing permission.
    """
    if key.permissions is None:
        return
    resource = next((name for pattern, name in PERMISSIONS if re.fullmatch(pattern, path)), None)
    if resource is None:
        return
    needed = "read" if method == "GET" else "write"
    if key.permissions.get(resource) in {needed, "write"}:
        return
    problem = invalid(
        f"The provided key '{masked(key.secret)}' does not have the required permissions for this endpoint on "
        f"account '{key.account}'. Having the 'rak_{resource}_{needed}' permission would allow this request to "
        "continue.",
        status=403,
    )
    raise problem

"""Stripe as the operator's billing provider: the parts put together, and how to connect."""

import re
from typing import Final

import stripe

from tenant_billing.clients.audit import Audit
from tenant_billing.clients.backoff import Backoff
from tenant_billing.clients.stripe_account import StripeAccount
from tenant_billing.clients.stripe_calls import StripeCalls
from tenant_billing.clients.stripe_catalogue import StripeCatalogue
from tenant_billing.clients.stripe_connection import StripeConnection
from tenant_billing.clients.stripe_customer_locks import CustomerLocks
from tenant_billing.clients.stripe_diagnosis import StripeDiagnosis
from tenant_billing.clients.stripe_limits import account_budget
from tenant_billing.clients.stripe_meters import StripeMeters
from tenant_billing.clients.stripe_newcomers import StripeNewcomers
from tenant_billing.clients.stripe_schedules import StripeSchedules
from tenant_billing.clients.stripe_subscription_writes import StripeSubscriptionWrites
from tenant_billing.clients.stripe_transport import AccountTime, DatedTransport
from tenant_billing.clients.stripe_usage import StripeUsage
from tenant_billing.clients.stripe_webhook_endpoints import StripeWebhookEndpoints
from tenant_billing.clients.version import PRODUCT, VERSION
from tenant_billing.domain.errors import Unauthorized
from tenant_billing.ports import CallMeters, Clock, Fence, System, unfenced, unmeasured_calls

KEY: Final = re.compile(r"(?:sk|rk)_(?P<mode>live|test)_[A-Za-z0-9_]+")


class StripeProvider(
    StripeAccount,
    StripeCatalogue,
    StripeMeters,
    StripeNewcomers,
    StripeSubscriptionWrites,
    StripeSchedules,
    StripeWebhookEndpoints,
    StripeUsage,
    StripeDiagnosis,
):
    """One Stripe account as a :class:`tenant_billing.ports.BillingProvider`."""

    async def close(self) -> None:
        """Give connections back."""
        await self._connection.transport.close_connections()

    def __repr__(self) -> str:
        return f"StripeProvider(livemode={self._connection.livemode})"


def connect_stripe(  # noqa: PLR0913 - what the account is, and what each call of this process passes through
    *,
    api_key: str,
    api_url: str | None,
    livemode: bool,
    requests_per_second: int,
    clock: Clock,
    backend: str = "",
    meters: CallMeters = unmeasured_calls,
    backoff: Backoff | None = None,
    fence: Fence = unfenced,
) -> StripeProvider:
    """Connect to an account; no call is made yet. With clock and meters bound it is a ``ProviderFactory``.

    Args:
        api_key: A secret or restricted key.
        api_url: Another address than Stripe's, for a sandbox; its ``Date`` header is then the only clock.
        livemode: Whether the key must be a live one.
        requests_per_second: Of all calls together.
        clock: Time as this process sees it.
        backend: Name of its BillingBackend, under which its calls are measured.
        meters: What measures calls.
        backoff: How calls are tried again.
        fence: Asked before every write.

    Raises:
        Unauthorized: The key is not of Stripe's form, not of the mode, or a live one for another address (api.md 2).
    """
    _check_key(api_key, api_url, livemode=livemode)
    stripe.enable_telemetry = False
    stripe.set_app_info(PRODUCT, version=VERSION)
    account_time = AccountTime(clock, follows_answers_only=api_url is not None)
    transport = DatedTransport(account_time)
    client = _client(api_key, api_url, transport)
    meter = meters(System.STRIPE, backend)
    calls = StripeCalls(
        budget=account_budget(requests_per_second, clock, meter, livemode=livemode),
        backoff=backoff or Backoff(),
        audit=Audit(System.STRIPE, clock),
        locks=CustomerLocks(),
        meter=meter,
        fence=fence,
    )
    return StripeProvider(StripeConnection(client, transport, calls, account_time, livemode=livemode))


def _client(api_key: str, api_url: str | None, transport: DatedTransport) -> stripe.StripeClient:
    if api_url is None:
        return stripe.StripeClient(api_key, http_client=transport, max_network_retries=0)
    url = api_url.rstrip("/")
    return stripe.StripeClient(
        api_key,
        http_client=transport,
        max_network_retries=0,
        # All of the SDK's addresses, so that nothing meant for a sandbox reaches Stripe.
        base_addresses={"api": url, "connect": url, "files": url, "meter_events": url},
    )


def _check_key(api_key: str, api_url: str | None, *, livemode: bool) -> None:
    match = KEY.fullmatch(api_key)
    if match is None:
        raise Unauthorized(
            "the value in the Secret is not a secret or restricted key of Stripe", code="key_form"
        )
    is_live = match["mode"] == "live"
    if is_live != livemode:
        raise Unauthorized(
            f"the key is for mode {'Live' if is_live else 'Test'}, the backend for the other", code="key_mode"
        )
    if is_live and api_url is not None:
        raise Unauthorized("a live key is never sent to another address than Stripe's", code="key_mode")

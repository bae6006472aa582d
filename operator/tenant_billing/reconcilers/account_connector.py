"""From a BillingBackend's Secret to a connection whose account was checked."""

import hashlib

from tenant_billing.api.billing_backend import BillingBackend
from tenant_billing.domain import health
from tenant_billing.domain.health import Health
from tenant_billing.ports import Providers
from tenant_billing.reconcilers.account_picture import AccountPicture
from tenant_billing.reconcilers.accounts import AccountConnection, Accounts
from tenant_billing.reconcilers.reporting import Surroundings, key_of


class AccountConnector:
    """Opens connections; nothing else reads a provider's key."""

    def __init__(self, surroundings: Surroundings, accounts: Accounts, providers: Providers) -> None:
        self._secrets = surroundings.secrets
        self._clock = surroundings.clock
        self._accounts = accounts
        self._providers = providers

    async def connect(self, resource: BillingBackend) -> AccountConnection | Health:
        """The connection with the key that the Secret holds now, or what is wrong with it: then nothing was sent."""
        reference = resource.spec.account.api_key_secret_ref
        api_key = await self._secrets.value(key_of(resource), reference)
        if isinstance(api_key, Health):
            return api_key
        problem = self._providers[resource.spec.provider].problem_of(api_key, resource.spec.account)
        return problem or await self._connection(resource, api_key)

    async def check(
        self, resource: BillingBackend, connection: AccountConnection
    ) -> AccountConnection | Health:
        """Ask whose account it is; gives the connection that knows it, or what is wrong.

        Raises:
            OutsideError: The provider gave no usable answer, or refuses the key.
        """
        account = await connection.provider.account()
        seen = health.of_account(resource, account, self._clock.now(), connection.provider.time())
        return self._accounts.identified(connection.backend, account.id) if seen.is_available else seen

    async def _connection(self, resource: BillingBackend, api_key: str) -> AccountConnection:
        """The connection with this key and these settings, made where it is another one than before."""
        account, name = resource.spec.account, resource.metadata.name
        place = _digest(resource.spec.provider, account.mode, account.api_url or "", resource.spec.owner)
        settings = _digest(place, api_key, str(account.request_budget))
        known = self._accounts.connection(name)
        if known is not None and known.settings == settings:
            return known
        provider = self._providers[resource.spec.provider].connect(
            backend=name,
            api_key=api_key,
            api_url=account.api_url,
            livemode=account.is_live,
            requests_per_second=account.request_budget,
        )
        connection = AccountConnection(
            backend=name,
            owner=resource.spec.owner,
            account_id="",
            provider=provider,
            picture=AccountPicture(provider, self._clock),
            follows_account_time=account.api_url is not None,
            place=place,
            settings=settings,
        )
        await self._accounts.open(connection)
        return connection


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

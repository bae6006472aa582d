"""Live connections to payment accounts, by BillingBackend."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from tenant_billing.api.names import BILLING_BACKEND
from tenant_billing.domain.errors import OutsideError, Unauthorized, Unreachable
from tenant_billing.domain.health import LARGEST_SKEW, Health, of_provider_error
from tenant_billing.ports import AccountSeen, BillingProvider, Clock, ObjectKey, Queue
from tenant_billing.reconcilers.account_picture import AccountPicture
from tenant_billing.reconcilers.checks import Checks


class EventPosition(Protocol):
    """How far the event list of an account was read."""

    @property
    def age(self) -> float | None:
        """Seconds since it was last read to its end; None where it was not."""
        ...

    @property
    def handled_until(self) -> datetime | None:
        """Account time up to which its events are handled; None where nothing is known."""
        ...


@dataclass(frozen=True)
class AccountConnection:
    """One account that can be worked with.

    Attributes:
        backend: Name of the BillingBackend.
        owner: Its ``spec.owner``, the installation in the provider's metadata.
        account_id: Whose money it is; empty until it was asked.
        follows_account_time: Whether now is the account's time (a sandbox) instead of the local clock.
        place: Which account may be there: mode, address and owner, as a digest.
        settings: What the connection was built from, as a digest: another digest needs another connection.
        former: The connection of the same place that this one takes over from, with another key perhaps.
    """

    backend: str
    owner: str
    account_id: str
    provider: BillingProvider
    picture: AccountPicture
    follows_account_time: bool
    settings: str
    place: str = ""
    former: "AccountConnection | None" = field(default=None, repr=False)


class Accounts:
    """The accounts that the operator is connected to. The BillingBackend's reconciler opens and closes them."""

    def __init__(self, clock: Clock, queue: Queue) -> None:
        self._clock = clock
        self._queue = queue
        self._connections: dict[str, AccountConnection] = {}
        self._checks = Checks(clock)
        self._positions: dict[str, EventPosition] = {}

    def of(self, backend: str) -> AccountConnection | None:
        """The connection to a backend's account, or None while it must not be called (see :meth:`health`)."""
        return self._connections.get(backend) if self._checks.is_available(backend) else None

    def connected(self) -> tuple[AccountConnection, ...]:
        """All connections, whatever their health: what was seen through them stands."""
        return tuple(self._connections.values())

    def connection(self, backend: str) -> AccountConnection | None:
        """The connection whatever its health: for the checks of the backend itself."""
        return self._connections.get(backend)

    def health(self, backend: str) -> Health | None:
        """Why a backend can or cannot be worked with; None before its first check."""
        return self._checks.health(backend)

    def now(self, backend: str) -> datetime:
        """Now, as the account sees it: a sandbox's own time, else the local clock (product.md, "Now").

        A local clock that has jumped since the account was checked is not believed: grace must not end before its time.
        """
        connection, local = self._connections.get(backend), self._clock.now()
        theirs = connection.provider.time() if connection is not None else None
        if connection is None or theirs is None:
            return local
        if connection.follows_account_time:
            return theirs
        return theirs if abs(theirs - local) > LARGEST_SKEW else local

    def follows_account_time(self, backend: str) -> bool:
        """Whether the account has a time of its own (a sandbox)."""
        connection = self._connections.get(backend)
        return connection is not None and connection.follows_account_time

    async def now_of(self, backend: str, test_clock_id: str | None) -> datetime:
        """Now, for a customer who may live on a test clock: then the clock's frozen time."""
        connection = self._connections.get(backend)
        if connection is not None and test_clock_id is not None:
            frozen = await connection.provider.clock_time(test_clock_id)
            if frozen is not None:
                return frozen
        return self.now(backend)

    async def open(self, connection: AccountConnection) -> None:
        """Use a connection from now on, once it is judged healthy; the one before it is closed.

        What was seen through the one before is kept until it is known whether both lead to the same account.
        """
        former = self._connections.get(connection.backend)
        if former is not None and former.place == connection.place:
            seen = former if former.account_id else former.former
            connection = replace(connection, former=seen)
        self._connections[connection.backend] = connection
        self._checks.forget(connection.backend)
        if former is not None:
            await former.provider.close()

    def identified(self, backend: str, account_id: str) -> AccountConnection:
        """Note whose account a connection leads to; gives the connection.

        A new key of the same account goes on with the picture that the old one has made.
        """
        connection = self._connections[backend]
        former, picture = connection.former, connection.picture
        if former is not None and former.account_id == account_id:
            picture = former.picture
            picture.go_on_with(connection.provider)
        connection = replace(connection, account_id=account_id, picture=picture, former=None)
        self._connections[backend] = connection
        return connection

    def judged(self, backend: str, health: Health) -> bool:
        """Note the result of a check; gives whether others may judge differently by it: those who wait go on."""
        return self._checks.judged(backend, health)

    def failed(self, backend: str, error: OutsideError) -> None:
        """Note an error of a call: a refused key stops all calls of the account until its check succeeds again.

        An answer that did not come is reason for a check: while an account cannot be reached, its subscribers must
        not hold the workers that others need, each until its own call is given up.
        """
        if isinstance(error, Unauthorized):
            self._checks.refused(backend, of_provider_error(error))
        elif not isinstance(error, Unreachable) or not self._checks.doubt(backend):
            return
        self._queue.add(ObjectKey(BILLING_BACKEND.kind, "", backend))

    def is_suspected(self, backend: str) -> bool:
        """Whether a call got no usable answer since the last check."""
        return self._checks.is_suspected(backend)

    def follow(self, backend: str, position: EventPosition) -> None:
        """Show how far the event list of an account is read, from now on."""
        self._positions[backend] = position

    def seen(self) -> tuple[AccountSeen, ...]:
        """What is known of every account at this moment; costs no call."""
        return tuple(self._seen(each) for each in self._connections.values())

    def _seen(self, connection: AccountConnection) -> AccountSeen:
        position, picture = self._positions.get(connection.backend), connection.picture
        return AccountSeen(
            backend=connection.backend,
            now=self.now(connection.backend),
            events_read_age=position.age if position is not None else None,
            events_handled_until=position.handled_until if position is not None else None,
            subscriptions=picture.subscriptions(),
            prices=dict(picture.prices_by_id()),
            open_invoices=picture.open_invoices(),
        )

    async def forget(self, backend: str) -> None:
        """Close the connection of a backend that is gone."""
        self._positions.pop(backend, None)
        self._checks.forget(backend)
        connection = self._connections.pop(backend, None)
        if connection is not None:
            await connection.provider.close()

    async def close(self) -> None:
        """Close all connections."""
        for backend in tuple(self._connections):
            await self.forget(backend)

"""The roll call: what the API server lists, compared with what the watches have brought.

Kopf tells neither how old its watches are nor which deletions a broken one has missed (1.45.2,
``watching.continuous_watch``: after a reconnect it lists what there is, and says nothing of what is not there any
more). So everything is listed now and then, its metadata only, and compared with the store:

* what was held before the listing began and is not in it is gone, and leaves the store;
* what is in it has to be brought by the watches soon. Since when the two have agreed is the age of the watches.
"""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from tenant_billing.domain.errors import OutsideError
from tenant_billing.ports import Clock, ListedObject, Listing, ListObjects, ObjectKey
from tenant_billing.runtime.observed import Observed
from tenant_billing.runtime.resources import ResourceStore

LOOK_INTERVAL: Final = 0.02
"""Seconds between two looks at what the watches have brought."""
LOOKS: Final = 100
"""After which the API server is asked again: what is gone meanwhile never comes."""
ROUNDS: Final = 3
"""Listings in a row after which the watches are late, and not the objects short-lived."""


def gone(held: Mapping[ObjectKey, Observed], listing: Listing) -> list[Observed]:
    """What was held before a listing began and is not in it; of a kind that was not listed nothing is known."""
    existing = {(each.key, each.uid) for objects in listing.values() for each in objects}
    return [each for key, each in held.items() if key.kind in listing and (key, each.uid) not in existing]


async def still_missing(store: ResourceStore, listing: Listing) -> list[ListedObject]:
    """What of a listing the watches do not bring within two seconds."""
    missing = [each for objects in listing.values() for each in objects]
    for _ in range(LOOKS):
        missing = [each for each in missing if not store.has(each)]
        if not missing:
            break
        await asyncio.sleep(LOOK_INTERVAL)
    return missing


class RollCall:
    """Compares the store with the API server, again and again."""

    def __init__(self, store: ResourceStore, list_objects: ListObjects, clock: Clock) -> None:
        self._store = store
        self._list_objects = list_objects
        self._clock = clock
        self._agreed_at: float | None = None
        self._log = structlog.get_logger("roll-call")

    @property
    def age(self) -> float | None:
        """Seconds since the watches were known to have brought everything; None before the first roll call."""
        return None if self._agreed_at is None else self._clock.monotonic() - self._agreed_at

    async def run(self, interval: float) -> None:
        """Call the roll now, and then again and again until cancelled; the interval is in seconds."""
        while True:
            await self.call()
            await asyncio.sleep(interval)

    async def call(self) -> None:
        """Compare once."""
        missing: list[ListedObject] = []
        for _ in range(ROUNDS):
            begun = self._clock.monotonic()
            try:
                missing = await self._compare()
            except OutsideError as error:
                self._log.warning("objects cannot be listed", error=str(error))
                return
            if not missing:
                self._agreed_at = begun
                return
        self._log.warning("the watches are late", objects=len(missing), first=str(missing[0].key))

    async def _compare(self) -> list[ListedObject]:
        """Drop what is gone; gives what the watches have not brought."""
        held = self._store.held()
        listing = await self._list_objects()
        for each in gone(held, listing):
            self._log.info("a deletion that no watch told", kind=each.key.kind, name=each.key.name)
            self._store.forget(each.body)
        return await still_missing(self._store, listing)

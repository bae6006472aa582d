"""Secrets that were read for an object, and whether they have changed since: then it is looked at again.

They are read again by name now and then: a watch would need the right to list all Secrets of the namespace.
"""

import asyncio

import structlog

from tenant_billing.api.fields import SecretKeyReference
from tenant_billing.domain import health
from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.health import Health
from tenant_billing.ports import ObjectKey, Queue, Secrets, StoredSecret


class UsedSecrets:
    """Reads Secrets of the operator's own namespace, and remembers which version of each was used for which object."""

    def __init__(self, kubernetes: Secrets, queue: Queue, namespace: str) -> None:
        self._kubernetes = kubernetes
        self._queue = queue
        self._namespace = namespace
        self._used: dict[ObjectKey, dict[str, str | None]] = {}
        self._changed: set[tuple[ObjectKey, str]] = set()
        self._log = structlog.get_logger("secrets")

    def forget(self, user: ObjectKey) -> None:
        """An object uses nothing any more."""
        for name in self._used.pop(user, {}):
            self._changed.discard((user, name))

    async def value(self, user: ObjectKey, reference: SecretKeyReference) -> str | Health:
        """What a reference of an object leads to, or what is wrong with it.

        Raises:
            OutsideError: The API server gave no usable answer.
        """
        secret = await self.secret(user, reference.name)
        if secret is None:
            return health.secret_not_found(reference.name)
        return secret.values.get(reference.key) or health.secret_key_missing(reference.name, reference.key)

    async def secret(self, user: ObjectKey, name: str) -> StoredSecret | None:
        """A whole Secret that an object uses; None where there is none.

        Raises:
            OutsideError: The API server gave no usable answer.
        """
        found = await self._kubernetes.secret(self._namespace, name)
        self._used.setdefault(user, {})[name] = found.version if found is not None else None
        self._changed.discard((user, name))
        return found

    def have_changed(self, user: ObjectKey, *names: str) -> bool:
        """Whether a Secret is another one than was read for an object."""
        return any((user, name) in self._changed for name in names)

    def versions(self, user: ObjectKey, *names: str) -> tuple[str | None, ...]:
        """Which versions of Secrets an object used last; None where there was no such Secret, or it was not read."""
        used = self._used.get(user, {})
        return tuple(used.get(name) for name in names)

    async def run(self, interval: float) -> None:
        """Look again and again until cancelled; the interval is in seconds."""
        while True:
            await asyncio.sleep(interval)
            await self.look()

    async def look(self) -> None:
        """Read everything that is used once more; whoever uses what has changed is looked at again."""
        names = {name for used in self._used.values() for name in used}
        for name in sorted(names):
            try:
                found = await self._kubernetes.secret(self._namespace, name)
            except OutsideError as error:
                self._log.warning("a Secret cannot be read", name=name, error=str(error))
                continue
            self._compare(name, found.version if found is not None else None)

    def _compare(self, name: str, version: str | None) -> None:
        for user, used in self._used.items():
            if name in used and used[name] != version and (user, name) not in self._changed:
                self._changed.add((user, name))
                self._queue.add(user)

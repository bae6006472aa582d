"""The database: tenants by id, deleted ones included, and the read replica that may lag behind it (T-25)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tenant_billing_sandbox.things_stack.message_json import Message


@dataclass(frozen=True)
class TenantRecord:
    """One tenant as it was written; a change makes a new record.

    Attributes:
        tenant: The fields of the message ``Tenant``, ids and timestamps included.
        entities: What is registered in the tenant, by field of the registry totals.
        initial_user: The user made with it, without passwords.
        password_given: Whether the creator chose the initial user's password (T-17).
        deleted_at: When it was deleted; its id stays taken (T-03).
    """

    tenant: Message
    entities: Mapping[str, int] = field(default_factory=dict)
    initial_user: Message | None = None
    password_given: bool = False
    deleted_at: datetime | None = None

    @property
    def id(self) -> str:
        """The tenant's id."""
        identifier: str = self.tenant["ids"]["tenant_id"]
        return identifier


@dataclass(frozen=True)
class _Version:
    at: float
    sequence: int
    record: TenantRecord


class TenantStore:
    """All tenants, in a database and its read replica."""

    def __init__(self, monotonic: Callable[[], float], replica_lag: float = 0) -> None:
        self._monotonic = monotonic
        self._replica_lag = replica_lag
        self._held_at: int | None = None
        self._sequence = 0
        self._versions: dict[str, list[_Version]] = {}

    def write(self, record: TenantRecord) -> None:
        """Store a tenant in the database."""
        self._sequence += 1
        versions = self._versions.setdefault(record.id, [])
        if not self._replica_lag and self._held_at is None:
            versions.clear()
        versions.append(_Version(self._monotonic(), self._sequence, record))

    def get(self, tenant_id: str) -> TenantRecord | None:
        """The tenant as the database has it, deleted or not."""
        versions = self._versions.get(tenant_id)
        return versions[-1].record if versions else None

    def all(self) -> list[TenantRecord]:
        """Every tenant of the database, deleted or not."""
        return [versions[-1].record for versions in self._versions.values()]

    def read(self, tenant_id: str) -> TenantRecord | None:
        """The tenant as the replica has it, deleted or not."""
        return self._replicated(self._versions.get(tenant_id, []))

    def read_all(self) -> list[TenantRecord]:
        """Every tenant of the replica, deleted or not."""
        records = map(self._replicated, self._versions.values())
        return [record for record in records if record is not None]

    def hold_replica(self, *, held: bool) -> None:
        """Let the replica stand still as it is now, or let it catch up."""
        self._held_at = self._sequence if held else None

    def _replicated(self, versions: list[_Version]) -> TenantRecord | None:
        horizon = self._monotonic() - self._replica_lag
        for version in reversed(versions):
            if version.at <= horizon and (self._held_at is None or version.sequence <= self._held_at):
                return version.record
        return None

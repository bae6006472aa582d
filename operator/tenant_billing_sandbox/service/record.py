"""The record of all requests that a simulator was sent, so that tests can count calls."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

REDACTED = "(redacted)"
SECRET_NAME = re.compile(
    r"secret|password|token|authorization|api_?key|private|^number$|^cvc$|^key$", re.IGNORECASE
)


class RecordedRequest(BaseModel):
    """One request and what became of it.

    Attributes:
        sequence: Counts from 1 in the order of arrival.
        method: ``GET``, ``POST`` …
        path: The path without the query.
        operation: Method and path template, ``POST /v1/customers/{}``; None if none is served there.
        params: The decoded parameters, secrets redacted.
        idempotency_key: The caller's key, or None.
        writes: Whether the call is one that changes something when it succeeds.
        creates: Whether it made a new object.
        committed: Whether it changed the simulator's state.
        replayed: Whether the answer is a stored one.
        status: HTTP status of the answer; None as long as, or because, none was sent.
        faults: Ids of the faults that hit it.
    """

    sequence: int
    method: str
    path: str
    operation: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    idempotency_key: str | None = None
    writes: bool = False
    creates: bool = False
    committed: bool = False
    replayed: bool = False
    status: int | None = None
    faults: list[str] = Field(default_factory=list)


class RequestCounts(BaseModel):
    """Sums over the record.

    Attributes:
        total: All requests.
        reads: Those that change nothing.
        writes: Those that would change something, refused and replayed ones included.
        committed: Those that did change something.
        creates: Those that made a new object.
        replayed: Those answered from a stored answer.
        refused: Those answered with a status of 400 or more.
        by_operation: Requests for each operation.
        last_sequence: Sequence number of the latest request, 0 without one: the next question's ``since``.
    """

    total: int
    reads: int
    writes: int
    committed: int
    creates: int
    replayed: int
    refused: int
    by_operation: dict[str, int]
    last_sequence: int


class RequestRecord:
    """All requests in order of arrival."""

    def __init__(self) -> None:
        self._requests: list[RecordedRequest] = []
        self.writes = 0
        """How many of them would change something: a number that costs nothing, however long the record is."""

    def begin(self, method: str, path: str, *, writes: bool) -> RecordedRequest:
        """Enter a request on arrival; the caller fills in the rest when it is known."""
        entry = RecordedRequest(sequence=len(self._requests) + 1, method=method, path=path, writes=writes)
        self._requests.append(entry)
        self.writes += writes
        return entry

    def since(self, sequence: int = 0, *, writes: bool | None = None) -> list[RecordedRequest]:
        """Requests after a sequence number; only writes, only reads, or (None) both."""
        return [entry for entry in self._requests[max(sequence, 0) :] if writes in {None, entry.writes}]

    def counts(self, sequence: int = 0) -> RequestCounts:
        """Sums over the requests after a sequence number."""
        entries = self.since(sequence)
        return RequestCounts(
            total=len(entries),
            reads=sum(not entry.writes for entry in entries),
            writes=sum(entry.writes for entry in entries),
            committed=sum(entry.committed for entry in entries),
            creates=sum(entry.creates for entry in entries),
            replayed=sum(entry.replayed for entry in entries),
            refused=sum((entry.status or 0) >= 400 for entry in entries),  # noqa: PLR2004 - the first error status
            by_operation=dict(Counter(entry.operation or f"{entry.method} (unknown)" for entry in entries)),
            last_sequence=len(self._requests),
        )


def redacted(value: Any) -> Any:
    """A copy of decoded parameters in which every member with a secret's name is blotted out."""
    if isinstance(value, Mapping):
        return {
            key: REDACTED if SECRET_NAME.search(str(key)) else redacted(item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [redacted(item) for item in value]
    return value

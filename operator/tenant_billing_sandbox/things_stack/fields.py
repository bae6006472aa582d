"""What a field of a message is: its kind and the rules that its definition states."""

import re
from dataclasses import dataclass
from enum import Enum, IntEnum, auto

ID_PATTERN = re.compile(r"[a-z0-9](?:[-]?[a-z0-9]){2,}")
"""Tenant ids and attribute keys: three characters that are no dashes at least (T-12)."""

USER_ID_PATTERN = re.compile(r"[a-z0-9](?:[-]?[a-z0-9]){1,}")
MAX_ID_LENGTH = 36


class State(IntEnum):
    """The reviewing state of a tenant or a user."""

    STATE_REQUESTED = 0
    STATE_APPROVED = 1
    STATE_REJECTED = 2
    STATE_FLAGGED = 3
    STATE_SUSPENDED = 4


class ContactType(IntEnum):
    """What a contact is there for."""

    CONTACT_TYPE_OTHER = 0
    CONTACT_TYPE_ABUSE = 1
    CONTACT_TYPE_BILLING = 2
    CONTACT_TYPE_TECHNICAL = 3


class ContactMethod(IntEnum):
    """How a contact is reached."""

    CONTACT_METHOD_OTHER = 0
    CONTACT_METHOD_EMAIL = 1
    CONTACT_METHOD_PHONE = 2


class EntityCountingType(IntEnum):
    """Which devices are counted."""

    ALL = 0
    ONLY_ACTIVATED = 1


class Kind(Enum):
    """The type of one value."""

    STRING = auto()
    OPAQUE = auto()  # bytes and durations: their text is kept as it came
    BOOL = auto()
    BOOL_VALUE = auto()
    UINT32_VALUE = auto()
    UINT64 = auto()
    UINT64_VALUE = auto()
    ENUM = auto()
    TIMESTAMP = auto()
    STRUCT = auto()
    MESSAGE = auto()


class Cardinality(Enum):
    """How many values a field has."""

    ONE = auto()
    LIST = auto()
    MAP = auto()


@dataclass(frozen=True)
class Field:
    """One field of a message.

    Attributes:
        kind: The type of the value, of an entry's value in a map, of an item in a list.
        cardinality: One value, a list, or a map with string keys.
        message: Name of the message, for the kind MESSAGE.
        enum: The enum, for the kind ENUM.
        oneof: Name of the group of which only one field can be set. It stands in mask paths, never in JSON
            (T-09).
        required: A message that must be there.
        min_length: Fewest characters of a string.
        max_length: Most characters of a string.
        max_entries: Most items of a list or pairs of a map.
        pattern: What a string must match as a whole.
        email: Whether a string must be an e-mail address.
    """

    kind: Kind
    cardinality: Cardinality = Cardinality.ONE
    message: str = ""
    enum: type[IntEnum] | None = None
    oneof: str = ""
    required: bool = False
    min_length: int = 0
    max_length: int | None = None
    max_entries: int | None = None
    pattern: re.Pattern[str] | None = None
    email: bool = False


def text(max_length: int | None = None, *, min_length: int = 0, email: bool = False) -> Field:
    """A string."""
    return Field(Kind.STRING, max_length=max_length, min_length=min_length, email=email)


def identifier(pattern: re.Pattern[str]) -> Field:
    """An id: a string of at most 36 characters that matches a pattern."""
    return Field(Kind.STRING, max_length=MAX_ID_LENGTH, pattern=pattern)


def attributes(*, max_entries: int | None = None, max_length: int | None = None) -> Field:
    """A map of strings whose keys are written like ids (T-12)."""
    return Field(
        Kind.STRING,
        Cardinality.MAP,
        max_entries=max_entries,
        max_length=max_length,
        pattern=ID_PATTERN,
    )


def message(name: str, *, required: bool = False, oneof: str = "") -> Field:
    """A message within a message."""
    return Field(Kind.MESSAGE, message=name, required=required, oneof=oneof)


def messages(name: str, cardinality: Cardinality, *, max_entries: int | None = None) -> Field:
    """A list or a map of messages."""
    return Field(Kind.MESSAGE, cardinality, message=name, max_entries=max_entries)


def enumeration(enum: type[IntEnum]) -> Field:
    """An enum of which only defined values are accepted."""
    return Field(Kind.ENUM, enum=enum)


TIMESTAMP = Field(Kind.TIMESTAMP)
BOOL = Field(Kind.BOOL)
BOOL_VALUE = Field(Kind.BOOL_VALUE)
UINT32_VALUE = Field(Kind.UINT32_VALUE)
UINT64 = Field(Kind.UINT64)
UINT64_VALUE = Field(Kind.UINT64_VALUE)
OPAQUE = Field(Kind.OPAQUE)
OPAQUES = Field(Kind.OPAQUE, Cardinality.LIST)
STRUCT = Field(Kind.STRUCT)

"""What a simulated installation of The Things Stack is like."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

DEFAULT_TENANT_ADMIN_KEY = "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f"


@dataclass(frozen=True)
class RateLimit:
    """A limit of one class of calls.

    Attributes:
        per_minute: Calls that are allowed in a minute.
        burst: Calls that are allowed at once.
    """

    per_minute: int
    burst: int


@dataclass(frozen=True)
class AttributeLimits:
    """What the attributes of a tenant may hold; the figures are those of users (open question 6)."""

    pairs: int = 10
    value_length: int = 200


def real_time() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class ThingsStackSettings:
    """Settings of the simulator.

    Attributes:
        tenant_admin_keys: The keys of ``is.tenancy.admin-keys``, as hex; several are valid during a rotation.
        multi_tenancy: Whether the licence has multi-tenancy.
        reserved_ids: Ids that this installation reserves besides the built-in ones.
        page_default: Entries on a page when ``limit`` is 0.
        supports_activated: Whether ``activated_end_devices`` is known; it came with some release (T-08).
        rate_limits: By method (``Create``) or ``*`` for the rest; empty: no limits and no headers.
        read_replica_lag: Seconds by which Get, List, Search and totals lag behind writes (T-25).
        attribute_limits: Limits of a tenant's attributes, None for none (not documented).
        create_answer: What Create returns (open question 13).
        counting_as_number: Whether ``billing.counting.end_devices`` goes out as a number (open question 7).
        unknown_totals: What an unknown id does in a batch of totals (open question 8).
        largest_batch: Most ids in a batch of totals, None for no bound (open question 8).
        contact_info_stored: Whether written contacts are kept, or derived ones answered (T-14).
        checks_initial_password: Whether the initial user's password must fit the policy (open question 13).
        subscription_upgrade_url: Stands in the error of a reached entity limit.
        real_clock: The time when no other time is set.
        monotonic: Seconds that only grow, for rate limits and the replica's lag.
    """

    tenant_admin_keys: tuple[str, ...] = (DEFAULT_TENANT_ADMIN_KEY,)
    multi_tenancy: bool = True
    reserved_ids: frozenset[str] = frozenset()
    page_default: int = 100
    supports_activated: bool = True
    rate_limits: Mapping[str, RateLimit] = field(default_factory=dict)
    read_replica_lag: float = 0
    attribute_limits: AttributeLimits | None = field(default_factory=AttributeLimits)
    create_answer: Literal["Everything", "Identifiers"] = "Everything"
    counting_as_number: bool = False
    unknown_totals: Literal["Omit", "Refuse"] = "Omit"
    largest_batch: int | None = None
    contact_info_stored: bool = True
    checks_initial_password: bool = False
    subscription_upgrade_url: str = ""
    real_clock: Callable[[], datetime] = real_time
    monotonic: Callable[[], float] = time.monotonic

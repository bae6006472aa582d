"""Rate limits per method and tenant (things-stack.md 5, "Rate limits")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tenant_billing_sandbox.things_stack.errors import RATE_LIMIT_EXCEEDED, ThingsStackError
from tenant_billing_sandbox.things_stack.settings import RateLimit

SERVICE = "/tti.lorawan.v3.TenantRegistry"


@dataclass(frozen=True)
class RateLimitResult:
    """What a bucket says about one call.

    Attributes:
        headers: ``X-Rate-Limit-…``: figures, and whole seconds rounded down, so that 0 occurs.
        error: The refusal, None if the call is within the limit.
    """

    headers: Mapping[str, str]
    error: ThingsStackError | None


@dataclass
class _Bucket:
    tokens: float
    at: float


class RateLimits:
    """Token buckets; a tenant admin key has no part in their keys, so all its callers share them."""

    def __init__(self, limits: Mapping[str, RateLimit], monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}

    def take(self, method: str, tenant_id: str | None) -> RateLimitResult | None:
        """Count a call; None where its method has no limit.

        Args:
            method: Name of the RPC method, such as ``Update``.
            tenant_id: The tenant it is about, if it is about one.
        """
        name = method if method in self._limits else "*"
        limit = self._limits.get(name)
        if limit is None:
            return None
        key = "grpc:method" if name == "*" else f"grpc:method:{SERVICE}/{method}"
        bucket = self._filled(f"{key}:{method}:{tenant_id}", limit)
        error = None
        if bucket.tokens >= 1:
            bucket.tokens -= 1
        else:
            error = ThingsStackError(RATE_LIMIT_EXCEEDED, key=key, rate=limit.per_minute)
        return RateLimitResult(_headers(limit, bucket, refused=error is not None), error)

    def _filled(self, key: str, limit: RateLimit) -> _Bucket:
        now = self._monotonic()
        bucket = self._buckets.setdefault(key, _Bucket(limit.burst, now))
        grown = bucket.tokens + (now - bucket.at) * limit.per_minute / 60
        bucket.tokens, bucket.at = min(float(limit.burst), grown), now
        return bucket


def _headers(limit: RateLimit, bucket: _Bucket, *, refused: bool) -> Mapping[str, str]:
    per_second = limit.per_minute / 60
    return {
        "X-Rate-Limit-Limit": str(limit.burst),
        "X-Rate-Limit-Available": str(int(bucket.tokens)),
        "X-Rate-Limit-Reset": str(int((limit.burst - bucket.tokens) / per_second)),
        "X-Rate-Limit-Retry": str(int((1 - bucket.tokens) / per_second) if refused else 0),
    }

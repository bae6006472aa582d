"""Who may call the tenant registry (things-stack.md 5, "Authentication")."""

import hmac
from collections.abc import Sequence

from tenant_billing_sandbox.things_stack.errors import (
    NO_TENANT_RIGHTS,
    TENANT_ADMIN_KEY,
    UNAUTHENTICATED,
    UNSUPPORTED_AUTHORIZATION,
    ThingsStackError,
)

KEY_LENGTHS = frozenset({16, 24, 32})


class Authentication:
    """The tenant admin keys of an installation; several are valid during a rotation."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [bytes.fromhex(key) for key in keys]
        if not all(len(key) in KEY_LENGTHS for key in self._keys):
            raise ValueError("a tenant admin key has 16, 24 or 32 bytes")

    def require_tenant_admin(self, authorization: str | None) -> None:
        """Refuse every caller without a tenant admin key.

        Args:
            authorization: The header ``Authorization``.

        Raises:
            ThingsStackError: ``unauthenticated``, ``unsupported_authorization``, ``no_tenant_rights`` for API
                keys and OAuth tokens, or ``tenant_admin_key``. None of them repeats the key (T-28).
        """
        scheme, _, credentials = (authorization or "").strip().partition(" ")
        if not scheme:
            raise ThingsStackError(UNAUTHENTICATED)
        if scheme.lower() == "bearer":
            raise ThingsStackError(NO_TENANT_RIGHTS)
        if scheme.lower() != "tenantadminkey":
            raise ThingsStackError(UNSUPPORTED_AUTHORIZATION)
        if not self._is_key(credentials.strip()):
            raise ThingsStackError(TENANT_ADMIN_KEY)

    def _is_key(self, credentials: str) -> bool:
        try:
            given = bytes.fromhex(credentials)
        except ValueError:
            return False
        return any([hmac.compare_digest(given, key) for key in self._keys])  # noqa: C419 - in constant time

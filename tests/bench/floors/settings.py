"""What a floor is told, through its environment."""

import json
import ssl
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

import httpx

VARIABLE: Final = "BENCH_FLOOR"
OBJECTS: Final = "/apis/tenantbilling.dev/v1alpha1/tenantsubscriptions"
TIMEOUT: Final = 60.0


@dataclass(frozen=True)
class FloorSettings:
    """Addresses and keys.

    Attributes:
        authority: Certificate that the API server's is checked against.
        webhook_port: Where Stripe delivers to.
        workers: Objects at a time, as many as the operator's.
        objects: How many objects there are; only the floors that begin with a list need it.
    """

    kubernetes_url: str
    authority: str
    token: str = field(repr=False)
    stripe_url: str
    api_key: str = field(repr=False)
    things_stack_url: str
    admin_key: str = field(repr=False)
    webhook_port: int
    workers: int = 16
    objects: int = 0

    def to_environment(self) -> Mapping[str, str]:
        """As one variable."""
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "FloorSettings":
        """Back from it."""
        return cls(**json.loads(environment[VARIABLE]))

    def kubernetes(self) -> httpx.AsyncClient:
        """Connections to the API server."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.AsyncClient(
            base_url=self.kubernetes_url, headers=headers, verify=self._trust(), timeout=TIMEOUT
        )

    def stripe(self) -> httpx.AsyncClient:
        """Connections to Stripe."""
        return httpx.AsyncClient(base_url=self.stripe_url, auth=(self.api_key, ""), timeout=TIMEOUT)

    def things_stack(self) -> httpx.AsyncClient:
        """Connections to The Things Stack."""
        headers = {"Authorization": f"TenantAdminKey {self.admin_key}"}
        return httpx.AsyncClient(base_url=self.things_stack_url, headers=headers, timeout=TIMEOUT)

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.authority)

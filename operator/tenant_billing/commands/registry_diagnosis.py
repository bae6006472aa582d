"""Looks at one ThingsStackCluster, for ``doctor``."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from tenant_billing.api.things_stack_cluster import ThingsStackCluster
from tenant_billing.clients.things_stack_registry import ThingsStackRegistry, connect_things_stack
from tenant_billing.commands.outside_answers import ASKED_ONCE, PATIENCE, Means, answer_of
from tenant_billing.domain.diagnosis import registry as registries
from tenant_billing.domain.diagnosis import secrets
from tenant_billing.domain.diagnosis.registry import Connection, Reach
from tenant_billing.domain.diagnosis.results import Finding, Status, Unreadable
from tenant_billing.domain.errors import OutsideError
from tenant_billing.domain.health import admin_key_problem

_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True)
class RegistryExaminer:
    """Looks at one deployment of The Things Stack; nothing is written.

    Attributes:
        cluster: The object.
        means: What it is examined with.
        tenant_id: A tenant that is known to be there; None where none is.
        counts_activated: Whether a plan counts activated devices only.
    """

    cluster: ThingsStackCluster
    means: Means
    tenant_id: str | None
    counts_activated: bool

    @property
    def subject(self) -> str:
        """What findings are about."""
        return f"ThingsStackCluster {self.cluster.metadata.name}"

    async def examine(self) -> list[Finding]:
        """All findings about the deployment, in the order in which a person reads them."""
        spec = self.cluster.spec
        reference, bundle_reference = spec.tenant_admin_key_secret_ref, spec.ca_bundle_secret_ref
        kept = await self.means.secret(reference.name)
        findings = [secrets.judge(self.subject, reference, kept, self.means.namespace, admin_key_problem)]
        bundle = None
        if bundle_reference is not None:
            kept_bundle = await self.means.secret(bundle_reference.name)
            findings.append(secrets.judge(self.subject, bundle_reference, kept_bundle, self.means.namespace))
            bundle = secrets.value_of(kept_bundle, bundle_reference.key)
        findings.append(
            registries.judge_connection(self.subject, spec.url, await connection(spec.url, bundle))
        )
        key = secrets.usable(kept, reference.key, admin_key_problem)
        if key is None:
            skipped = Finding("tenants", self.subject, Status.SKIPPED, "there is no key to look with")
            return [*findings, skipped]
        return [*findings, *await self._connected(key, bundle)]

    async def _connected(self, key: str, bundle: str | None) -> list[Finding]:
        try:
            registry = connect_things_stack(
                url=self.cluster.spec.url,
                admin_key=key,
                ca_bundle=bundle,
                requests_per_second=self.cluster.spec.requests_per_second,
                clock=self.means.clock,
                backoff=ASKED_ONCE,
            )
        except OutsideError as error:
            return [registries.judge_key(self.subject, error)]
        try:
            return await self._asked(registry)
        finally:
            await registry.close()

    async def _asked(self, registry: ThingsStackRegistry) -> list[Finding]:
        problem = await answer_of(registry.probe())
        findings = [registries.judge_key(self.subject, problem)]
        if problem is not None:
            return findings
        counted: OutsideError | Unreadable | None = Unreadable("no tenant is there yet to count devices of")
        if self.tenant_id is not None:
            totals = await answer_of(registry.totals([self.tenant_id], activated=True))
            counted = totals if isinstance(totals, OutsideError) else None
        findings += registries.judge_release(self.subject, counted, counts_activated=self.counts_activated)
        return findings


async def connection(url: str, bundle: str | None) -> Connection:
    """Connect and shake hands, no more: no key is sent.

    Args:
        url: Address of the deployment.
        bundle: Certificates that are trusted instead of the system's, PEM; None: the system's.
    """
    parts = urlsplit(url)
    try:
        trust = None if parts.scheme == "http" else _trust(bundle)
        async with asyncio.timeout(PATIENCE):
            port = parts.port or _PORTS.get(parts.scheme, 443)
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=trust)
    except socket.gaierror as error:
        return Connection(Reach.NO_ADDRESS, error.strerror or "")
    except ssl.SSLCertVerificationError as error:
        return Connection(Reach.NOT_TRUSTED, error.verify_message)
    except ssl.SSLError as error:
        return Connection(Reach.NOT_TRUSTED, error.reason or type(error).__name__)
    except TimeoutError:
        return Connection(Reach.NO_CONNECTION, f"nothing came back within {PATIENCE:.0f} s")
    except (OSError, ValueError) as error:
        return Connection(Reach.NO_CONNECTION, str(error))
    used = writer.get_extra_info("ssl_object")
    writer.close()
    return Connection(Reach.REACHED, tls="" if used is None else str(used.version()))


def _trust(bundle: str | None) -> ssl.SSLContext:
    # An empty text would silently mean the system's certificates.
    return (
        ssl.create_default_context() if bundle is None else ssl.create_default_context(cadata=bundle or "-")
    )

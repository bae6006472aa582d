"""How kopf is set up: it watches and dispatches; patches, events and finalizers are written elsewhere."""

import random
from collections.abc import Sequence
from typing import Any

import kopf

from tenant_billing.api import names
from tenant_billing.clients.kubernetes_api import Access


class NoDiffBase(kopf.DiffBaseStorage):
    """Compares nothing: no handler of ours is told differences.

    Kopf builds what it would compare for every event, whoever needs it (1.45.2, ``processing._detect_causes``): a deep
    copy of the object, its spec and annotations, which costs as much as all else that kopf does for the event.
    """

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> kopf.BodyEssence:  # noqa: ARG002 - kopf's signature
        """Nothing of an object is compared."""
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:  # noqa: ARG002 - kopf's signature
        """Nothing was stored."""
        return None

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Nothing is stored."""


def kopf_settings() -> kopf.OperatorSettings:
    """Settings as kopf.md advises; seconds throughout."""
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True  # the Lease says who works
    settings.posting.enabled = False  # events are told by the loop, once per change
    settings.posting.reporting_component = names.FIELD_MANAGER
    settings.persistence.finalizer = f"{names.GROUP}/kopf"  # never set: no handler of ours needs one
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=f"kopf.{names.GROUP}")
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.watching.chunk_size = 500
    settings.watching.server_timeout = 240
    settings.watching.client_timeout = 270
    settings.watching.connect_timeout = 10
    settings.queueing.idle_timeout = 1.0
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.networking.enforce_retry_after = True
    settings.networking.error_backoffs = _jittered((1, 1, 2, 3, 5, 8))
    settings.execution.default_backoff = 5
    settings.process.ultimate_exiting_timeout = None  # the kubelet sees to that
    return settings


def connection(access: Access) -> kopf.ConnectionInfo:
    """The credentials that the rest of the operator uses, for kopf's own connections (its watches are long)."""
    scheme, _, token = access.authorization.partition(" ")
    return kopf.ConnectionInfo(
        server=access.server,
        ca_path=access.authority,
        insecure=not access.verify,
        scheme=scheme or None,
        token=token or None,
        certificate_path=access.certificate,
        private_key_path=access.private_key,
        proxy_url=access.proxy,
    )


def _jittered(delays: Sequence[float]) -> list[float]:
    """The delays, each cut by up to half: replicas that lost the API server together return apart."""
    return [delay * random.uniform(0.5, 1.0) for delay in delays]  # noqa: S311 - spreads load only

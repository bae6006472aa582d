"""The floor of memory: kopf with one empty handler for every event of the same objects."""

import asyncio
import os
import sys
from typing import Any

import kopf

from bench.floors.settings import FloorSettings

GROUP, VERSION = "tenantbilling.dev", "v1alpha1"
KINDS = ("billingbackends", "thingsstackclusters", "billingplans", "tenantsubscriptions")


async def _run(settings: FloorSettings) -> None:
    registry = kopf.OperatorRegistry()
    seen = 0

    async def login(**_: Any) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(
            server=settings.kubernetes_url, ca_path=settings.authority, token=settings.token
        )

    async def nothing(**_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == settings.objects:
            sys.stdout.write("all seen\n")
            sys.stdout.flush()

    kopf.on.login(registry=registry)(login)
    for kind in KINDS:
        kopf.on.event(GROUP, VERSION, kind, registry=registry)(nothing)
    kopf.on.event("", "v1", "namespaces", registry=registry)(nothing)
    operator_settings = kopf.OperatorSettings()
    operator_settings.posting.enabled = False
    await kopf.operator(registry=registry, settings=operator_settings, clusterwide=True, standalone=True)


if __name__ == "__main__":
    asyncio.run(_run(FloorSettings.from_environment(os.environ)))

"""The chart, rendered once for every set of values, and an API server that knows every kind in it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from chart_rendering import NAMESPACE, Rendered, Renderer
from chart_values import MATRIX, NAMESPACES
from dry_run import DryRun
from kubernetes_fixtures import kinds
from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.control_plane.plane import ControlPlane
from tenant_billing_sandbox.control_plane.tools import GATEWAY_DEFINITIONS, MONITORING_DEFINITIONS

__all__ = ["kinds"]

FOREIGN_KINDS: Final = {"HTTPRoute", "ServiceMonitor", "PrometheusRule"}
"""Kinds of others that the chart has objects of."""


@pytest.fixture(scope="session")
def helm(tool_programs: Mapping[Program, Path]) -> Path:
    return tool_programs[Program.HELM]


@pytest.fixture
def renderer(helm: Path, tmp_path: Path) -> Renderer:
    return Renderer(helm, tmp_path)


@pytest.fixture(scope="session")
def renders(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Rendered]:
    """What each set of values makes; the sets are rendered together."""

    async def all_of_them() -> Mapping[str, Rendered]:
        renderer = Renderer(helm, tmp_path_factory.mktemp("values"))
        rendered = await asyncio.gather(*(renderer.render(values) for values in MATRIX.values()))
        return dict(zip(MATRIX, rendered, strict=True))

    return asyncio.run(all_of_them())


@pytest.fixture(scope="session")
def every_kind(kinds: ControlPlane, helm: Path, tmp_path_factory: pytest.TempPathFactory) -> ControlPlane:
    """A control plane that also knows the kinds of others that the chart has objects of."""
    file = tmp_path_factory.mktemp("definitions") / "definitions.yaml"
    file.write_text(yaml.dump_all(_foreign_definitions(helm), Dumper=yaml.CSafeDumper), encoding="utf-8")

    async def prepare() -> None:
        await kinds.apply(file)
        for name in (NAMESPACE, *NAMESPACES):
            await kinds.run_kubectl("create", "namespace", name)
        # What a pod may not be there is told as a warning at the Deployment or the Job that makes it.
        level = "pod-security.kubernetes.io/warn=restricted"
        await kinds.run_kubectl("label", "namespace", NAMESPACE, level)

    asyncio.run(prepare())
    return kinds


def _foreign_definitions(helm: Path) -> list[dict[str, Any]]:
    return [
        definition
        for document in (GATEWAY_DEFINITIONS, MONITORING_DEFINITIONS)
        for definition in yaml.load_all(document.beside(helm).read_bytes(), yaml.CSafeLoader)
        if definition["spec"]["names"]["kind"] in FOREIGN_KINDS
    ]


@pytest.fixture
async def dry_run(every_kind: ControlPlane) -> AsyncIterator[DryRun]:
    async with DryRun.on(every_kind) as judge:
        yield judge

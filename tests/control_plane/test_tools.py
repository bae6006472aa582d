"""The programs beside the control plane, as `make control-plane` has them, and the documents that come with them."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from tenant_billing_sandbox.control_plane.pins import Program
from tenant_billing_sandbox.control_plane.tools import (
    GATEWAY_DEFINITIONS,
    KWOK_STAGES,
    MONITORING_DEFINITIONS,
    Document,
)


@pytest.mark.parametrize(
    ("program", "arguments", "version"),
    [
        (Program.HELM, ["version"], "v4."),
        (Program.KWOK, ["--version"], "kwok"),
        (Program.PROMTOOL, ["--version"], "promtool"),
    ],
)
def test_a_tool_starts(
    tool_programs: Mapping[Program, Path], program: Program, arguments: list[str], version: str
) -> None:
    command = [str(tool_programs[program]), *arguments]
    assert version in subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


@pytest.mark.parametrize(
    ("document", "program", "names"),
    [
        (GATEWAY_DEFINITIONS, Program.HELM, {"httproutes.gateway.networking.k8s.io"}),
        (
            MONITORING_DEFINITIONS,
            Program.HELM,
            {"servicemonitors.monitoring.coreos.com", "prometheusrules.monitoring.coreos.com"},
        ),
        (KWOK_STAGES, Program.KWOK, {"node-initialize", "node-heartbeat", "pod-ready", "pod-delete"}),
    ],
)
def test_a_document_holds_what_it_is_kept_for(
    tool_programs: Mapping[Program, Path], document: Document, program: Program, names: set[str]
) -> None:
    objects = list(yaml.safe_load_all(document.beside(tool_programs[program]).read_text()))
    assert None not in objects
    assert names <= {object_["metadata"]["name"] for object_ in objects}

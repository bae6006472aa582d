"""What a person on call copies from the pages is run: as it stands, on a real kube-apiserver, writing nothing.

Words in capitals are filled in. kubectl writes with ``--dry-run=server``, so that objects, fields, paths and pipes have
to be right. What speaks to the outside (``tenant-billing``, ``helm``) only has its options read, in
``test_command_lines.py``, and ``make demo`` and the tests of commands run it.
"""

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from document_pages import DOCUMENTS, Block, all_blocks
from manifests import REPOSITORY, a
from shell_commands import commands
from tenant_billing.api.names import API_VERSION, KINDS
from tenant_billing_sandbox.control_plane.plane import ControlPlane

SYSTEM: Final = "tenant-billing-system"
NAME: Final = "name"
BRAKE: Final = "b-20261120-1"
COPIED: Final = [
    block
    for block in all_blocks("sh")
    if block.page.parent.name in {"operations", "reasons"} or block.page == DOCUMENTS / "security.md"
]
LOOKS: Final = sorted(
    {
        shlex.join(each.words)
        for block in all_blocks("sh")
        if block.page.parent.name == "runbooks"
        for each in commands(block)
        if each.words[:2] in {("kubectl", "get"), ("kubectl", "describe")}
    }
)
"""What the runbooks have somebody look at; what they search in it is there only when something is wrong."""

KUBECTL: Final = """#!/usr/bin/env bash
set -euo pipefail
arguments=()
for each in "$@"; do [[ $each == --watch ]] || arguments+=("$each"); done
case "$1" in
  annotate|apply|create|delete|label|patch) [[ " $* " == *" --dry-run="* ]] || arguments+=(--dry-run=server) ;;
esac
exec {program} --kubeconfig={kubeconfig} "${{arguments[@]}}"
"""
STUBS: Final = {
    "tenant-billing": "exit 0",
    "helm": "exit 0",
    "openssl": "echo 00112233445566778899aabbccddeeff",
    **({} if shutil.which("jq") else {"jq": "cat"}),
}


@dataclass(frozen=True)
class Scene:
    """A cluster with one object of each kind.

    Attributes:
        programs: Directory of the programs that the pages call.
        file: Holds a key.
    """

    programs: Path
    file: Path

    def run(self, text: str) -> subprocess.CompletedProcess[str]:
        """Run a block in the repository, as a person would who filled it in."""
        filled = {
            "NAMESPACE": "default",
            "NAME": NAME,
            "TENANT": "acme-iot",
            "ID": BRAKE,
            "FILE": str(self.file),
            "DIRECTORY": "deploy/samples",
        }
        for word, value in filled.items():
            text = re.sub(rf"(?<![\\w-]){word}(?![\\w-])", value, text)
        environment = {
            "PATH": f"{self.programs}:{os.environ.get('PATH', os.defpath)}",
            "HOME": str(self.file.parent),
        }
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.file.parent,
            env=environment,
            text=True,
            capture_output=True,
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="module")
def scene(kinds: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Everything that the pages take for granted."""
    directory = tmp_path_factory.mktemp("procedures")
    programs = directory / "programs"
    programs.mkdir()
    wrapped = KUBECTL.format(program=kinds.kubectl, kubeconfig=kinds.kubeconfig)
    for name, script in {
        "kubectl": wrapped,
        **{name: f"#!/bin/sh\n{line}\n" for name, line in STUBS.items()},
    }.items():
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    (directory / "deploy").symlink_to(REPOSITORY / "deploy")
    (directory / "key").write_text("00112233445566778899aabbccddeeff")
    asyncio.run(_furnish(kinds))
    return Scene(programs, directory / "key")


async def _furnish(plane: ControlPlane) -> None:
    """One object of each kind, called ``name``, and what an installation consists of."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM}}
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "tenant-billing-operator", "namespace": SYSTEM},
        "spec": {"holderIdentity": "operator-0"},
    }
    webhook = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "main-webhook", "namespace": SYSTEM},
    }
    objects = [a(kind.kind, {"metadata.name": NAME}) for kind in KINDS]
    for each in objects:
        if "namespace" in each["metadata"]:
            each["metadata"]["namespace"] = "default"
    for each in (namespace, lease, webhook, *objects):
        await plane.run_kubectl("apply", "--server-side", "--filename=-", input=json.dumps(each))
    held = {
        "type": "Ready",
        "status": "False",
        "reason": "BrakeEngaged",
        "message": "",
        "lastTransitionTime": "2026-11-20T10:00:00Z",
    }
    window = {
        "id": BRAKE,
        "engaged": True,
        "windowStartTime": "2026-11-20T10:00:00Z",
        "count": 10,
        "held": 1,
        "tenants": ["acme-iot"],
    }
    await _say(plane, "TenantSubscription", {"subscriptionID": "sub_A", "conditions": [held]}, "default")
    await _say(plane, "ThingsStackCluster", {"brake": window}, None)


async def _say(plane: ControlPlane, kind: str, status: dict[str, object], namespace: str | None) -> None:
    metadata = {"name": NAME, **({"namespace": namespace} if namespace else {})}
    body = {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "status": status}
    await plane.run_kubectl(
        "apply",
        "--server-side",
        "--subresource=status",
        "--field-manager=operator",
        "--filename=-",
        input=json.dumps(body),
    )


@pytest.mark.parametrize("block", COPIED, ids=str)
def test_what_is_copied_runs(scene: Scene, block: Block) -> None:
    done = scene.run(block.text)
    assert done.returncode == 0, done.stderr
    assert "unknown field" not in done.stderr


@pytest.mark.parametrize("command", LOOKS)
def test_what_a_runbook_looks_at_is_shown(scene: Scene, command: str) -> None:
    done = scene.run(command)
    assert done.returncode == 0, done.stderr


def test_what_does_not_exist_is_found(scene: Scene) -> None:
    assert scene.run("kubectl get bbe another").returncode != 0
    misspelt = """kubectl patch bp NAME --type merge -p '{"spec":{"prices":1}}'"""
    assert "unknown field" in scene.run(misspelt).stderr

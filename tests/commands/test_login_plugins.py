"""A kubeconfig that logs in by a plugin, as those of the great clouds do."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from outside_stubs import Answer, stub_server
from tenant_billing.api import names
from tenant_billing.commands.reading import CannotRead, KubernetesReader

VERSION = "client.authentication.k8s.io"
PLUGIN = """
import json, os
asked = json.loads(os.environ.get("KUBERNETES_EXEC_INFO", "{}"))
token = asked.get("apiVersion", "nothing") + "-asked"
print(json.dumps({"status": {"token": token}}))
"""
OTHER_SHAPE = "print('{}')"
FAILING = "raise SystemExit(3)"
SECRET = "--client-secret=hidden"


def kubeconfig(directory: Path, server: str, program: str, version: str) -> Path:
    plugin = {
        "apiVersion": f"{VERSION}/{version}",
        "command": sys.executable,
        "args": ["-c", program, SECRET],
    }
    content: dict[str, Any] = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"exec": plugin}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = directory / "config"
    path.write_text(yaml.safe_dump(content))
    return path


def listed(path: Path) -> list[Any]:
    return list(KubernetesReader(path).list(names.BILLING_PLAN, None))


@pytest.mark.parametrize(("version", "asked"), [("v1", f"{VERSION}/v1"), ("v1beta1", "nothing")])
async def test_its_token_is_used_and_the_version_that_it_was_asked_for_is_told_it(
    tmp_path: Path, version: str, asked: str
) -> None:
    async with stub_server() as stub:
        stub.will(Answer({"items": None, "metadata": {}}))
        path = kubeconfig(tmp_path, stub.url, PLUGIN, version)
        assert await asyncio.to_thread(listed, path) == []
        assert stub.last.headers["Authorization"] == f"Bearer {asked}-asked"


@pytest.mark.parametrize(
    ("program", "problem"), [(FAILING, "ended with 3"), (OTHER_SHAPE, "its plugin answers in another shape")]
)
def test_one_that_fails_is_told_without_its_arguments(tmp_path: Path, program: str, problem: str) -> None:
    with pytest.raises(CannotRead) as refused:
        listed(kubeconfig(tmp_path, "http://127.0.0.1:1", program, "v1"))
    assert problem in refused.value.message
    assert SECRET not in refused.value.message


@pytest.mark.parametrize("answer", [[], {"kind": "Tenant"}, 7])
async def test_a_server_of_another_kind_is_told(tmp_path: Path, answer: object) -> None:
    async with stub_server() as stub:
        stub.will(Answer(answer))
        path = kubeconfig(tmp_path, stub.url, PLUGIN, "v1")
        with pytest.raises(CannotRead, match="no usable answer from http"):
            await asyncio.to_thread(listed, path)

"""Helm as a person runs it, and what it has rendered."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]


class HelmFailed(AssertionError):
    """Helm refused; the message is what it wrote to its standard error."""


@dataclass(frozen=True)
class Helm:
    """One release, or none yet.

    Attributes:
        program: Path of helm.
        kubeconfig: Who runs it, and where.
        home: Directory that it keeps its caches in.
        release: Name of the release.
        namespace: Its namespace.
    """

    program: Path
    kubeconfig: Path
    home: Path
    release: str
    namespace: str

    async def run(self, command: str, *arguments: str, standard_input: str = "") -> str:
        """Run one command about the release to its end; gives its standard output.

        Raises:
            HelmFailed: It failed.
        """
        process = await asyncio.create_subprocess_exec(
            self.program,
            *command.split(),
            self.release,
            *arguments,
            f"--kubeconfig={self.kubeconfig}",
            f"--namespace={self.namespace}",
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.home)},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate(standard_input.encode())
        if process.returncode != 0:
            raise HelmFailed(f"helm {command}: {errors.decode()}")
        return output.decode()

    async def apply(self, command: str, chart: Path, values: Manifest) -> str:
        """Install or upgrade the release with values, and wait until its pods are ready; gives the notes."""
        waiting = ("--wait", "--timeout=90s", "--values=-")
        return await self.run(command, str(chart), *waiting, standard_input=yaml.safe_dump(values))

    async def manifests(self) -> list[Manifest]:
        """What the release consists of."""
        return _documents(await self.run("get manifest"))

    async def hooks(self) -> list[Manifest]:
        """What is made for a moment only, by the events of the release."""
        return _documents(await self.run("get hooks"))


def _documents(text: str) -> list[Manifest]:
    return [each for each in yaml.safe_load_all(text) if each]


def environment_of(container: Mapping[str, Any], pod: Mapping[str, Any]) -> dict[str, str]:
    """The environment that a kubelet would give a container of a pod.

    Args:
        container: With values, references such as ``$(POD_NAME)`` to earlier ones, and fields of the pod.
        pod: Whose name and namespace are asked for.
    """
    found: dict[str, str] = {}
    for variable in container.get("env", []):
        if "valueFrom" in variable:
            _, _, field = variable["valueFrom"]["fieldRef"]["fieldPath"].partition("metadata.")
            found[variable["name"]] = pod["metadata"][field]
        else:
            value = variable.get("value", "")
            for name, known in found.items():
                value = value.replace(f"$({name})", known)
            found[variable["name"]] = value
    return found

"""The chart as the real Helm renders it."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from manifests import REPOSITORY

CHART: Final = REPOSITORY / "deploy" / "helm" / "tenant-billing"
RELEASE: Final = "tenant-billing"
NAMESPACE: Final = "billing"
AT_A_TIME: Final = 4

Object = dict[str, Any]
Values = Mapping[str, Any]


class Refused(Exception):
    """Helm refuses to render; the message is what it says."""


@dataclass(frozen=True)
class Rendered:
    """What one set of values makes.

    Attributes:
        values: The values.
        objects: Every object, hooks among them.
    """

    values: Values
    objects: list[Object]

    def all(self, kind: str) -> list[Object]:
        """The objects of a kind."""
        return [each for each in self.objects if each["kind"] == kind]

    def one(self, kind: str, name: str | None = None) -> Object:
        """The only object of a kind, or the only one of that name."""
        (found,) = [each for each in self.all(kind) if name in (None, each["metadata"]["name"])]
        return found

    def pods(self) -> Iterator[Object]:
        """The template of every pod that the objects make."""
        for each in (*self.all("Deployment"), *self.all("Job")):
            yield each["spec"]["template"]


Findings = Iterator[str]
Check = Callable[[Rendered], Findings]
"""Finds what must not be, whatever the values are."""


def found_in(renders: Mapping[str, Rendered], check: Check) -> Mapping[str, list[str]]:
    """What a check finds, by the set of values that makes it."""
    found = {name: list(check(rendered)) for name, rendered in renders.items()}
    return {name: findings for name, findings in found.items() if findings}


class Renderer:
    """Renders the chart, a few sets of values at a time.

    Args:
        helm: Path of helm.
        folder: Where values are written to.
        chart: The chart.
    """

    def __init__(self, helm: Path, folder: Path, chart: Path = CHART) -> None:
        self._helm = helm
        self._chart = chart
        self._folder = folder
        self._turns = asyncio.Semaphore(AT_A_TIME)
        self._files = 0

    async def render(self, values: Values, *options: str, release: str = RELEASE) -> Rendered:
        """What ``helm template`` makes.

        Raises:
            Refused: The values are refused.
        """
        output = await self._run(values, "template", release, str(self._chart), *options)
        return Rendered(values, [each for each in yaml.load_all(output, yaml.CSafeLoader) if each])

    async def notes(self, values: Values) -> str:
        """What is printed after an installation into a cluster that holds nothing."""
        output = await self._run(values, "install", RELEASE, str(self._chart), "--dry-run=client")
        return output.split("NOTES:\n", 1)[1]

    async def lint(self) -> str:
        """What ``helm lint`` says.

        Raises:
            Refused: It finds a fault, or warns.
        """
        return await self._run({}, "lint", str(self._chart), "--strict")

    async def _run(self, values: Values, *arguments: str) -> str:
        self._files += 1
        path = self._folder / f"values-{self._files}.yaml"
        path.write_text(yaml.safe_dump(dict(values)), encoding="utf-8")
        async with self._turns:
            process = await asyncio.create_subprocess_exec(
                self._helm,
                *arguments,
                "--namespace",
                NAMESPACE,
                "--values",
                path,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={"HOME": str(self._folder), "KUBECONFIG": "/nonexistent"},
            )
            output, errors = await process.communicate()
        if process.returncode:
            raise Refused(errors.decode())
        return output.decode()

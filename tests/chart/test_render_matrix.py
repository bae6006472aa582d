"""Every set of values makes objects that the real kube-apiserver takes without a word."""

import asyncio
from collections.abc import Mapping

from chart_rendering import Rendered, Renderer
from chart_values import MATRIX
from dry_run import DryRun


def test_there_are_enough_sets_of_values() -> None:
    assert len(MATRIX) >= 40


async def test_helm_finds_no_fault_with_the_chart(renderer: Renderer) -> None:
    assert "0 chart(s) failed" in await renderer.lint()


async def test_api_server_takes_every_object_of_every_set(
    renders: Mapping[str, Rendered], dry_run: DryRun
) -> None:
    """Unknown fields, deprecated versions and pods that are not restricted count as refusals."""
    for name, rendered in renders.items():
        answers = await asyncio.gather(*(dry_run.objections(each) for each in rendered.objects))
        told = {
            f"{each['kind']}/{each['metadata']['name']}": answer
            for each, answer in zip(rendered.objects, answers, strict=True)
            if answer
        }
        assert told == {}, name

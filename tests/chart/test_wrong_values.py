"""Values that cannot be meant are refused before anything is installed, by a message that names the key."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chart_rendering import Refused, Renderer
from chart_values import WRONG


@pytest.fixture(scope="module")
def messages(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, str]:
    """What Helm says to each, empty where it takes one."""

    async def all_of_them() -> Mapping[int, str]:
        renderer = Renderer(helm, tmp_path_factory.mktemp("wrong"))

        async def message(values: Mapping[str, Any]) -> str:
            try:
                await renderer.render(values)
            except Refused as refused:
                return str(refused)
            return ""

        return dict(enumerate(await asyncio.gather(*(message(values) for values, *_ in WRONG))))

    return asyncio.run(all_of_them())


def test_there_are_enough_wrong_values() -> None:
    assert len(WRONG) >= 50


@pytest.mark.parametrize("position", range(len(WRONG)), ids=lambda position: str(WRONG[position][0])[:70])
def test_refused_by_a_message_that_names_the_key(position: int, messages: Mapping[int, str]) -> None:
    _, *words = WRONG[position]
    missing = [word for word in words if word not in messages[position]]
    assert missing == [], messages[position] or "taken"


def test_only_the_wrong_key_is_complained_of(messages: Mapping[int, str]) -> None:
    """Each message is about one thing; a schema that says five things for one mistake helps nobody."""
    long = {position: text for position, text in messages.items() if text.count("\n- ") > 1}
    assert {str(WRONG[position][0]): text for position, text in long.items()} == {}

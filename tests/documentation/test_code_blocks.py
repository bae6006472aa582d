"""Every block of code is of a known kind, and can be read as what it says it is.

Outputs are ``text``; ``console`` is a session, whose commands stand behind ``$``; ``sh`` is to be copied.
"""

import ast
import json
import subprocess
from collections.abc import Callable, Mapping
from typing import Final

import pytest
import yaml
from lupa import lua51

from document_pages import PAGES, Block, all_blocks, blocks


def read_shell(text: str) -> None:
    subprocess.run(["bash", "-n"], input=text, text=True, check=True, capture_output=True)


def read_yaml(text: str) -> None:
    documents = list(yaml.safe_load_all(text))
    assert documents, "empty"
    for each in documents:
        assert "spec" not in each or "kind" in each, "name the kind, so that the fields can be checked"


def read_lua(text: str) -> None:
    lua51.LuaRuntime(unpack_returned_tuples=True).compile(text)


def read_nothing(_: str) -> None:
    """Prose and drawings."""


READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "console": read_nothing,  # its commands are read in test_command_lines.py
    "json": json.loads,
    "lua": read_lua,
    "mermaid": read_nothing,
    "python": lambda text: ast.parse(text.replace("...\n", "pass\n")),
    "sh": read_shell,
    "text": read_nothing,
    "yaml": read_yaml,
}


def test_every_block_is_of_a_known_kind() -> None:
    unknown = {
        str(block): block.language or "no language"
        for page in PAGES
        for block in blocks(page)
        if block.language not in READERS
    }
    assert unknown == {}


@pytest.mark.parametrize("block", all_blocks(*READERS), ids=str)
def test_block_is_what_it_says(block: Block) -> None:
    READERS[block.language](block.text)

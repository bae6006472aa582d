"""Every command that the pages show exists, with these options, for these resources."""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final

import click
import pytest

from document_pages import all_blocks
from manifests import REPOSITORY
from shell_commands import Command, commands
from tenant_billing.commands.group import group

SHOWN: Final = [command for block in all_blocks("console", "sh") for command in commands(block)]
OF_KUBECTL: Final = [each for each in SHOWN if each.words[0] == "kubectl"]

NAMES_RESOURCES: Final = {"annotate", "delete", "describe", "explain", "get", "label", "patch", "wait"}
"""Verbs of kubectl whose first argument is a resource."""

HAVE_SUBCOMMANDS: Final = {"auth", "config", "create", "rollout"}
"""Verbs of kubectl whose next words choose what is done."""
SUBCOMMANDS: Final = {
    "can-i", "current-context", "generic", "namespace", "restart", "rolebinding", "secret", "status", "view",
}  # fmt: skip

OPTIONS_OF_HELM: Final = {
    "-n",
    "--namespace",
    "--create-namespace",
    "-f",
    "--values",
    "--set",
    "--version",
    "--wait",
}
VERBS_OF_HELM: Final = {"install", "upgrade", "uninstall", "show", "template", "repo", "pull", "test"}
OTHER_PROGRAMS: Final = {"cat", "curl", "date", "git", "grep", "jq", "openssl"}


def read_ours(words: Sequence[str]) -> None:
    """Let click read the arguments, without carrying anything out."""
    command: click.Command = group
    rest, path = list(words), [""]
    context = click.Context(command, info_name="tenant-billing")
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        assert found is not None, f"there is no command {rest[0]}"
        path.append(rest.pop(0))
        command, context = found, click.Context(found, info_name=path[-1], parent=context)
    _, arguments, _ = command.make_parser(context).parse_args(rest)
    assert not arguments, f"too many arguments: {arguments}"


def read_make(words: Sequence[str]) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert {each for each in words if "=" not in each} <= targets


def read_python(words: Sequence[str]) -> None:
    assert words[0] == "-m", "modules only"
    assert (REPOSITORY / "operator" / words[1]).is_dir()


def read_helm(words: Sequence[str]) -> None:
    assert words[0] in VERBS_OF_HELM
    assert {each.partition("=")[0] for each in words if each.startswith("-")} <= OPTIONS_OF_HELM


READERS: Final[Mapping[str, Callable[[Sequence[str]], None]]] = {
    "tenant-billing": read_ours,
    "make": read_make,
    "python": read_python,
    "helm": read_helm,
}


def test_every_program_is_known() -> None:
    unknown = [str(each) for each in SHOWN if each.words[0] not in {"kubectl", *READERS, *OTHER_PROGRAMS}]
    assert unknown == []


@pytest.mark.parametrize("command", [each for each in SHOWN if each.words[0] in READERS], ids=str)
def test_command_exists_with_its_options(command: Command) -> None:
    READERS[command.words[0]](command.words[1:])


@pytest.mark.parametrize(
    "words", [("status", "--colour"), ("stauts",), ("plan", "-f", "x", "y")], ids=" ".join
)
def test_command_that_does_not_exist_is_found(words: tuple[str, ...]) -> None:
    with pytest.raises((AssertionError, click.UsageError)):
        read_ours(words)


@pytest.mark.parametrize("command", OF_KUBECTL, ids=str)
def test_kubectl_command_exists_with_its_options(
    command: Command, kubectl_help: Callable[[str], str], kubectl_resources: frozenset[str]
) -> None:
    _, verb, *rest = command.words
    below = list(itertools.takewhile(SUBCOMMANDS.__contains__, rest)) if verb in HAVE_SUBCOMMANDS else []
    arguments = positional(rest[len(below) :], options_of(kubectl_help(" ".join([verb, *below]))))
    if verb in NAMES_RESOURCES and arguments:
        asked = {each.partition("/")[0] for each in arguments[0].split(",")}
        assert asked <= kubectl_resources


@cache
def options_of(text: str) -> Mapping[str, bool]:
    """The options that a help text names, each with whether a value follows it."""
    found = re.findall(r"^\s+(?:(-\w), )?(--[a-z-]+)=([^:]*):", text, re.MULTILINE)
    return {
        name: value not in {"true", "false"} for short, long, value in found for name in (short, long) if name
    }


def positional(words: Sequence[str], options: Mapping[str, bool]) -> list[str]:
    """The words that are neither options nor their values."""
    found: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            found.append(word)
            continue
        name, given, _ = word.partition("=")
        assert name in options, f"there is no option {name}"
        if options[name] and not given:
            next(rest)
    return found

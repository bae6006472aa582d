"""What can be proved of the image without a container engine; the linter's findings are part of ``make lint``."""

import json
import re
import tomllib
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[2]
TEXT: Final = (REPOSITORY / "Dockerfile").read_text()
INSTRUCTIONS: Final = [
    line.partition(" ")[::2]
    for line in re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()
    if line
]


def of(instruction: str) -> list[str]:
    return [arguments for name, arguments in INSTRUCTIONS if name == instruction]


def test_every_base_is_named_by_its_digest() -> None:
    assert of("FROM")
    for base in of("FROM"):
        assert "@${PYTHON_DIGEST}" in base, base


def test_a_digest_that_nobody_checked_is_not_the_default() -> None:
    assert "PYTHON_DIGEST" in of("ARG")


def test_it_does_not_run_as_root_and_says_so_by_number() -> None:
    (user,) = of("USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_no_shell_starts_it() -> None:
    (entry,), (command,) = of("ENTRYPOINT"), of("CMD")
    script = Path(json.loads(entry)[0])
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        assert script.name in tomllib.load(file)["project"]["scripts"]
    assert json.loads(command) == ["run"]


def test_the_last_stage_takes_the_environment_and_nothing_of_the_source() -> None:
    last = [index for index, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM"][-1]
    copied = [arguments for name, arguments in INSTRUCTIONS[last:] if name in {"COPY", "ADD"}]
    assert copied == ["--from=build /opt/tenant-billing /opt/tenant-billing"]


def test_only_what_is_copied_reaches_the_builder() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    copied = {source for each in of("COPY") if "--from" not in each for source in each.split()[:-1]}
    assert "*" in ignored
    assert let_through == copied


def test_python_is_the_one_that_the_project_asks_for() -> None:
    assert "PYTHON_VERSION=3.11" in of("ARG")
    with (REPOSITORY / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["requires-python"] == ">=3.11"


def test_it_carries_the_labels_of_the_open_container_initiative() -> None:
    (labels,) = of("LABEL")
    found = set(re.findall(r"org\.opencontainers\.image\.(\w+)=", labels))
    assert {"title", "description", "licenses", "version", "revision", "created"} <= found

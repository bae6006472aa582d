"""The wheel as the image installs it: built once, alone in an environment of its own."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from kubernetes_fixtures import kinds

__all__ = ["kinds"]

REPOSITORY = Path(__file__).parents[2]


def _pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ".")
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment that holds the pinned libraries of the image and the wheel, by the steps of the Dockerfile."""
    environment = tmp_path_factory.mktemp("environment") / "tenant-billing"
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    into = ("--python", python, "install", "--no-compile")
    _pip(*into, "--require-hashes", "--requirement", "requirements/runtime.txt")
    _pip(*into, "--no-deps", wheel)
    return environment

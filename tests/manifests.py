"""Manifests for tests: the samples of the repository, with changes by dotted path."""

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

REPOSITORY: Final = Path(__file__).parent.parent
DEFINITIONS: Final = REPOSITORY / "deploy" / "crds"
SAMPLES: Final = REPOSITORY / "deploy" / "samples"

REMOVED: Final = object()
"""The value of a change that takes a field away."""

Manifest = dict[str, Any]


@cache
def _samples() -> dict[str, Manifest]:
    """The first sample of each kind."""
    found: dict[str, Manifest] = {}
    for path in sorted(SAMPLES.glob("*.yaml")):
        for manifest in yaml.safe_load_all(path.read_text()):
            found.setdefault(manifest["kind"], manifest)
    return found


@cache
def _definitions() -> dict[str, Manifest]:
    loaded = [yaml.safe_load(path.read_text()) for path in sorted(DEFINITIONS.glob("*.yaml"))]
    return {each["spec"]["names"]["kind"]: each for each in loaded}


def definition(kind: str) -> Manifest:
    """The CustomResourceDefinition of a kind."""
    return copy.deepcopy(_definitions()[kind])


def schema(kind: str) -> Manifest:
    """The schema of the only version of a kind."""
    (version,) = definition(kind)["spec"]["versions"]
    root: Manifest = version["schema"]["openAPIV3Schema"]
    return root


def a(kind: str, changes: Mapping[str, object] | None = None) -> Manifest:
    """The sample of a kind with changes, such as ``{"spec.tenant.id": "acme", "spec.customer": REMOVED}``.

    A path leads through maps by key and through lists by position.
    """
    return changed(_samples()[kind], changes or {})


def changed(manifest: Manifest, changes: Mapping[str, object]) -> Manifest:
    """A copy of a manifest with changes by path, one after the other."""
    copied = copy.deepcopy(manifest)
    for path, value in changes.items():
        _change(copied, path.split("."), value)
    return copied


def _change(target: Any, path: list[str], value: object) -> None:
    key: Any = int(path[0]) if isinstance(target, list) else path[0]
    if len(path) > 1:
        _change(target[key] if isinstance(target, list) else target.setdefault(key, {}), path[1:], value)
    elif value is REMOVED:
        del target[key]
    else:
        target[key] = copy.deepcopy(value)

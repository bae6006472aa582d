"""The manifests that a person names: a file, a directory, or the standard input."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tenant_billing.api.names import API_VERSION, KINDS
from tenant_billing.api.resource import InvalidResourceError
from tenant_billing.commands.problems import CannotGoOn
from tenant_billing.commands.reading import decoded
from tenant_billing.runtime.observed import MODELS, NAMESPACE_KIND

STANDARD_INPUT: Final = "-"
SECRET_KIND: Final = "Secret"  # noqa: S105 - a kind, not a secret
_NAMESPACED: Final = {each.kind: each.namespaced for each in KINDS}

Body = dict[str, Any]


@dataclass(frozen=True)
class Manifests:
    """What was read.

    Attributes:
        objects: Of our kinds, and Namespaces; each kind's namespace filled in.
        secrets: Values of Secrets by namespace, name and key.
        ignored: ``Kind name`` of everything else.
    """

    objects: tuple[Body, ...]
    secrets: Mapping[tuple[str, str, str], str]
    ignored: tuple[str, ...]


def read_manifests(sources: Sequence[str], namespace: str) -> Manifests:
    """Read manifests.

    Args:
        sources: Files, directories (their ``.yaml`` and ``.yml`` files, not those below), or ``-``.
        namespace: Of namespaced objects that name none.

    Raises:
        CannotGoOn: A file cannot be read, is not YAML, or holds an object that is not of its kind's shape.
    """
    objects: list[Body] = []
    secrets: dict[tuple[str, str, str], str] = {}
    ignored: list[str] = []
    for where, body in _bodies(sources):
        kind, metadata = body.get("kind"), body.get("metadata") or {}
        if kind == SECRET_KIND:
            secrets |= _values(body, namespace)
        elif kind == NAMESPACE_KIND:
            objects.append(body)
        elif str(body.get("apiVersion", "")).startswith(API_VERSION.partition("/")[0]):
            objects.append(_checked(where, body, namespace))
        else:
            ignored.append(f"{kind} {metadata.get('name', '')}".strip())
    _refuse_doubles(objects)
    return Manifests(tuple(objects), secrets, tuple(ignored))


def _bodies(sources: Sequence[str]) -> Iterator[tuple[str, Body]]:
    for source in sources:
        for where, text in _texts(source):
            try:
                documents = [each for each in yaml.safe_load_all(text) if each is not None]
            except yaml.YAMLError as error:
                mark = getattr(error, "problem_mark", None)
                line = f", line {mark.line + 1}" if mark is not None else ""
                problem = getattr(error, "problem", None) or "it cannot be parsed"
                raise CannotGoOn(f"{where}{line}: this is no YAML: {problem}") from None
            for document in documents:
                if not isinstance(document, dict) or "kind" not in document:
                    raise CannotGoOn(f"{where}: a document is no Kubernetes object; each needs a kind")
                items = document.get("items") if str(document["kind"]).endswith("List") else [document]
                yield from ((where, each) for each in items or ())


def _texts(source: str) -> Iterator[tuple[str, str]]:
    if source == STANDARD_INPUT:
        yield "standard input", sys.stdin.read()
        return
    path = Path(source)
    files = [path]
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.suffix in {".yaml", ".yml"})
        if not files:
            raise CannotGoOn(f"{source}: the directory holds no .yaml files")
    for each in files:
        try:
            yield str(each), each.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problem = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            raise CannotGoOn(f"{each}: {problem}") from None


def _checked(where: str, body: Body, namespace: str) -> Body:
    """An object of our group, its namespace filled in."""
    kind = str(body["kind"])
    model = MODELS.get(kind)
    if model is None:
        raise CannotGoOn(f"{where}: {API_VERSION} has no kind {kind}; it has {', '.join(sorted(MODELS))}")
    metadata = dict(body.get("metadata") or {})
    if _NAMESPACED[kind]:
        metadata.setdefault("namespace", namespace)
    whole = {**body, "metadata": metadata}
    try:
        model.from_kubernetes(whole, unknown_fields="forbid")
    except InvalidResourceError as error:
        raise CannotGoOn(f"{where}: {error}") from None
    return whole


def _refuse_doubles(objects: Sequence[Body]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for body in objects:
        metadata = body["metadata"]
        key = (str(body["kind"]), str(metadata.get("namespace", "")), str(metadata["name"]))
        if key in seen:
            raise CannotGoOn(f"{key[0]} {key[2]} is given twice; remove one of the two")
        seen.add(key)


def _values(secret: Body, namespace: str) -> dict[tuple[str, str, str], str]:
    """The values of a Secret, decoded; one that cannot be decoded is none."""
    metadata = secret.get("metadata") or {}
    where = (str(metadata.get("namespace", namespace)), str(metadata.get("name", "")))
    found = {(*where, str(key)): str(value) for key, value in (secret.get("stringData") or {}).items()}
    encoded = {(*where, str(key)): decoded(value) for key, value in (secret.get("data") or {}).items()}
    return {key: value for key, value in {**encoded, **found}.items() if value}

"""The manifests that a person names: a file, a directory, or the standard input."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from tenant_billing.api.names import API_VERSION, GROUP, KINDS
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
        CannotGoOn: A file cannot be read, is not YAML, or holds an object that is not of its kind's shape; or there is
            no object at all.
    """
    objects: list[Body] = []
    secrets: dict[tuple[str, str, str], str] = {}
    ignored: list[str] = []
    for where, body in _bodies(sources):
        kind = body["kind"]
        if kind == SECRET_KIND:
            secrets |= _values(where, body, namespace)
        elif kind == NAMESPACE_KIND:
            objects.append({**body, "metadata": _named(where, body)})
        elif str(body.get("apiVersion", "")).partition("/")[0] == GROUP:
            objects.append(_checked(where, body, namespace))
        else:
            ignored.append(f"{kind} {_mapping(where, body, 'metadata').get('name', '')}".strip())
    if not objects and not secrets and not ignored:
        raise CannotGoOn(f"{', '.join(sources)}: there is no object")
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
                yield from ((where, each) for each in _objects(where, document))


def _objects(where: str, document: object) -> Iterator[Body]:
    """The object of a document, or all those of a list, however deep."""
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise CannotGoOn(f"{where}: a document is no Kubernetes object; each needs a kind")
    if not document["kind"].endswith("List") or "items" not in document:
        yield document
        return
    items = document["items"] or []
    if not isinstance(items, list):
        raise CannotGoOn(f"{where}: items of a {document['kind']} are no list")
    for each in items:
        yield from _objects(where, each)


def _texts(source: str) -> Iterator[tuple[str, str]]:
    if source == STANDARD_INPUT:
        try:
            yield "standard input", sys.stdin.read()
        except UnicodeDecodeError:
            raise CannotGoOn("standard input: it is no UTF-8 text") from None
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
    metadata = _mapping(where, body, "metadata")
    if _NAMESPACED[kind]:
        metadata["namespace"] = metadata.get("namespace") or namespace
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


def _mapping(where: str, body: Body, field: str) -> Body:
    """A member of an object that has members itself; empty where it is left out.

    Raises:
        CannotGoOn: It is something else.
    """
    found = body.get(field) or {}
    if not isinstance(found, dict):
        raise CannotGoOn(f"{where}: {field} of a {body['kind']} is no object")
    return dict(found)


def _named(where: str, body: Body) -> Body:
    """The metadata of an object, which needs a name.

    Raises:
        CannotGoOn: It has none.
    """
    metadata = _mapping(where, body, "metadata")
    if not isinstance(metadata.get("name"), str):
        raise CannotGoOn(f"{where}: a {body['kind']} has no metadata.name")
    return metadata


def _values(where: str, secret: Body, namespace: str) -> dict[tuple[str, str, str], str]:
    """The values of a Secret, decoded; one that cannot be decoded is none."""
    metadata = _named(where, secret)
    place = (str(metadata.get("namespace", namespace)), str(metadata["name"]))
    plain, coded = _mapping(where, secret, "stringData"), _mapping(where, secret, "data")
    found = {(*place, str(key)): str(value) for key, value in plain.items()}
    encoded = {(*place, str(key)): decoded(value) for key, value in coded.items()}
    return {key: value for key, value in {**encoded, **found}.items() if value}

"""Writes ``docs/reference/<kind>.md`` from ``deploy/crds``: every field, rule and column of the four kinds.

``python docs/reference/generate.py DIRECTORY``; ``make reference`` does so for ``docs/reference``.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

DEFINITIONS: Final = Path(__file__).parents[2] / "deploy" / "crds"
Schema = Mapping[str, Any]

_BOUNDS: Final = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"),
    ("maxProperties", "at most {} entries"),
)


@dataclass(frozen=True)
class Field:
    """One field of a kind.

    Attributes:
        path: Dotted, from ``spec`` or ``status``; ``[]`` stands for the items of a list.
        schema: As the definition has it.
        required: Whether the object around it must have it.
    """

    path: str
    schema: Schema
    required: bool


def fields(schema: Schema, path: str) -> Iterator[Field]:
    """The fields below a path, each before its own, in the order of the definition."""
    required = set(schema.get("required", ()))
    for name, each in schema.get("properties", {}).items():
        yield Field(f"{path}.{name}", each, name in required)
        yield from fields(each, f"{path}.{name}")
        if "items" in each:
            yield from fields(each["items"], f"{path}.{name}[]")


def rules(schema: Schema, path: str) -> Iterator[tuple[str, str]]:
    """Path and message of every rule at and below a path."""
    for rule in schema.get("x-kubernetes-validations", ()):
        yield path, rule["message"]
    for name, each in schema.get("properties", {}).items():
        yield from rules(each, f"{path}.{name}" if path else name)
    if "items" in schema:
        yield from rules(schema["items"], f"{path}[]")


def type_of(schema: Schema) -> str:
    """The type as a person writes it."""
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if schema["type"] == "array":
        return f"list of {type_of(schema['items'])}s"
    if "additionalProperties" in schema:
        return f"map to {type_of(schema['additionalProperties'])}"
    return str(schema.get("format") if schema.get("format") == "date-time" else schema["type"])


def bounds(field: Field) -> str:
    """What a value must keep to, in a few words."""
    schema = field.schema
    parts = ["required"] if field.required else []
    if "default" in schema:
        parts.append(f"default `{_compact(schema['default'])}`")
    values = schema.get("enum") or schema.get("items", {}).get("enum")
    if values:
        parts.append(", ".join(f"`{each}`" for each in values))
    parts += [
        "not empty" if (key, schema[key]) == ("minLength", 1) else text.format(schema[key])
        for key, text in _BOUNDS
        if key in schema and not values
    ]
    if "pattern" in schema:
        parts.append(f"pattern `{schema['pattern']}`")
    return "; ".join(parts)


def _compact(value: object) -> str:
    if not isinstance(value, dict):
        return yaml.safe_dump(value).removesuffix("...\n").strip() if value is not None else ""
    return yaml.safe_dump(value, default_flow_style=True, width=1000).strip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    return [*lines, *(f"| {' | '.join(map(_cell, row))} |" for row in rows)]


def page(definition: Schema, source: str) -> str:
    """The page of one kind."""
    kind = definition["spec"]["names"]["kind"]
    (version,) = definition["spec"]["versions"]
    root = version["schema"]["openAPIV3Schema"]
    explained = f"kubectl explain {definition['spec']['names']['singular']}.spec"
    lines = [
        f"# {kind}: every field",
        "",
        f"Made from `deploy/crds/{source}` by `make reference`; edit that file.",
        f"`{explained}` tells the same of the cluster at hand.",
    ]
    for part in ("spec", "status"):
        rows = (
            (f"`{each.path}`", type_of(each.schema), bounds(each), each.schema.get("description", ""))
            for each in fields(root["properties"][part], part)
        )
        lines += ["", f"## {part}", "", *_table(("field", "type", "rules", "meaning"), rows)]
    checks = ((f"`{path or 'the object'}`", message) for path, message in rules(root, ""))
    lines += ["", "## Checks across fields", "", *_table(("at", "refused with"), checks)]
    columns = (
        (each["name"].upper(), f"`{each['jsonPath']}`", "`-o wide`" if each.get("priority") else "")
        for each in version["additionalPrinterColumns"]
    )
    lines += ["", "## Columns of `kubectl get`", "", *_table(("column", "shows", "only with"), columns)]
    return "\n".join(lines) + "\n"


def name_of_page(definition: Schema) -> str:
    """The kind in words with dashes: ``billing-backend.md``."""
    kind: str = definition["spec"]["names"]["kind"]
    return "".join(f"-{sign.lower()}" if sign.isupper() else sign for sign in kind).lstrip("-") + ".md"


def main(directory: Path) -> None:
    """Write all pages into a directory."""
    for source in sorted(DEFINITIONS.glob("*.yaml")):
        definition = yaml.safe_load(source.read_text(encoding="utf-8"))
        (directory / name_of_page(definition)).write_text(page(definition, source.name), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

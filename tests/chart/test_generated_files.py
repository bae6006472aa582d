"""What is made from something else is what would be made today: otherwise run ``make chart``."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from jsonschema import Draft7Validator

from chart_generator.generated import CHART, KUSTOMIZE, chart_files, kustomize_files
from chart_generator.raw_manifests import FILES, NOTE
from manifests import DEFINITIONS, REPOSITORY

BY_HAND: Final = {"kustomization.yaml", "namespace.yaml", "uninstall/kustomization.yaml"}
"""Files of deploy/kustomize that nothing makes."""


def test_schema_readme_and_definitions_of_the_chart_are_current() -> None:
    stale = [path.name for path, text in chart_files().items() if path.read_text(encoding="utf-8") != text]
    assert stale == []


def test_manifests_of_kustomize_are_current(helm: Path) -> None:
    stale = [
        path.name for path, text in kustomize_files(helm).items() if path.read_text(encoding="utf-8") != text
    ]
    assert stale == []


def test_nothing_lies_there_that_nothing_makes() -> None:
    copies = {path.name for path in (CHART / "files" / "crds").iterdir()}
    assert copies == {path.name for path in DEFINITIONS.glob("*.yaml")}
    found = {path.relative_to(KUSTOMIZE).as_posix() for path in KUSTOMIZE.rglob("*") if path.is_file()}
    assert found == BY_HAND | set(FILES)
    for name in FILES:
        assert (KUSTOMIZE / name).read_text(encoding="utf-8").startswith(NOTE)


def test_every_definition_is_in_the_kustomization_beside_it() -> None:
    kustomization = yaml.safe_load((DEFINITIONS / "Kustomization").read_text(encoding="utf-8"))
    assert kustomization["resources"] == sorted(path.name for path in DEFINITIONS.glob("*.yaml"))


def test_every_template_belongs_to_the_raw_manifests_or_is_helms_alone() -> None:
    """A template that is added has to be thought about: who installs without Helm may need it, too."""
    for_some_values = {
        "webhook-ingress",
        "webhook-httproute",
        "servicemonitor",
        "prometheusrule",
        "dashboards",
    }
    templates = {path.stem for path in (CHART / "templates").glob("*.yaml")}
    in_raw = {template for templates_of_file in FILES.values() for template in templates_of_file}
    assert templates == in_raw | for_some_values | {"definitions", "accounts"}


def test_chart_installs_the_version_of_this_repository() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert f'\nversion = "{chart["appVersion"]}"\n' in project


def test_no_object_of_the_schema_takes_a_key_that_it_does_not_describe() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    assert [where for where in open_objects(schema, "") if where != "/properties/global"] == []


def open_objects(schema: Any, where: str) -> Iterator[str]:
    """Where a schema describes an object that takes any key."""
    if isinstance(schema, dict) and "if" not in where.split("/") and "then" not in where.split("/"):
        described = {"properties", "patternProperties"} & set(schema) or "additionalProperties" in schema
        if schema.get("type") == "object" and not described:
            yield where
        if (
            schema.get("type") == "object"
            and "properties" in schema
            and schema.get("additionalProperties") is not False
        ):
            yield where
        for key, value in schema.items():
            yield from open_objects(value, f"{where}/{key}")


def test_defaults_are_valid_by_their_own_schema() -> None:
    """Helm judges what it is given beside the defaults; here they are judged alone, as editors do it."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    defaults = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert [error.message for error in Draft7Validator(schema).iter_errors(defaults)] == []

"""All files that are made, as texts by path."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from chart_generator.definition_schema import objects_by_name
from chart_generator.documented_values import Value, documented_values
from chart_generator.raw_manifests import raw_manifests, rendered
from chart_generator.readme import readme
from chart_generator.value_schema import values_schema

DEPLOY: Final = Path(__file__).resolve().parents[2]
CHART: Final = DEPLOY / "helm" / "tenant-billing"
KUSTOMIZE: Final = DEPLOY / "kustomize"
DEFINITIONS: Final = DEPLOY / "crds"
PARTS: Final = Path(__file__).parent

KINDS_IN_VALUES: Final = {"BillingBackends": "billingbackends", "ThingsStackClusters": "thingsstackclusters"}
"""Shape in values.schema.json, and file of the definition whose spec it is."""


def values_of_chart() -> tuple[Value, ...]:
    """The documented values.

    Raises:
        ValuesError: One lacks its description.
    """
    return tuple(documented_values((CHART / "values.yaml").read_text(encoding="utf-8")))


def chart_files() -> Mapping[Path, str]:
    """What is made without Helm: schema, README.md, copies of the definitions.

    Raises:
        ValuesError: values.yaml lacks something.
    """
    values = values_of_chart()
    schema = values_schema(values, _shapes())
    copies = {
        CHART / "files" / "crds" / path.name: path.read_text(encoding="utf-8")
        for path in sorted(DEFINITIONS.glob("*.yaml"))
    }
    return {
        CHART / "values.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        CHART / "README.md": readme((PARTS / "introduction.md").read_text(encoding="utf-8"), values),
        **copies,
    }


def kustomize_files(helm: Path) -> Mapping[Path, str]:
    """What is made by Helm from the chart.

    Raises:
        subprocess.CalledProcessError: Helm refuses the chart.
    """
    return {KUSTOMIZE / name: text for name, text in raw_manifests(rendered(helm, CHART)).items()}


def _shapes() -> dict[str, Any]:
    shapes: dict[str, Any] = YAML(typ="safe").load((PARTS / "shapes.yaml").read_text(encoding="utf-8"))
    for shape, name in KINDS_IN_VALUES.items():
        definition = YAML(typ="safe").load((DEFINITIONS / f"{name}.yaml").read_text(encoding="utf-8"))
        shapes[shape] = objects_by_name(definition)
    return shapes

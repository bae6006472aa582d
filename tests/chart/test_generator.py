"""How comments in values.yaml become a schema and a table."""

import pytest

from chart_generator.definition_schema import objects_by_name
from chart_generator.documented_values import ValuesError, documented_values
from chart_generator.raw_manifests import FILES, raw_manifests
from chart_generator.readme import readme
from chart_generator.value_schema import values_schema
from manifests import definition

VALUES = """
## First

# How many
# of them.
# @schema {minimum: 0}
count: 2

## Second

group:
  # Choice | of one.
  # @schema {enum: [A, B]}
  choice: A
  # Labels.
  # @schema {$ref: labels}
  # @example team: x
  labels: {}
  # May be taken away.
  # @schema {type: [integer, "null"]}
  optional: 1
"""


def test_a_type_is_that_of_the_default_and_a_comment_adds_to_it() -> None:
    schema = values_schema(documented_values(VALUES), {"labels": {"type": "object"}})
    assert schema["properties"]["count"] == {
        "type": "integer",
        "description": "How many of them.",
        "default": 2,
        "minimum": 0,
    }
    assert schema["properties"]["group"]["properties"]["choice"]["enum"] == ["A", "B"]
    assert schema["properties"]["group"]["properties"]["labels"]["$ref"] == "#/definitions/labels"


def test_no_group_takes_an_unknown_key_or_lacks_one_unless_it_may_be_taken_away() -> None:
    schema = values_schema(documented_values(VALUES), {"labels": {}})
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["count", "group"]
    assert schema["properties"]["group"]["additionalProperties"] is False
    assert schema["properties"]["group"]["required"] == ["choice", "labels"]


def test_the_table_names_each_value_under_its_section() -> None:
    page = readme("# Title", documented_values(VALUES))
    first, second = page.split("### First")[1].split("### Second")
    assert "| `count` | `2` | How many of them. |" in first
    assert '| `group.choice` | `"A"` | Choice \\| of one. One of `A`, `B`. |' in second
    assert "For example `{team: x}`." in second


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("key: 1", "key has no description"),
        ("group:\n  # Described.\n  a: 1\n  b: 2", r"group\.b has no description"),
        ("# Described.\n# @schema [1]\nkey: 1", "key: @schema is followed by a mapping"),
        ("# Described.\n# @schema {$ref: nothing}\nkey: 1", "unknown shapes: nothing"),
        ("# Described.\nkey:", "key has a default of no type"),
    ],
)
def test_what_cannot_be_documented_is_said_by_name(text: str, message: str) -> None:
    with pytest.raises(ValuesError, match=message):
        values_schema(documented_values(text), {})


def test_the_spec_of_a_kind_refuses_unknown_keys_at_every_level() -> None:
    """But where its definition takes any."""
    (spec,) = objects_by_name(definition("BillingBackend"))["patternProperties"].values()
    assert spec["additionalProperties"] is False
    assert spec["properties"]["stripe"]["properties"]["apiKeySecretRef"]["additionalProperties"] is False
    labels = spec["properties"]["trustedNamespaces"]["properties"]["selector"]["properties"]["matchLabels"]
    assert labels["additionalProperties"]["type"] == "string"


def test_raw_manifests_have_nothing_that_only_helm_understands() -> None:
    documents = [
        f"# Source: tenant-billing/templates/{template}.yaml\n# A reason.\nkind: Thing\nmetadata:\n"
        "  labels:\n    app.kubernetes.io/managed-by: Helm\n    helm.sh/chart: x\n    a: b\n"
        "  annotations:\n    helm.sh/hook: post-delete\nspec: {}\n"
        for templates in FILES.values()
        for template in templates
    ]
    made = raw_manifests("---\n" + "---\n".join(documents))
    assert set(made) == set(FILES)
    for text in made.values():
        assert "helm.sh" not in text
        assert "Helm\n" not in text
        assert "annotations" not in text
        assert "# A reason.\nkind: Thing\nmetadata:\n  labels:\n    a: b\nspec: {}\n" in text

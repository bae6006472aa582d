import pytest

from tenant_billing.api.namespaces import (
    EVERY_NAMESPACE,
    NO_NAMESPACE,
    LabelSelector,
    LabelSelectorOperator,
    LabelSelectorRequirement,
    NamespaceRule,
    NamespacesFrom,
    admits,
)


def selecting(*expressions: LabelSelectorRequirement, **labels: str) -> NamespaceRule:
    return NamespaceRule(
        source=NamespacesFrom.SELECTOR,
        selector=LabelSelector(match_labels=labels, match_expressions=expressions),
    )


def where(key: str, operator: LabelSelectorOperator, *values: str) -> LabelSelectorRequirement:
    return LabelSelectorRequirement(key=key, operator=operator, values=values)


IN, NOT_IN = LabelSelectorOperator.IN, LabelSelectorOperator.NOT_IN
EXISTS, ABSENT = LabelSelectorOperator.EXISTS, LabelSelectorOperator.DOES_NOT_EXIST
BY_NAME = "kubernetes.io/metadata.name"


@pytest.mark.parametrize(
    ("rule", "labels", "admitted"),
    [
        pytest.param(EVERY_NAMESPACE, {}, True, id="All admits everyone"),
        pytest.param(NO_NAMESPACE, {"billing": "trusted"}, False, id="None admits no one"),
        pytest.param(selecting(), {}, True, id="an empty selector admits everyone, as in Kubernetes"),
        pytest.param(selecting(billing="trusted"), {"billing": "trusted"}, True, id="the label matches"),
        pytest.param(selecting(billing="trusted"), {"billing": "no"}, False, id="the label differs"),
        pytest.param(selecting(billing="trusted"), {}, False, id="the label is absent"),
        pytest.param(selecting(a="1", b="2"), {"a": "1"}, False, id="every label must match"),
        pytest.param(selecting(where("tier", IN, "a", "b")), {"tier": "b"}, True, id="In: one of"),
        pytest.param(selecting(where("tier", IN, "a")), {}, False, id="In: absent is not one of"),
        pytest.param(selecting(where("tier", NOT_IN, "a")), {"tier": "a"}, False, id="NotIn: it is"),
        pytest.param(selecting(where("tier", NOT_IN, "a")), {}, True, id="NotIn: absent is not in"),
        pytest.param(selecting(where("tier", EXISTS)), {"tier": ""}, True, id="Exists: even when empty"),
        pytest.param(selecting(where("tier", EXISTS)), {}, False, id="Exists: absent"),
        pytest.param(selecting(where("tier", ABSENT)), {}, True, id="DoesNotExist: absent"),
        pytest.param(selecting(where("tier", ABSENT)), {"tier": "a"}, False, id="DoesNotExist: there"),
        pytest.param(
            selecting(where("tier", EXISTS), billing="trusted"),
            {"billing": "trusted"},
            False,
            id="labels and expressions must both hold",
        ),
        pytest.param(selecting(where(BY_NAME, IN, "tenants")), {}, True, id="selected by name"),
        pytest.param(
            selecting(where(BY_NAME, IN, "billing")),
            {BY_NAME: "billing"},
            False,
            id="a forged name label does not count",
        ),
    ],
)
def test_a_rule_admits_the_namespaces_it_describes(
    rule: NamespaceRule, labels: dict[str, str], *, admitted: bool
) -> None:
    assert admits(rule, "tenants", labels) is admitted


@pytest.mark.parametrize("source", [NamespacesFrom.ALL, NamespacesFrom.NONE])
def test_a_selector_beside_another_source_is_refused(source: NamespacesFrom) -> None:
    with pytest.raises(ValueError, match="selector is required with from: Selector"):
        NamespaceRule(source=source, selector=LabelSelector())


def test_from_selector_without_a_selector_is_refused_instead_of_admitting_anybody() -> None:
    with pytest.raises(ValueError, match="selector is required with from: Selector"):
        NamespaceRule(source=NamespacesFrom.SELECTOR)

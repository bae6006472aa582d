"""Which namespaces a rule admits, in the shape of Gateway API's ``allowedRoutes.namespaces``."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from pydantic import Field, model_validator

from tenant_billing.api.fields import ApiModel

NAME_LABEL: Final = "kubernetes.io/metadata.name"
"""Set by the API server on every namespace; a selector may name namespaces by it."""


class NamespacesFrom(StrEnum):
    """Where the admitted namespaces come from."""

    NONE = "None"
    ALL = "All"
    SELECTOR = "Selector"


class LabelSelectorOperator(StrEnum):
    """How an expression compares a label with its values."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


class LabelSelectorRequirement(ApiModel):
    """One expression of a label selector."""

    key: str
    operator: LabelSelectorOperator
    values: tuple[str, ...] = ()


class LabelSelector(ApiModel):
    """A ``metav1.LabelSelector``: everything in it must hold; an empty one admits every namespace."""

    match_labels: Mapping[str, str] = {}
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class NamespaceRule(ApiModel):
    """``allowedNamespaces`` and ``trustedNamespaces`` of the cluster-scoped kinds."""

    source: NamespacesFrom = Field(alias="from")
    selector: LabelSelector | None = None
    """Present exactly when ``from`` is ``Selector``."""

    @model_validator(mode="after")
    def _selector_belongs_to_from(self) -> "NamespaceRule":
        if (self.source is NamespacesFrom.SELECTOR) is not (self.selector is not None):
            raise ValueError("selector is required with from: Selector, and refused otherwise")
        return self


NO_NAMESPACE: Final = NamespaceRule(source=NamespacesFrom.NONE)
EVERY_NAMESPACE: Final = NamespaceRule(source=NamespacesFrom.ALL)


def admits(rule: NamespaceRule, namespace_name: str, namespace_labels: Mapping[str, str]) -> bool:
    """Tell whether the rule admits a namespace.

    Args:
        rule: The rule of the plan, backend or cluster.
        namespace_name: Stands in for the label ``kubernetes.io/metadata.name``, whatever the labels say.
        namespace_labels: Labels of the Namespace object.
    """
    if rule.selector is None:
        return rule.source is NamespacesFrom.ALL
    labels = {**namespace_labels, NAME_LABEL: namespace_name}
    selector = rule.selector
    return all(labels.get(key) == value for key, value in selector.match_labels.items()) and all(
        _holds(requirement, labels) for requirement in selector.match_expressions
    )


def _holds(requirement: LabelSelectorRequirement, labels: Mapping[str, str]) -> bool:
    """Judge one expression; as in Kubernetes, ``NotIn`` also holds where the label is absent."""
    value = labels.get(requirement.key)
    match requirement.operator:
        case LabelSelectorOperator.IN:
            return value is not None and value in requirement.values
        case LabelSelectorOperator.NOT_IN:
            return value not in requirement.values
        case LabelSelectorOperator.EXISTS:
            return value is not None
        case LabelSelectorOperator.DOES_NOT_EXIST:
            return value is None

"""What stands in the result of an import."""

from typing import Any

from tenant_billing.domain.importing.remarks import Severity
from tenant_billing.domain.importing.result import Import
from tenant_billing.runtime.observed import MODELS


def of_kind(result: Import, kind: str) -> list[dict[str, Any]]:
    """The objects of a kind, each of which the operator would read without a remark."""
    found = [each for each in result.resources if each["kind"] == kind]
    for each in found:
        MODELS[kind].from_kubernetes(each, unknown_fields="forbid")
    return found


def specs(result: Import, kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each["spec"] for each in of_kind(result, kind)}


def problems(result: Import, severity: Severity = Severity.NOT_MAPPED) -> list[tuple[str, str]]:
    return [(each.subject, each.problem) for each in result.remarks if each.severity is severity]

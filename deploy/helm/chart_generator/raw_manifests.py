"""deploy/kustomize: what ``helm template`` makes of the chart's defaults, without what only Helm understands."""

import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

NAMESPACE: Final = "tenant-billing-system"
RELEASE: Final = "tenant-billing"

FILES: Final[Mapping[str, Sequence[str]]] = {
    "rights.yaml": ("serviceaccount", "clusterrole", "role", "initial-passwords", "annotation-policy"),
    "operator.yaml": (
        "deployment",
        "poddisruptionbudget",
        "webhook-service",
        "metrics-service",
        "networkpolicy",
    ),
    "uninstall/release.yaml": ("release-rights", "release-network", "release-job"),
}
"""Which templates go into which file of deploy/kustomize. The definitions are taken from deploy/crds as they are."""

NOTE: Final = "# Made from the chart deploy/helm/tenant-billing by `make chart`; edit that.\n"
HELMS_OWN: Final = re.compile(
    r"^ +(helm\.sh/[a-z-]+|app\.kubernetes\.io/managed-by): .*\n", flags=re.MULTILINE
)
EMPTY_ANNOTATIONS: Final = re.compile(r"^ +annotations:\n(?=\S)", flags=re.MULTILINE)
SOURCE: Final = re.compile(r"^# Source: tenant-billing/templates/(.+)\.yaml\n", flags=re.MULTILINE)


def rendered(helm: Path, chart: Path) -> str:
    """Render the chart with its defaults, by the real Helm.

    Raises:
        subprocess.CalledProcessError: Helm refuses the chart.
    """
    command = [str(helm), "template", RELEASE, str(chart), "--namespace", NAMESPACE]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - our own Helm


def raw_manifests(text: str) -> Mapping[str, str]:
    """The files of deploy/kustomize that are made, by path, from what Helm rendered."""
    documents = [document.strip() for document in re.split(r"^---$", text, flags=re.MULTILINE)]
    by_template: dict[str, list[str]] = {}
    for document in filter(None, documents):
        source = SOURCE.search(document)
        if source:
            by_template.setdefault(source[1], []).append(_without_helm(document))
    return {path: NOTE + "---\n".join(_of(by_template, templates)) for path, templates in FILES.items()}


def _of(by_template: Mapping[str, Sequence[str]], templates: Iterable[str]) -> Sequence[str]:
    return [document for template in templates for document in by_template[template]]


def _without_helm(document: str) -> str:
    plain = HELMS_OWN.sub("", SOURCE.sub("", document) + "\n")
    return re.sub(r"^ +\n", "", EMPTY_ANNOTATIONS.sub("", plain), flags=re.MULTILINE)

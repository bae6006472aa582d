"""Programs beside the control plane, each compiled from a pinned Go module of its own, with its documents."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tenant_billing_sandbox.control_plane.pins import PROGRAM_MODULES, Program


@dataclass(frozen=True)
class Document:
    """A file that is kept beside a program: files of a Go module, put together.

    Attributes:
        name: Its file name.
        pinned_by: Our Go module, which pins theirs.
        module: Path of their Go module.
        files: What it is put together from, in this order; patterns are allowed.
    """

    name: str
    pinned_by: Path
    module: str
    files: tuple[str, ...]

    def beside(self, program: Path) -> Path:
        """Return where it lies, given the path of the program that it comes with."""
        return program.parent / self.name


@dataclass(frozen=True)
class Tool:
    """How a program is compiled that no archive of Kubernetes holds.

    Attributes:
        package: The Go package, named as in our module.
        documents: What is kept beside the program.
        tags: Build tags, separated by commas.
    """

    package: str
    documents: tuple[Document, ...] = ()
    tags: str = ""


STRIPE_DOCUMENT = Document(
    "stripe-openapi.json",
    PROGRAM_MODULES / "stripe-mock",
    "github.com/stripe/stripe-mock",
    ("embedded/openapi/spec3.json",),
)
"""Stripe's published OpenAPI document, which stripe-mock serves."""

GATEWAY_DEFINITIONS = Document(
    "gateway-api-definitions.yaml",
    PROGRAM_MODULES / "definitions",
    "sigs.k8s.io/gateway-api",
    ("config/crd/standard/gateway.networking.k8s.io_[!v]*.yaml",),  # the one with "v" is an admission policy
)
"""The custom resource definitions of the Gateway API, standard channel."""

MONITORING_DEFINITIONS = Document(
    "monitoring-definitions.yaml",
    PROGRAM_MODULES / "definitions",
    "github.com/prometheus-operator/prometheus-operator",
    (
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml",
    ),
)
"""The custom resource definitions of the Prometheus Operator that the chart has objects of."""

KWOK_STAGES = Document(
    "kwok-stages.yaml",
    PROGRAM_MODULES / "kwok",
    "sigs.k8s.io/kwok",
    (
        "kustomize/stage/node/fast/node-initialize.yaml",
        "kustomize/stage/node/heartbeat/node-heartbeat.yaml",
        "kustomize/stage/pod/fast/pod-*.yaml",
    ),
)
"""How kwok's nodes and pods live, without which it does not start: what its kustomizations of these folders list."""

TOOLS: Mapping[Program, Tool] = MappingProxyType(
    {
        Program.STRIPE_MOCK: Tool("github.com/stripe/stripe-mock", (STRIPE_DOCUMENT,)),
        Program.HELM: Tool("helm.sh/helm/v4/cmd/helm", (GATEWAY_DEFINITIONS, MONITORING_DEFINITIONS)),
        Program.KWOK: Tool("sigs.k8s.io/kwok/cmd/kwok", (KWOK_STAGES,)),
        # Without the tag it is linked with the client of every cloud that Prometheus finds its targets in.
        Program.PROMTOOL: Tool("github.com/prometheus/prometheus/cmd/promtool", tags="remove_all_sd"),
    }
)
"""All of them."""


def module_of(program: Program) -> Path:
    """Return our Go module that pins a tool: the folder of its name."""
    return PROGRAM_MODULES / program

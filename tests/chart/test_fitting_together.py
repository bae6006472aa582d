"""Whatever is set: selectors select, ports meet, names fit, and the operator understands its environment."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from chart_rendering import CHART, NAMESPACE, Check, Findings, Object, Rendered, found_in
from chart_values import MATRIX
from manifests import DEFINITIONS
from tenant_billing.settings import PREFIX, Settings

FIXED_BY_THE_CHART: Final = {
    "namespace",  # the pod's
    "kubeconfig",  # the pod's ServiceAccount
    "host",
    "port",
    "probe_port",
    "identity",  # the pod's name
    "lease_name",
}


def operator_pod(rendered: Rendered) -> Object:
    template: Object = rendered.one("Deployment")["spec"]["template"]
    return template


def operator_container(rendered: Rendered) -> Object:
    (container,) = operator_pod(rendered)["spec"]["containers"]
    found: Object = container
    return found


def environment(rendered: Rendered) -> Mapping[str, str]:
    """What the operator's process finds in its environment, as far as the chart says it."""
    said = {each["name"]: each.get("value", "") for each in operator_container(rendered)["env"]}
    return said | {"POD_NAME": "pod-1", "POD_NAMESPACE": NAMESPACE, f"{PREFIX}IDENTITY": "pod-1"}


def matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    return selector.items() <= labels.items()


def selectors_that_miss_the_operator(rendered: Rendered) -> Findings:
    labels = operator_pod(rendered)["metadata"]["labels"]
    selectors = {
        "Deployment": rendered.one("Deployment")["spec"]["selector"]["matchLabels"],
        **{
            f"Service {each['metadata']['name']}": each["spec"]["selector"]
            for each in rendered.all("Service")
        },
        **{
            each["kind"]: each["spec"]["selector"]["matchLabels"]
            for each in rendered.all("PodDisruptionBudget")
        },
        **{
            each["metadata"]["name"]: each["spec"]["podSelector"]["matchLabels"]
            for each in rendered.all("NetworkPolicy")
            if "release" not in each["metadata"]["name"]
        },
    }
    for name, selector in selectors.items():
        if not matches(selector, labels):
            yield f"{name}: {selector}"
    for job in rendered.all("Job"):
        if matches(selectors["Deployment"], job["spec"]["template"]["metadata"]["labels"]):
            yield "the Job's pod counts as one of the operator's"


def monitors_that_scrape_nothing(rendered: Rendered) -> Findings:
    for monitor in rendered.all("ServiceMonitor"):
        selected = [
            each
            for each in rendered.all("Service")
            if matches(monitor["spec"]["selector"]["matchLabels"], each["metadata"]["labels"])
        ]
        ports = {port["name"]: port["targetPort"] for each in selected for port in each["spec"]["ports"]}
        for endpoint in monitor["spec"]["endpoints"]:
            if ports.get(endpoint["port"]) != "probes" or len(selected) != 1:
                yield f"{endpoint} meets {ports}"
        if monitor["spec"]["namespaceSelector"]["matchNames"] != [NAMESPACE]:
            yield "looks in another namespace"


def ports_that_no_container_has(rendered: Rendered) -> Findings:
    container = operator_container(rendered)
    named = {port["name"] for port in container["ports"]}
    asked = {
        container[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    asked |= {port["targetPort"] for each in rendered.all("Service") for port in each["spec"]["ports"]}
    yield from asked - named


def pods_that_are_killed_before_their_work_ends(rendered: Rendered) -> Findings:
    spec = operator_pod(rendered)["spec"]
    delay = (
        operator_container(rendered)
        .get("lifecycle", {})
        .get("preStop", {})
        .get("sleep", {})
        .get("seconds", 0)
    )
    needed = delay + Settings.from_environment(environment(rendered)).stop_timeout
    if spec["terminationGracePeriodSeconds"] <= needed:
        yield f"{spec['terminationGracePeriodSeconds']} s for {needed} s"


def names_and_places_that_do_not_fit(rendered: Rendered) -> Findings:
    seen = set()
    for each in rendered.objects:
        metadata = each["metadata"]
        identity = (each["kind"], metadata.get("namespace"), metadata["name"])
        if identity in seen:
            yield f"twice: {identity}"
        seen.add(identity)
        if each["kind"] != "CustomResourceDefinition" and len(metadata["name"]) > 63:  # of a label's value
            yield f"too long: {identity}"
        if metadata["labels"]["app.kubernetes.io/part-of"] != "tenant-billing":
            yield f"whose is it: {identity}"


def values_that_are_not_on_every_object(rendered: Rendered) -> Findings:
    for each in rendered.objects:
        metadata = each["metadata"]
        for kind, common in (("labels", "commonLabels"), ("annotations", "commonAnnotations")):
            wanted = set(rendered.values.get(common, {}))
            if not wanted <= set(metadata.get(kind, {})):
                yield f"{each['kind']} {metadata['name']} lacks {wanted}"


CHECKS: Final[Mapping[str, Check]] = {
    check.__name__: check
    for check in (
        selectors_that_miss_the_operator,
        monitors_that_scrape_nothing,
        ports_that_no_container_has,
        pods_that_are_killed_before_their_work_ends,
        names_and_places_that_do_not_fit,
        values_that_are_not_on_every_object,
    )
}


@pytest.mark.parametrize("check", CHECKS)
def test_no_set_of_values_makes(check: str, renders: Mapping[str, Rendered]) -> None:
    assert found_in(renders, CHECKS[check]) == {}


def test_operator_takes_every_setting_as_it_was_set(renders: Mapping[str, Rendered]) -> None:
    for name, rendered in renders.items():
        settings = Settings.from_environment(environment(rendered))
        wanted = chart_defaults()["settings"] | MATRIX[name].get("settings", {})
        assert {snake(key): getattr(settings, snake(key)) for key in wanted} == {
            snake(key): value for key, value in wanted.items()
        }, name
        ports = {port["name"]: port["containerPort"] for port in operator_container(rendered)["ports"]}
        assert ports == {"webhook": settings.port, "probes": settings.probe_port}, name


def test_every_setting_can_be_set() -> None:
    offered = {snake(key) for key in chart_defaults()["settings"]}
    assert {each.name for each in fields(Settings)} == offered | FIXED_BY_THE_CHART


def test_two_pods_have_two_identities_and_one_lease(renders: Mapping[str, Rendered]) -> None:
    """The identity is the pod's name, which stays when its container restarts."""
    rendered = renders["nothing set"]
    said = {each["name"]: each for each in operator_container(rendered)["env"]}
    assert said["TENANT_BILLING_IDENTITY"]["value"] == "$(POD_NAME)"
    assert said["POD_NAME"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    lease = said["TENANT_BILLING_LEASE_NAME"]["value"]
    for role in ("tenant-billing-operator", "tenant-billing-release"):
        names = [rule.get("resourceNames") for rule in rendered.one("Role", role)["rules"]]
        assert [lease] in names


@pytest.mark.parametrize("path", sorted(DEFINITIONS.glob("*.yaml")), ids=lambda path: path.stem)
def test_definition_is_that_of_deploy_crds(path: Path, renders: Mapping[str, Rendered]) -> None:
    wanted = yaml.safe_load(path.read_text(encoding="utf-8"))
    for name, rendered in renders.items():
        if not MATRIX[name].get("crds", {}).get("enabled", True):
            assert rendered.all("CustomResourceDefinition") == [], name
            continue
        found = rendered.one("CustomResourceDefinition", wanted["metadata"]["name"])
        assert found["spec"] == wanted["spec"], name
        policy = found["metadata"].get("annotations", {}).get("helm.sh/resource-policy")
        if MATRIX[name].get("crds", {}).get("keep", True):
            assert policy == "keep", name
        else:
            assert policy is None, name


def chart_defaults() -> Mapping[str, Any]:
    defaults: Mapping[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    return defaults


def snake(key: str) -> str:
    """A value's key as the setting that it sets."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in key)

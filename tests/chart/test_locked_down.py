"""Whatever is set: pods are restricted, rights are bounded, and probes and metrics are not reachable from outside."""

from collections.abc import Iterator, Mapping
from typing import Final

import pytest

from chart_rendering import CHART, NAMESPACE, Check, Findings, Object, Rendered, found_in

FORWARDED: Final = {"/webhooks/stripe", "/api/v3/tbs/stripe", "/api/v3/tbs/report"}
"""What the webhook's port serves (operator/tenant_billing/webhooks)."""


def pods_that_are_not_restricted(rendered: Rendered) -> Findings:
    """Stricter than the standard of that name: the root is read-only, and no image is pulled unsaid."""
    for pod in rendered.pods():
        spec = pod["spec"]
        if not spec["securityContext"]["runAsNonRoot"] or spec["securityContext"].get("runAsUser") == 0:
            yield "may run as root"
        if spec["securityContext"]["seccompProfile"] != {"type": "RuntimeDefault"}:
            yield "another seccomp profile"
        if {"hostNetwork", "hostPID", "hostIPC", "volumes"} & set(spec):
            yield "takes something of its node, or a volume"
        for container in spec["containers"]:
            if container["securityContext"] != {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }:
                yield f"{container['name']}: {container['securityContext']}"


def tokens_that_are_mounted_unasked(rendered: Rendered) -> Findings:
    for account in rendered.all("ServiceAccount"):
        if account["automountServiceAccountToken"]:
            yield f"any pod of {account['metadata']['name']} gets its token"
    for pod in rendered.pods():
        if not pod["spec"]["automountServiceAccountToken"]:
            yield "the pod lacks its token"


def rules_that_say_more_than_they_need(rendered: Rendered) -> Findings:
    for role in (*rendered.all("Role"), *rendered.all("ClusterRole")):
        for rule in role["rules"]:
            if "*" in (*rule["apiGroups"], *rule["resources"], *rule["verbs"]):
                yield f"{role['metadata']['name']}: wildcard in {rule}"
            if rule.get("resourceNames") == []:
                yield f"{role['metadata']['name']}: no name means every name in {rule}"
            if "secrets" in rule["resources"] and {"list", "watch", "delete", "update"} & set(rule["verbs"]):
                yield f"{role['metadata']['name']}: Secrets are listed or removed by {rule}"
            if {"delete", "deletecollection", "bind", "escalate", "impersonate"} & set(rule["verbs"]):
                yield f"{role['metadata']['name']}: {rule}"


def bindings_that_lead_elsewhere(rendered: Rendered) -> Findings:
    accounts = {pod["spec"]["serviceAccountName"] for pod in rendered.pods()}
    roles = {(each["kind"], each["metadata"]["name"]) for each in rendered.objects}
    for binding in (*rendered.all("RoleBinding"), *rendered.all("ClusterRoleBinding")):
        if (binding["roleRef"]["kind"], binding["roleRef"]["name"]) not in roles:
            yield f"{binding['metadata']['name']} names a role that is not there"
        for subject in binding["subjects"]:
            if subject["name"] not in accounts or subject["namespace"] != NAMESPACE:
                yield f"{binding['metadata']['name']} gives rights to {subject}"


def cluster_wide_rights_on_secrets(rendered: Rendered) -> Findings:
    bound = {each["roleRef"]["name"] for each in rendered.all("ClusterRoleBinding")}
    for role in rendered.all("ClusterRole"):
        if role["metadata"]["name"] in bound and any(
            "secrets" in rule["resources"] for rule in role["rules"]
        ):
            yield role["metadata"]["name"]


def ways_to_probes_and_metrics(rendered: Rendered) -> Findings:
    services = {each["metadata"]["name"]: each["spec"] for each in rendered.all("Service")}
    for name, spec in services.items():
        if spec["type"] != "ClusterIP" and [port["targetPort"] for port in spec["ports"]] != ["webhook"]:
            yield f"Service {name} is reachable from outside"
    for path, backend in forwarded(rendered):
        if path not in FORWARDED:
            yield f"{path} is forwarded"
        ports = services[backend["name"]]["ports"]
        if [port["targetPort"] for port in ports] != ["webhook"]:
            yield f"{path} leads to {ports}"


def forwarded(rendered: Rendered) -> Iterator[tuple[str, Object]]:
    """Each path that is reachable from outside, and the Service that it leads to."""
    for ingress in rendered.all("Ingress"):
        assert "defaultBackend" not in ingress["spec"]
        for rule in ingress["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                yield path["path"], path["backend"]["service"]
    for route in rendered.all("HTTPRoute"):
        for rule in route["spec"]["rules"]:
            for match in rule["matches"]:
                yield match["path"]["value"], rule["backendRefs"][0]


CHECKS: Final[Mapping[str, Check]] = {
    check.__name__: check
    for check in (
        pods_that_are_not_restricted,
        tokens_that_are_mounted_unasked,
        rules_that_say_more_than_they_need,
        bindings_that_lead_elsewhere,
        cluster_wide_rights_on_secrets,
        ways_to_probes_and_metrics,
    )
}


@pytest.mark.parametrize("check", CHECKS)
def test_no_set_of_values_makes(check: str, renders: Mapping[str, Rendered]) -> None:
    assert found_in(renders, CHECKS[check]) == {}


def test_only_the_webhook_is_reachable_until_somebody_is_named(renders: Mapping[str, Rendered]) -> None:
    """Metrics name tenants and say who has not paid."""
    (policy,) = (
        each
        for each in renders["nothing set"].all("NetworkPolicy")
        if "release" not in each["metadata"]["name"]
    )
    assert [rule["ports"] for rule in policy["spec"]["ingress"]] == [[{"port": "webhook", "protocol": "TCP"}]]


def test_every_path_that_may_be_forwarded_is_in_some_set(renders: Mapping[str, Rendered]) -> None:
    """Otherwise the check above would see too little."""
    paths = {path for rendered in renders.values() for path, _ in forwarded(rendered)}
    assert paths == FORWARDED


@pytest.mark.parametrize(
    "template", ["clusterrole", "role", "initial-passwords", "release-rights", "_rights"]
)
def test_every_rule_stands_below_its_reason(template: str) -> None:
    path = next((CHART / "templates").glob(f"{template}.*"))
    lines = path.read_text(encoding="utf-8").splitlines()
    rules = [number for number, line in enumerate(lines) if line.startswith("- apiGroups:")]
    assert rules
    assert [lines[number] for number in rules if not lines[number - 1].startswith("# ")] == []


def test_uninstall_may_do_no_more_than_let_go(renders: Mapping[str, Rendered]) -> None:
    role = renders["nothing set"].one("ClusterRole", "tenant-billing-release")
    assert [(rule["apiGroups"], rule["verbs"]) for rule in role["rules"]] == [
        (["tenantbilling.dev"], ["list", "patch"])
    ]

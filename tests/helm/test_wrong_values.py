"""Values that cannot be meant are refused before anything is installed, by a message that names the key."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from chart_rendering import Refused, Renderer

_WRONG: Final = """
- [{replicaCount: 3}, replicaCount]
- [{replicas: two}, /replicas, got string, want integer]
- [{replicas: -1}, /replicas, got -1, want 0]
- [{replicas: 1.5}, /replicas, got number, want integer]
- [{replicas: null}, replicas]
- [{image: {tag: latest, repo: somewhere}}, /image, repo]
- [{image: {tag: "a b"}}, /image/tag]
- [{image: {tag: 1.2}}, /image/tag, got number, want string]
- [{image: {digest: "sha256:abc"}}, /image/digest]
- [{image: {repository: ""}}, /image/repository]
- [{image: {pullPolicy: Sometimes}}, /image/pullPolicy, Always, IfNotPresent, Never]
- [{image: ghcr.io/x/y}, /image, got string, want object]
- [{imagePullSecrets: [registry]}, /imagePullSecrets/0, got string, want object]
- [{imagePullSecrets: {name: registry}}, /imagePullSecrets, got object, want array]
- [{nameOverride: Billing}, /nameOverride]
- [{fullnameOverride: -billing}, /fullnameOverride]
- [{commonLabels: {team: 42}}, /commonLabels/team, got number, want string]
- [{commonLabels: {"a b": c}}, /commonLabels, a b]
- [{podLabels: {team: "not a label!"}}, /podLabels/team]
- [{commonAnnotations: {a: true}}, /commonAnnotations/a, got boolean, want string]
- [{crds: {enable: false}}, /crds, enable]
- [{crds: {keep: "yes"}}, /crds/keep, got string, want boolean]
- [{billingBackends: {main: {stripe: {mode: Test}}}}, /billingBackends/main/stripe, apiKeySecretRef]
- [{billingBackends: {main: {stripe: {mode: test, apiKeySecretRef: {name: stripe}}}}}, /billingBackends/main/stripe/mode, Live, Test]
- [{billingBackends: {main: {stripe: {mode: Test, apiKey: sk_test_1, apiKeySecretRef: {name: s}}}}}, /billingBackends/main/stripe, apiKey]
- [{billingBackends: {Main: {stripe: {mode: Test, apiKeySecretRef: {name: stripe}}}}}, /billingBackends, Main]
- [{billingBackends: [{name: main}]}, /billingBackends, got array, want object]
- [{billingBackends: {main: {stripe: {mode: Test, requestsPerSecond: 1000, apiKeySecretRef: {name: s}}}}}, /billingBackends/main/stripe/requestsPerSecond, "100"]
- [{thingsStackClusters: {eu1: {url: "https://x"}}}, /thingsStackClusters/eu1, tenantAdminKeySecretRef]
- [{thingsStackClusters: {eu1: {url: "https://x", tenantAdminKeySecretRef: {name: a}}}}, tenantAdminKeySecretRef, key]
- [{thingsStackClusters: {eu1: {url: "https://x", tenantAdminKeySecretRef: {name: a, key: b}, metering: {source: Poll}}}}, /metering/source, Pull, Push]
- [{thingsStackClusters: {eu1: {url: "https://x", tenantAdminKeySecretRef: {name: a, key: b}, brake: {maxDisruptionsPerHour: 5 %}}}}, maxDisruptionsPerHour]
- [{settings: {workers: 0}}, /settings/workers, got 0, want 1]
- [{settings: {resyncInterval: 30m}}, /settings/resyncInterval, got string, want number]
- [{settings: {eventInterval: 0}}, /settings/eventInterval]
- [{settings: {leaseDuration: 1}}, /settings/leaseDuration, want 3]
- [{settings: {logLevel: debug}}, /settings/logLevel, DEBUG]
- [{settings: {logFormat: text}}, /settings/logFormat, json]
- [{settings: {port: 9000}}, /settings, port]
- [{settings: {stopTimeout: 60}}, terminationGracePeriodSeconds is 45, preStopSeconds, settings.stopTimeout, "65"]
- [{extraEnv: {HTTPS_PROXY: x}}, /extraEnv, got object, want array]
- [{extraEnv: [{name: A, value: 1}]}, /extraEnv/0/value, got number, want string]
- [{extraEnv: [{value: a}]}, /extraEnv/0, name]
- [{extraEnv: [{name: A, valueFrom: {secretRef: {name: a, key: b}}}]}, /extraEnv/0/valueFrom, secretRef]
- [{resources: {requests: {memory: 256 MB}}}, /resources/requests/memory]
- [{resources: {request: {}}}, /resources, request]
- [{securityContext: {runAsUser: 0}}, /securityContext/runAsUser, got 0, want 1]
- [{securityContext: {privileged: true}}, /securityContext, privileged]
- [{terminationGracePeriodSeconds: 10}, terminationGracePeriodSeconds is 10, "25"]
- [{preStopSeconds: -5}, /preStopSeconds]
- [{probes: {liveness: {path: /x}}}, /probes/liveness, path]
- [{probes: {readiness: {periodSeconds: 0}}}, /probes/readiness/periodSeconds]
- [{podDisruptionBudget: {minAvailable: 1}}, /podDisruptionBudget, minAvailable]
- [{podDisruptionBudget: {maxUnavailable: half}}, /podDisruptionBudget/maxUnavailable]
- [{topologySpreadConstraints: [{topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]}, /topologySpreadConstraints/0, maxSkew]
- [{topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: Never}]}, whenUnsatisfiable, DoNotSchedule]
- [{tolerations: [{key: a, efect: NoSchedule}]}, /tolerations/0, efect]
- [{tolerations: [{key: a, effect: No}]}, /tolerations/0/effect, NoSchedule]
- [{nodeSelector: {arch: 64}}, /nodeSelector/arch]
- [{affinity: {podAntiaffinity: {}}}, /affinity, podAntiaffinity]
- [{serviceAccount: {create: false}}, serviceAccount.name, serviceAccount.create]
- [{serviceAccount: {automount: true}}, /serviceAccount, automount]
- [{rbac: {secrets: {scope: All}}}, /rbac/secrets/scope, Namespace, Names]
- [{rbac: {secrets: {scope: Names}}}, rbac.secrets.scope, rbac.secrets.readable, billingBackends]
- [{rbac: {secrets: {readable: stripe}}}, /rbac/secrets/readable, got string, want array]
- [{rbac: {initialPasswordNamespaces: ["*"]}}, /rbac/initialPasswordNamespaces/0]
- [{webhook: {ingress: {enabled: true}}}, /webhook/ingress/hosts, got 0, want 1]
- [{webhook: {ingress: {enabled: true, hosts: ["https://hooks.example.com"]}}}, /webhook/ingress/hosts/0]
- [{webhook: {ingress: {host: hooks.example.com}}}, /webhook/ingress, host]
- [{webhook: {ingress: {enabled: true, hosts: [a.b], tls: [{hosts: [a.b]}]}}}, /webhook/ingress/tls/0, secretName]
- [{webhook: {httpRoute: {enabled: true}}}, /webhook/httpRoute/parentRefs, got 0, want 1]
- [{webhook: {httpRoute: {enabled: true, parentRefs: [{gateway: public}]}}}, /webhook/httpRoute/parentRefs/0, name]
- [{webhook: {service: {type: ExternalName}}}, /webhook/service/type, ClusterIP]
- [{webhook: {service: {port: 70000}}}, /webhook/service/port, "70,000|70000", "65,535|65535"]
- [{webhook: {paths: {metrics: true}}}, /webhook/paths, metrics]
- [{webhook: {paths: {stripe: false, billingServer: false}, ingress: {enabled: true, hosts: [a.b]}}}, webhook.paths]
- [{networkPolicy: {ingress: {webhook: [{cidr: 10.0.0.0/8}]}}}, /networkPolicy/ingress/webhook/0, cidr]
- [{networkPolicy: {ingress: {metrics: [{ipBlock: {cidr: 10.0.0.1}}]}}}, /networkPolicy/ingress/metrics/0/ipBlock/cidr]
- [{networkPolicy: {egress: {ports: ["443"]}}}, /networkPolicy/egress/ports/0, got string, want integer]
- [{networkPolicy: {egress: {extra: [{port: 443}]}}}, /networkPolicy/egress/extra/0, port]
- [{metrics: {enabled: false, serviceMonitor: {enabled: true}}}, metrics.serviceMonitor.enabled, metrics.enabled]
- [{metrics: {serviceMonitor: {interval: 30}}}, /metrics/serviceMonitor/interval, got number, want string]
- [{metrics: {serviceMonitor: {interval: 30 seconds}}}, /metrics/serviceMonitor/interval]
- [{metrics: {serviceMonitor: {relabelings: [{action: rename}]}}}, /metrics/serviceMonitor/relabelings/0/action, replace]
- [{metrics: {prometheusRule: {rules: []}}}, /metrics/prometheusRule, rules]
- [{metrics: {dashboards: {labels: {grafana_dashboard: 1}}}}, /metrics/dashboards/labels/grafana_dashboard]
- [{uninstall: {deadlineSeconds: 5}}, /uninstall/deadlineSeconds, got 5, want 30]
- [{uninstall: null}, uninstall]
- [{uninstal: {}}, uninstal]
"""

WRONG: Final[list[list[Any]]] = yaml.safe_load(_WRONG)
"""A set of values, and what the message has to say; a vertical line separates spellings."""


@pytest.fixture(scope="module")
def messages(helm: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, str]:
    """What Helm says to each, empty where it takes one."""

    async def all_of_them() -> Mapping[int, str]:
        renderer = Renderer(helm, tmp_path_factory.mktemp("wrong"))

        async def message(values: Mapping[str, Any]) -> str:
            try:
                await renderer.render(values)
            except Refused as refused:
                return str(refused)
            return ""

        return dict(enumerate(await asyncio.gather(*(message(values) for values, *_ in WRONG))))

    return asyncio.run(all_of_them())


def test_there_are_enough_wrong_values() -> None:
    assert len(WRONG) >= 50


@pytest.mark.parametrize("position", range(len(WRONG)), ids=lambda position: str(WRONG[position][0])[:70])
def test_refused_by_a_message_that_names_the_key(position: int, messages: Mapping[int, str]) -> None:
    _, *words = WRONG[position]
    missing = [word for word in words if not any(one in messages[position] for one in word.split("|"))]
    assert missing == [], messages[position] or "taken"


def test_only_the_wrong_key_is_complained_of(messages: Mapping[int, str]) -> None:
    """Each message is about one thing; a schema that says five things for one mistake helps nobody."""
    long = {position: text for position, text in messages.items() if text.count("\n- ") > 1}
    assert {str(WRONG[position][0]): text for position, text in long.items()} == {}

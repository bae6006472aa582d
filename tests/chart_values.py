"""Sets of values that people install with, each named by what it is for."""

from collections.abc import Mapping
from typing import Any, Final

import yaml

_MATRIX: Final = """
nothing set: {}
one pod: {replicas: 1}
scaled to nothing before maintenance: {replicas: 0}
five pods, two of which may be away: {replicas: 5, podDisruptionBudget: {maxUnavailable: 2}}
a share of the pods may be away: {replicas: 4, podDisruptionBudget: {maxUnavailable: "50%"}}
no disruption budget: {podDisruptionBudget: {enabled: false}}
other names: {fullnameOverride: billing}
another name of the chart: {nameOverride: tb}
names as long as they may be: {fullnameOverride: a-name-that-is-much-longer-than-anybody-would-ever-want-it-to-be}
labels and annotations everywhere:
  commonLabels: {team: billing, cost-center: "42", app.kubernetes.io/name: not-the-charts}
  commonAnnotations: {example.com/owner: billing, helm.sh/resource-policy: not-the-charts}
labels of pods that would break the selector:
  podLabels: {app.kubernetes.io/component: not-the-operator, sidecar.istio.io/inject: "false"}
annotations of pods and Deployment:
  podAnnotations: {prometheus.io/scrape: "false"}
  deploymentAnnotations: {reloader.stakater.com/auto: "true"}
definitions by other means: {crds: {enabled: false}}
definitions that go with the release: {crds: {keep: false}}
an image by tag: {image: {tag: v1.2.3, pullPolicy: Always}}
an image by digest:
  image: {digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
an image by tag and digest:
  image: {tag: v1.2.3, digest: "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}
an image of a private registry:
  image: {repository: "registry.example.com:5000/billing/tenant_billing-operator"}
  imagePullSecrets: [{name: registry}]
an account and a cluster:
  billingBackends: {main: {stripe: {mode: Test, apiKeySecretRef: {name: stripe}}}}
  thingsStackClusters:
    eu1: {url: "https://lns.example.com", tenantAdminKeySecretRef: {name: things-stack, key: tenant-admin-key}}
accounts with every field:
  billingBackends:
    main:
      owner: europe
      trustedNamespaces: {from: Selector, selector: {matchLabels: {billing: trusted}}}
      stripe:
        mode: Live
        accountID: acct_1
        requestsPerSecond: 40
        apiKeySecretRef: {name: stripe, key: api-key}
        webhookSecretRefs: [{name: stripe-webhook, key: secret}, {name: stripe-webhook, key: old}]
        webhook: {url: "https://hooks.example.com/webhooks/stripe/main", secretName: main-webhook}
    test: {stripe: {mode: Test, apiKeySecretRef: {name: stripe-test}, apiURL: "http://127.0.0.1:12111"}}
  thingsStackClusters:
    eu1:
      url: https://lns.example.com
      tenantAdminKeySecretRef: {name: things-stack, key: tenant-admin-key}
      caBundleSecretRef: {name: things-stack-ca, key: ca.crt}
      requestsPerSecond: 5
      brake: {maxDisruptionsPerHour: 20}
      billingFieldPolicy: Ignore
      metering:
        source: Push
        interval: 30m
        push: {bearerTokenSecretRef: {name: tbs-push, key: token}, addressExpressions: ['^10\\.0\\.']}
      allowedNamespaces: {from: Selector, selector: {matchExpressions: [{key: tier, operator: In, values: [a, b]}]}}
      trustedNamespaces: {from: None}
    us1:
      url: https://us.example.com
      tenantAdminKeySecretRef: {name: us, key: key}
      brake: {maxDisruptionsPerHour: "10%"}
Secrets by name, of the accounts:
  rbac: {secrets: {scope: Names}}
  billingBackends:
    main:
      stripe:
        mode: Test
        apiKeySecretRef: {name: stripe}
        webhook: {url: "https://hooks.example.com/webhooks/stripe/main", secretName: main-webhook}
Secrets by name, of objects applied later:
  rbac: {secrets: {scope: Names, readable: [stripe, things-stack], writable: [main-webhook]}}
Secrets by name, and no endpoint to register: {rbac: {secrets: {scope: Names, readable: [stripe]}}}
passwords of first administrators: {rbac: {initialPasswordNamespaces: [tenants, more-tenants]}}
rights made by somebody else: {rbac: {create: false}}
a ServiceAccount made by somebody else: {serviceAccount: {create: false, name: somebodys}}
a ServiceAccount of another name:
  serviceAccount: {name: billing, annotations: {eks.amazonaws.com/role-arn: "arn:aws:iam::1:role/x"}}
every setting:
  settings:
    workers: 64
    resyncInterval: 7200
    eventInterval: 60.5
    secretInterval: 10
    rollCallInterval: 30
    leaseDuration: 30
    stopTimeout: 60
    logFormat: console
    logLevel: DEBUG
  terminationGracePeriodSeconds: 90
further environment:
  extraEnv:
  - {name: HTTPS_PROXY, value: "http://proxy:3128"}
  - {name: TOKEN, valueFrom: {secretKeyRef: {name: proxy, key: token, optional: true}}}
  - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
little and much memory:
  resources: {requests: {cpu: 0.5, memory: 512Mi}, limits: {cpu: "2", memory: 2Gi}}
no limits at all: {resources: {limits: null, requests: null}}
a user that the platform chooses: {securityContext: {runAsUser: null, runAsGroup: null}}
a user of OpenShift's range: {securityContext: {runAsUser: 1000650000, runAsGroup: 1000650000}}
probes with more patience:
  probes:
    liveness: {initialDelaySeconds: 10, periodSeconds: 30}
    readiness: {timeoutSeconds: 10}
    startup: {failureThreshold: 300}
an end without delay: {preStopSeconds: 0, terminationGracePeriodSeconds: 21}
nodes of their own:
  nodeSelector: {pool: system}
  tolerations:
  - {key: dedicated, operator: Equal, value: system, effect: NoSchedule}
  - {operator: Exists, effect: NoExecute, tolerationSeconds: 60}
  priorityClassName: system-cluster-critical
never two on a node:
  affinity:
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector: {matchLabels: {app.kubernetes.io/name: tenant-billing}}
    nodeAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
        nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [amd64]}]}]
spread over zones without exception:
  topologySpreadConstraints:
  - {maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, minDomains: 2,
     matchLabelKeys: [pod-template-hash]}
  - {maxSkew: 2, topologyKey: rack, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {a: b}}}
no spread, no selector of nodes: {topologySpreadConstraints: [], nodeSelector: {kubernetes.io/os: null}}
an Ingress:
  webhook: {ingress: {enabled: true, className: nginx, hosts: [hooks.example.com],
    annotations: {cert-manager.io/cluster-issuer: letsencrypt},
    tls: [{secretName: hooks-tls, hosts: [hooks.example.com]}]}}
an Ingress for two names and pushed usage:
  webhook: {ingress: {enabled: true, hosts: [hooks.example.com, "*.example.org"]}, paths: {usageReports: true}}
an HTTPRoute:
  webhook: {httpRoute: {enabled: true, parentRefs: [{name: public, namespace: gateways, sectionName: https}],
    hostnames: [hooks.example.com], annotations: {a.example.com/b: c}}}
an HTTPRoute of any host, for Stripe alone:
  webhook: {httpRoute: {enabled: true, parentRefs: [{name: public}]}, paths: {billingServer: false}}
a load balancer:
  webhook: {service: {type: LoadBalancer, port: 443, annotations: {cloud.example.com/internal: "true"},
    labels: {lb: "yes"}}}
a port on every node: {webhook: {service: {type: NodePort}}}
no network policy: {networkPolicy: {enabled: false}}
a network policy that names everybody:
  networkPolicy:
    ingress:
      webhook: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}}, {ipBlock: {cidr: 10.0.0.0/8}}]
      metrics: [{namespaceSelector: {}, podSelector: {matchLabels: {app.kubernetes.io/name: prometheus}}}]
    egress:
      ports: [6443]
      dns: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}}]
      extra: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}], ports: [{port: 443, protocol: TCP}]}]
a network policy that admits nobody to metrics: {networkPolicy: {ingress: {metrics: []}, egress: {ports: []}}}
no metrics: {metrics: {enabled: false}}
everything that Prometheus and Grafana take:
  metrics:
    service: {port: 9090, labels: {scrape: "yes"}, annotations: {a.example.com/b: c}}
    serviceMonitor: {enabled: true, labels: {release: prometheus}, interval: 1m, scrapeTimeout: 30s,
      relabelings: [{action: replace, sourceLabels: [__meta_kubernetes_pod_node_name], targetLabel: node}],
      metricRelabelings: [{action: drop, sourceLabels: [__name__], regex: "python_.*"}]}
    prometheusRule: {enabled: true, labels: {release: prometheus}}
    dashboards: {enabled: true, annotations: {grafana_folder: Billing}}
monitoring in a namespace of its own:
  metrics:
    serviceMonitor: {enabled: true, namespace: monitoring}
    prometheusRule: {enabled: true, namespace: monitoring}
    dashboards: {enabled: true, namespace: monitoring, labels: {grafana_dashboard: null, dashboards: "1"}}
alerts without a scrape of ours: {metrics: {enabled: false, prometheusRule: {enabled: true}}}
an uninstall that lets go of nothing: {uninstall: {releaseObjects: false}}
an uninstall with more time: {uninstall: {deadlineSeconds: 900}}
everything at once:
  replicas: 3
  commonLabels: {team: billing}
  billingBackends: {main: {stripe: {mode: Test, apiKeySecretRef: {name: stripe}}}}
  thingsStackClusters: {eu1: {url: "https://lns.example.com", tenantAdminKeySecretRef: {name: tts, key: key}}}
  rbac: {secrets: {scope: Names}, initialPasswordNamespaces: [tenants]}
  webhook:
    ingress: {enabled: true, hosts: [hooks.example.com]}
    httpRoute: {enabled: true, parentRefs: [{name: public}], hostnames: [hooks.example.com]}
    paths: {usageReports: true}
  metrics: {serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}, dashboards: {enabled: true}}
a part of a bigger chart: {global: {imageRegistry: registry.example.com}}
"""

MATRIX: Final[Mapping[str, Mapping[str, Any]]] = yaml.safe_load(_MATRIX)
"""Values by what they are for."""

NAMESPACES: Final = ("tenants", "more-tenants", "monitoring")
"""Namespaces that some of them name, which have to exist."""

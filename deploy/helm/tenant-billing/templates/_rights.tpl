{{/* Who the operator is, as the subject of a binding. */}}
{{- define "tenant-billing.subject" -}}
- kind: ServiceAccount
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
{{- end -}}

{{/* Names of the Secrets that the accounts in the values have the operator write, as a JSON list. */}}
{{- define "tenant-billing.writableSecrets" -}}
{{- $names := .Values.rbac.secrets.writable -}}
{{- range .Values.billingBackends -}}
{{- with dig "stripe" "webhook" "secretName" "" . -}}{{- $names = append $names . -}}{{- end -}}
{{- end -}}
{{- $names | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* Names of the Secrets that the accounts in the values have the operator read, as a JSON list. */}}
{{- define "tenant-billing.readableSecrets" -}}
{{- $names := concat .Values.rbac.secrets.readable (include "tenant-billing.writableSecrets" . | fromJsonArray) -}}
{{- range .Values.billingBackends -}}
{{- with dig "stripe" "apiKeySecretRef" "name" "" . -}}{{- $names = append $names . -}}{{- end -}}
{{- range dig "stripe" "webhookSecretRefs" list . -}}{{- $names = append $names .name -}}{{- end -}}
{{- end -}}
{{- range .Values.thingsStackClusters -}}
{{- with dig "tenantAdminKeySecretRef" "name" "" . -}}{{- $names = append $names . -}}{{- end -}}
{{- with dig "caBundleSecretRef" "name" "" . -}}{{- $names = append $names . -}}{{- end -}}
{{- with dig "metering" "push" "bearerTokenSecretRef" "name" "" . -}}{{- $names = append $names . -}}{{- end -}}
{{- end -}}
{{- if not $names -}}
{{- fail "rbac.secrets.scope is Names, but none is named: neither rbac.secrets.readable nor billingBackends or thingsStackClusters name a Secret" -}}
{{- end -}}
{{- $names | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* What a pod needs to hold the Lease. */}}
{{- define "tenant-billing.leaseRules" -}}
# One process works at a time: it holds the Lease. A name cannot bind "create": the object doesn't exist yet.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
# The holder renews the Lease; the others look whether it still does.
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "tenant-billing.operatorName" . }}]
  verbs: [get, update]
{{- end -}}

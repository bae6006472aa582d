{{/*
An object of a kind that this very release may define. Before anything is made, Helm asks the API server about each kind in
the release, so objects beside a definition that is not there yet are refused. Hooks are asked about later: at the first
installation the object is one, and bears the marks by which the next upgrade takes it into the release.

It is never deleted by Helm: the operator would take that for the account's end and remove its webhook endpoint in Stripe.
*/}}
{{- define "tenant-billing.account" -}}
{{- $annotations := dict "helm.sh/resource-policy" "keep" -}}
{{- if not (.root.Capabilities.APIVersions.Has (printf "tenantbilling.dev/v1alpha1/%s" .kind)) -}}
{{- $_ := set $annotations "helm.sh/hook" "post-install,post-upgrade" -}}
{{- $_ := set $annotations "helm.sh/hook-delete-policy" "hook-failed" -}}
{{- $_ := set $annotations "meta.helm.sh/release-name" .root.Release.Name -}}
{{- $_ := set $annotations "meta.helm.sh/release-namespace" .root.Release.Namespace -}}
{{- end -}}
apiVersion: tenantbilling.dev/v1alpha1
kind: {{ .kind }}
metadata:
  {{- include "tenant-billing.metadata" (dict "root" .root "component" "account" "name" .name "annotations" $annotations "clusterScoped" true) | nindent 2 }}
spec:
  {{- toYaml .spec | nindent 2 }}
{{- end -}}

{{/* Whether there is an account, in the values or in the cluster; empty where there is none. */}}
{{- define "tenant-billing.hasAccounts" -}}
{{- $kind := "BillingBackend" -}}
{{- if or .Values.billingBackends .Values.thingsStackClusters -}}
true
{{- else if .Capabilities.APIVersions.Has (printf "tenantbilling.dev/v1alpha1/%s" $kind) -}}
{{- with (lookup "tenantbilling.dev/v1alpha1" $kind "" "").items -}}
true
{{- end -}}
{{- end -}}
{{- end -}}

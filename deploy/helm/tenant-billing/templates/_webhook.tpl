{{- define "tenant-billing.webhookName" -}}
{{- include "tenant-billing.fullname" . }}-webhook
{{- end -}}

{{/*
The paths that are forwarded from outside, as a JSON list of {path, prefix}. Nothing else ever is: probes and metrics have a
port of their own, which neither Ingress nor HTTPRoute names.
*/}}
{{- define "tenant-billing.webhookPaths" -}}
{{- $paths := list -}}
{{- if .Values.webhook.paths.stripe -}}
{{- $paths = append $paths (dict "path" "/webhooks/stripe" "prefix" true) -}}
{{- end -}}
{{- if .Values.webhook.paths.billingServer -}}
{{- $paths = append $paths (dict "path" "/api/v3/tbs/stripe" "prefix" false) -}}
{{- end -}}
{{- if .Values.webhook.paths.usageReports -}}
{{- $paths = append $paths (dict "path" "/api/v3/tbs/report" "prefix" false) -}}
{{- end -}}
{{- if not $paths -}}
{{- fail "webhook.paths are all false; webhook.ingress and webhook.httpRoute need one to lead to" -}}
{{- end -}}
{{- toJson $paths -}}
{{- end -}}

{{/* Address of the webhook from outside, as far as the values tell; empty otherwise. */}}
{{- define "tenant-billing.webhookURL" -}}
{{- if and .Values.webhook.ingress.enabled .Values.webhook.ingress.hosts -}}
https://{{ first .Values.webhook.ingress.hosts }}
{{- else if and .Values.webhook.httpRoute.enabled .Values.webhook.httpRoute.hostnames -}}
https://{{ first .Values.webhook.httpRoute.hostnames }}
{{- end -}}
{{- end -}}

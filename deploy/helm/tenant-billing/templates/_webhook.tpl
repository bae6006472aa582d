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

{{/*
Where Stripe delivers to from outside, as far as the values tell; HOST where the Gateway chooses it, empty where no way leads in
for Stripe.
*/}}
{{- define "tenant-billing.webhookURL" -}}
{{- $ingress := .Values.webhook.ingress -}}
{{- $route := .Values.webhook.httpRoute -}}
{{- $paths := .Values.webhook.paths -}}
{{- if and (or $ingress.enabled $route.enabled) (or $paths.stripe $paths.billingServer) -}}
{{- $hosts := ternary $ingress.hosts $route.hostnames $ingress.enabled -}}
https://{{ first $hosts | default "HOST" }}{{ ternary "/webhooks/stripe/BACKEND" "/api/v3/tbs/stripe" $paths.stripe }}
{{- end -}}
{{- end -}}

{{/* What each Secret that the accounts in the values name has to hold, as arguments of kubectl: a JSON list of {name, holds}. */}}
{{- define "tenant-billing.neededSecrets" -}}
{{- $needed := list -}}
{{- range .Values.billingBackends -}}
{{- $key := ternary "sk_live_..." "sk_test_..." (eq "Live" (dig "stripe" "mode" "" .)) -}}
{{- with dig "stripe" "apiKeySecretRef" dict . -}}
{{- $needed = append $needed (dict "name" .name "holds" (printf "--from-literal=%s=%s" (default "api-key" .key) $key)) -}}
{{- end -}}
{{- range dig "stripe" "webhookSecretRefs" list . -}}
{{- $needed = append $needed (dict "name" .name "holds" (printf "--from-literal=%s=whsec_..." (default "secret" .key))) -}}
{{- end -}}
{{- end -}}
{{- range .Values.thingsStackClusters -}}
{{- with .tenantAdminKeySecretRef -}}
{{- $needed = append $needed (dict "name" .name "holds" (printf "--from-literal=%s=..." .key)) -}}
{{- end -}}
{{- with .caBundleSecretRef -}}
{{- $needed = append $needed (dict "name" .name "holds" (printf "--from-file=%s=ca.crt" .key)) -}}
{{- end -}}
{{- with dig "metering" "push" "bearerTokenSecretRef" dict . -}}
{{- $needed = append $needed (dict "name" .name "holds" (printf "--from-literal=%s=..." .key)) -}}
{{- end -}}
{{- end -}}
{{- toJson $needed -}}
{{- end -}}

{{/*
Those that are not there, each once. Without a cluster (`helm template`) none is. Nothing but their names is looked at.
*/}}
{{- define "tenant-billing.missingSecrets" -}}
{{- $missing := dict -}}
{{- range include "tenant-billing.neededSecrets" . | fromJsonArray -}}
{{- if not (lookup "v1" "Secret" $.Release.Namespace .name) -}}
{{- $_ := set $missing .name (append (default list (get $missing .name)) .holds | uniq) -}}
{{- end -}}
{{- end -}}
{{- toJson $missing -}}
{{- end -}}

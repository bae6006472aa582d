{{/* What the operator's pods and the Job's have in common. */}}

{{/* Pod Security Standards: restricted. */}}
{{- define "tenant-billing.podSecurityContext" -}}
runAsNonRoot: true
{{- with .Values.securityContext.runAsUser }}
runAsUser: {{ int64 . }}
{{- end }}
{{- with .Values.securityContext.runAsGroup }}
runAsGroup: {{ int64 . }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "tenant-billing.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Where pods may run, and with what they are pulled. */}}
{{- define "tenant-billing.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The environment of `tenant-billing`: who it is, and its settings. */}}
{{- define "tenant-billing.environment" -}}
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
- name: TENANT_BILLING_IDENTITY
  value: $(POD_NAME)
- name: TENANT_BILLING_LEASE_NAME
  value: {{ include "tenant-billing.operatorName" . }}
{{- range $setting, $value := .Values.settings }}
- name: TENANT_BILLING_{{ snakecase $setting | upper }}
  value: {{ $value | quote }}
{{- end }}
{{- range .Values.extraEnv }}
{{- if or (hasPrefix "TENANT_BILLING_" .name) (has .name (list "POD_NAME" "POD_NAMESPACE")) }}
{{- fail (printf "extraEnv names %s, which the chart sets itself; what may be chosen stands under settings" .name) }}
{{- end }}
{{ toYaml (list .) }}
{{- end }}
{{- end -}}

{{/* Constraints of spread; where one has no labelSelector, it gets the operator's. */}}
{{- define "tenant-billing.topologySpreadConstraints" -}}
{{- $selector := dict "matchLabels" (include "tenant-billing.selectorLabels" (dict "root" . "component" "operator") | fromYaml) -}}
{{- range .Values.topologySpreadConstraints }}
- {{ toYaml (merge (deepCopy .) (dict "labelSelector" $selector)) | nindent 2 | trim }}
{{- end }}
{{- end -}}

{{/*
Seconds that `tenant-billing release` may take: those of the Job without the start of its pod. Fails where it would give up
before the operator has ended.
*/}}
{{- define "tenant-billing.releaseTimeout" -}}
{{- $timeout := sub .Values.uninstall.deadlineSeconds 15 -}}
{{- $needed := addf .Values.preStopSeconds .Values.settings.stopTimeout .Values.settings.leaseDuration -}}
{{- if le (float64 $timeout) $needed -}}
{{- fail (printf "uninstall.deadlineSeconds is %v; it has to be above preStopSeconds, settings.stopTimeout, settings.leaseDuration and 15 for the start of the Job together, which are %v" .Values.uninstall.deadlineSeconds (addf $needed 15)) -}}
{{- end -}}
{{- $timeout -}}
{{- end -}}

{{/* Fails where the kubelet would kill a pod before its work has ended. */}}
{{- define "tenant-billing.terminationGracePeriodSeconds" -}}
{{- $needed := addf .Values.preStopSeconds .Values.settings.stopTimeout -}}
{{- if le (float64 .Values.terminationGracePeriodSeconds) $needed -}}
{{- fail (printf "terminationGracePeriodSeconds is %v; it has to be above preStopSeconds and settings.stopTimeout together, which are %v" .Values.terminationGracePeriodSeconds $needed) -}}
{{- end -}}
{{- int64 .Values.terminationGracePeriodSeconds -}}
{{- end -}}

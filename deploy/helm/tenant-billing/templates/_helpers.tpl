{{/* Names, labels, and what more than one object says. */}}

{{- define "tenant-billing.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 45 | trimSuffix "-" -}}
{{- end -}}

{{/* What the names of all objects begin with; short enough for the longest ending in a label's 63 characters. */}}
{{- define "tenant-billing.fullname" -}}
{{- $name := include "tenant-billing.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The Deployment, its ServiceAccount, their roles, and the Lease. */}}
{{- define "tenant-billing.operatorName" -}}
{{- include "tenant-billing.fullname" . }}-operator
{{- end -}}

{{/* The Job that lets go of all objects, its ServiceAccount and roles. */}}
{{- define "tenant-billing.releaseName" -}}
{{- include "tenant-billing.fullname" . }}-release
{{- end -}}

{{- define "tenant-billing.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "tenant-billing.operatorName" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "tenant-billing.image" -}}
{{- $image := .Values.image -}}
{{- if $image.digest -}}
{{- $image.repository }}{{ with $image.tag }}:{{ . }}{{ end }}@{{ $image.digest }}
{{- else -}}
{{- $image.repository }}:{{ default .Chart.AppVersion $image.tag }}
{{- end -}}
{{- end -}}

{{/* What selects the pods of a component; never changes, because a Deployment's selector cannot. */}}
{{- define "tenant-billing.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tenant-billing.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/*
Labels of an object; `labels` are further ones, which never outrank the chart's own. Those of a pod do not name the chart, so
that a new chart with the same operator restarts nothing.
*/}}
{{- define "tenant-billing.labels" -}}
{{- $own := include "tenant-billing.selectorLabels" . | fromYaml -}}
{{- $_ := set $own "app.kubernetes.io/version" .root.Chart.AppVersion -}}
{{- $_ := set $own "app.kubernetes.io/part-of" "tenant-billing" -}}
{{- if not .ofPod -}}
{{- $_ := set $own "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- $_ := set $own "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_") -}}
{{- end -}}
{{- toYaml (merge $own (deepCopy (default dict .labels)) .root.Values.commonLabels) -}}
{{- end -}}

{{/*
Metadata of an object. Arguments: root, name, component; where they are needed, labels and annotations, and a namespace, or
`clusterScoped`.
*/}}
{{- define "tenant-billing.metadata" -}}
name: {{ .name }}
{{- if not .clusterScoped }}
namespace: {{ default .root.Release.Namespace .namespace }}
{{- end }}
labels:
  {{- include "tenant-billing.labels" . | nindent 2 }}
{{- with merge (deepCopy (default dict .annotations)) .root.Values.commonAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Where pods may go: names, and the ports of the API server, of Stripe and of The Things Stack. */}}
{{- define "tenant-billing.egress" -}}
{{- with .Values.networkPolicy.egress -}}
- ports:
  - port: 53
    protocol: UDP
  - port: 53
    protocol: TCP
  {{- with .dns }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- with .ports }}
- ports:
  {{- range . }}
  - port: {{ int64 . }}
    protocol: TCP
  {{- end }}
{{- end }}
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end -}}
{{- end -}}

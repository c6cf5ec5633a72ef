{{/* Names are cut at 26 characters, as in the official chart: with longer ones the names of Pods would exceed 63 characters. */}}
{{- define "standin.fullname" -}}
{{- $release := contains "kube-prometheus-stack" .Release.Name | ternary .Release.Name (printf "%s-kube-prometheus-stack" .Release.Name) -}}
{{- .Values.fullnameOverride | default $release | trunc 26 | trimSuffix "-" -}}
{{- end -}}

{{- define "standin.prometheus" -}}{{ include "standin.fullname" . }}-prometheus{{- end -}}
{{- define "standin.alertmanager" -}}{{ include "standin.fullname" . }}-alertmanager{{- end -}}
{{- define "standin.operator" -}}{{ include "standin.fullname" . }}-operator{{- end -}}
{{- define "standin.nodeExporter" -}}{{ .Release.Name }}-prometheus-node-exporter{{- end -}}

{{- define "standin.prometheusAccount" -}}
{{- $account := .Values.prometheus.serviceAccount -}}
{{- $account.name | default ($account.create | ternary (include "standin.prometheus" .) "default") -}}
{{- end -}}

{{/* The labels of every object. ServiceMonitors and Prometheus select by `app` and `release`. Takes (list $ app). */}}
{{- define "standin.labels" -}}
{{- $top := index . 0 -}}
app: {{ index . 1 }}
release: {{ $top.Release.Name | quote }}
heritage: {{ $top.Release.Service | quote }}
app.kubernetes.io/managed-by: {{ $top.Release.Service }}
app.kubernetes.io/instance: {{ $top.Release.Name }}
app.kubernetes.io/version: {{ $top.Chart.Version | quote }}
app.kubernetes.io/part-of: kube-prometheus-stack
{{- end -}}

{{/* registry/repository:tag. Takes (list $ image fallbackTag). */}}
{{- define "standin.image" -}}
{{- $top := index . 0 -}}
{{- $image := index . 1 -}}
{{ $top.Values.global.imageRegistry | default $image.registry }}/{{ $image.repository }}:{{ $image.tag | default (index . 2) }}
{{- end -}}

{{- /* Where pods run, from the values of their part. */}}
{{- define "standin.placement" }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /* Names. `mars-http` and `mars-grpc` as services would set variables that are settings of Mars: links are off in the pod. */ -}}
{{- define "mars.name" -}}
{{- if contains "mars" .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-mars" .Release.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "mars.selector" -}}
app.kubernetes.io/name: mars
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "mars.labels" -}}
{{ include "mars.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "mars.secret" -}}
{{- if .Values.existingSecret }}{{ .Values.existingSecret }}
{{- else if .Values.adminKey }}{{ include "mars.name" . }}
{{- else }}{{ fail "adminKey or existingSecret is needed: a text of 32 characters or more, by which the first keys are made" }}
{{- end }}
{{- end }}

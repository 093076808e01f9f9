{{/*
The worker's health check.
*/}}

{{/* Whether the worker's probes run the chart's own check, and their command: the application's check knows no TLS. Input: root. */}}
{{- define "api-forge.worker.health" -}}
{{- $temporal := .Values.temporal -}}
{{- $worker := (include "api-forge.temporal" . | fromYaml).worker -}}
{{- $own := and $worker (not .Values.worker.healthCommand) (not $temporal.enabled) $temporal.external.tls -}}
{{- $command := $own | ternary (list "python" "/opt/worker-health/temporal-health.py") (list "python" "/app/src/worker/health_check.py") -}}
own: {{ $own | ternary true false }}
command: {{ .Values.worker.healthCommand | default $command | toJson }}
{{- end }}

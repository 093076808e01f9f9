{{/*
What Prometheus reads.
*/}}

{{/* The components whose metrics are read, from their names to their `metrics`, as YAML to be read with `fromYaml`. Input: root. */}}
{{- define "api-forge.monitored" -}}
{{- $v := .Values -}}
{{- $present := dict "app" $v.app "postgres" (ternary $v.postgresql dict $v.postgresql.enabled) "redis" (ternary $v.redis dict $v.redis.enabled)
  "temporal" (ternary $v.temporal dict $v.temporal.enabled) "worker" (ternary $v.worker dict (include "api-forge.temporal" . | fromYaml).worker) -}}
{{- range $name, $values := $present }}
{{- with $values.metrics }}
{{- if .enabled }}
{{ $name }}: {{ toJson . }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

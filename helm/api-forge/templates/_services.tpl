{{/*
Where PostgreSQL, Redis and Temporal are, in the cluster or outside: facts, as YAML to be read with `fromYaml`.
`egress` is the rule that lets a pod reach the service.
*/}}

{{/* Output: host, port, sslMode, verified (whether clients verify the server with a CA), egress. */}}
{{- define "api-forge.postgres" -}}
{{- with .Values.postgresql -}}
{{- if .enabled -}}
{host: postgres, port: "5432", sslMode: verify-full, verified: true, egress: {to: postgres, ports: [5432]}}
{{- else -}}
host: {{ .external.host | toJson }}
port: {{ int .external.port | quote }}
sslMode: {{ .external.sslMode }}
verified: {{ hasPrefix "verify-" .external.sslMode }}
egress: {ports: [{{ int .external.port }}]}
{{- end -}}
{{- end -}}
{{- end }}

{{/* Output: present, url, egress. */}}
{{- define "api-forge.redis" -}}
{{- with .Values.redis -}}
{{- if .enabled -}}
{present: true, url: "redis://redis:6379/0", egress: {to: redis, ports: [6379]}}
{{- else if .external.host -}}
present: true
url: {{ printf "redis%s://%s:%d/0" (.external.tls | ternary "s" "") .external.host (int .external.port) | quote }}
egress: {ports: [{{ int .external.port }}]}
{{- else -}}
present: false
{{- end -}}
{{- end -}}
{{- end }}

{{/* Output: present, address, egress, worker (whether the worker runs: without a Temporal it has nothing to poll). */}}
{{- define "api-forge.temporal" -}}
{{- $worker := .Values.worker.enabled -}}
{{- with .Values.temporal -}}
{{- if .enabled -}}
{present: true, worker: {{ $worker }}, address: "temporal:7233", egress: {to: temporal, ports: [7233]}}
{{- else if .external.host -}}
present: true
worker: {{ $worker }}
address: {{ printf "%s:%d" .external.host (int .external.port) | quote }}
egress: {ports: [{{ int .external.port }}]}
{{- else -}}
{present: false, worker: false}
{{- end -}}
{{- end -}}
{{- end }}

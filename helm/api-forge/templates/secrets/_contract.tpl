{{/*
The Secrets that the release reads and their keys: what External Secrets must fetch, and what must exist otherwise. Input: root.
Output: a map of the Secret's role in the chart (which is its default name) to its actual name and keys.
*/}}
{{- define "api-forge.secretContract" -}}
{{- $postgresql := .Values.postgresql -}}
postgres-secrets:
  name: {{ $postgresql.secrets.existingSecret }}
  keys: {{ include "api-forge.once" (dict "root" . "template" "api-forge.postgres.passwordKeys") | splitList "," | toJson }}
{{- if $postgresql.enabled }}
postgres-tls:
  name: {{ $postgresql.tls.existingSecret }}
  keys: [server.crt, server.key]
{{- end }}
{{- if include "api-forge.postgres.verifies" . }}
postgres-ca:
  name: {{ $postgresql.ca.existingSecret }}
  keys: {{ $postgresql.enabled | ternary (list "ca-bundle.crt" "root-ca.crt" "intermediate-ca.crt") (list "ca-bundle.crt") | toJson }}
{{- end }}
{{- if include "api-forge.redis.present" . }}
redis-secrets:
  name: {{ .Values.redis.secrets.existingSecret }}
  keys: [redis_password]
{{- end }}
app-secrets:
  name: {{ .Values.app.secrets.existingSecret }}
  keys: {{ .Values.app.secrets.keys | toJson }}
{{- end }}

{{/*
The Secrets that the release reads and their keys: External Secrets fetches them; without it they must exist. Input: root.
Output: a map, as YAML to be read with `fromYaml`, of the Secret's role in the chart (which is its default name) to its actual name and keys.
*/}}
{{- define "api-forge.secretContract" -}}
{{- $postgresql := .Values.postgresql -}}
{{- $app := .Values.app.secrets -}}
{{- $passwords := include "api-forge.postgres.passwordKeys" . | splitList "," -}}
{{- $contract := dict
  "postgres-secrets" (dict "name" $postgresql.secrets.existingSecret "keys" $passwords)
  "app-secrets" (dict "name" $app.existingSecret "keys" $app.keys) -}}
{{- if $postgresql.enabled -}}
{{- $_ := set $contract "postgres-tls" (dict "name" $postgresql.tls.existingSecret "keys" (list $postgresql.tls.certificate $postgresql.tls.privateKey)) -}}
{{- end -}}
{{- if (include "api-forge.postgres" . | fromYaml).verified -}}
{{- $keys := list $postgresql.ca.bundle -}}
{{- if and $postgresql.enabled (eq $postgresql.ca.bundle "ca-bundle.crt") }}{{ $keys = concat $keys (list "root-ca.crt" "intermediate-ca.crt") }}{{ end -}}
{{- $_ := set $contract "postgres-ca" (dict "name" $postgresql.ca.existingSecret "keys" $keys) -}}
{{- end -}}
{{- if (include "api-forge.redis" . | fromYaml).present -}}
{{- $_ := set $contract "redis-secrets" (dict "name" .Values.redis.secrets.existingSecret "keys" (list "redis_password")) -}}
{{- end -}}
{{- toYaml $contract -}}
{{- end }}

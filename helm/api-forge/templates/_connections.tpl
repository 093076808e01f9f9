{{/*
Where PostgreSQL, Redis and Temporal are, in the cluster or outside, and the init containers that wait for them.
*/}}

{{- define "api-forge.postgres.host" -}}
{{- if .Values.postgresql.enabled }}postgres{{ else }}{{ .Values.postgresql.external.host }}{{ end -}}
{{- end }}

{{- define "api-forge.postgres.port" -}}
{{- if .Values.postgresql.enabled }}5432{{ else }}{{ int .Values.postgresql.external.port }}{{ end -}}
{{- end }}

{{- define "api-forge.postgres.sslMode" -}}
{{- if .Values.postgresql.enabled }}verify-full{{ else }}{{ .Values.postgresql.external.sslMode }}{{ end -}}
{{- end }}

{{/* "true" when clients verify the server with a CA. */}}
{{- define "api-forge.postgres.verifies" -}}
{{- if or .Values.postgresql.enabled (hasPrefix "verify-" .Values.postgresql.external.sslMode) -}}true{{- end -}}
{{- end }}

{{/* "true" when there is a Redis. */}}
{{- define "api-forge.redis.present" -}}
{{- if or .Values.redis.enabled .Values.redis.external.host -}}true{{- end -}}
{{- end }}

{{- define "api-forge.redis.url" -}}
{{- if .Values.redis.enabled -}}
redis://redis:6379/0
{{- else -}}
{{- $redis := .Values.redis.external -}}
redis{{ if $redis.tls }}s{{ end }}://{{ $redis.host }}:{{ int $redis.port }}/0
{{- end -}}
{{- end }}

{{/* "true" when there is a Temporal. */}}
{{- define "api-forge.temporal.present" -}}
{{- if or .Values.temporal.enabled .Values.temporal.external.host -}}true{{- end -}}
{{- end }}

{{- define "api-forge.temporal.address" -}}
{{- if .Values.temporal.enabled -}}
temporal:7233
{{- else -}}
{{ .Values.temporal.external.host }}:{{ int .Values.temporal.external.port }}
{{- end -}}
{{- end }}

{{/* "true" when the worker runs: it has nothing to poll without a Temporal. */}}
{{- define "api-forge.worker.present" -}}
{{- if and .Values.worker.enabled (or .Values.temporal.enabled .Values.temporal.external.host) -}}true{{- end -}}
{{- end }}

{{/* libpq's variables of a client. Input: root, user (optional: without it the client only asks whether the server is there), database. */}}
{{- define "api-forge.postgres.clientEnv" -}}
- {name: PGHOST, value: {{ include "api-forge.postgres.host" .root | quote }}}
- {name: PGPORT, value: {{ include "api-forge.postgres.port" .root | quote }}}
- {name: PGSSLMODE, value: {{ template "api-forge.postgres.sslMode" .root }}}
{{- if include "api-forge.postgres.verifies" .root }}
- {name: PGSSLROOTCERT, value: /run/secrets/ca-bundle.crt}
{{- end }}
{{- with .database }}
- {name: PGDATABASE, value: {{ . | quote }}}
{{- end }}
{{- with .user }}
- {name: PGUSER, value: {{ . | quote }}}
{{- end }}
{{- end }}

{{/* The Secret keys that a client of PostgreSQL reads. Input: root, key (of the password). Output: sources of a projected volume. */}}
{{- define "api-forge.postgres.clientSecrets" -}}
{{ template "api-forge.secretSource" (dict "name" .root.Values.postgresql.secrets.existingSecret "keys" (list .key)) }}
{{- if include "api-forge.postgres.verifies" .root }}
{{ template "api-forge.secretSource" (dict "name" .root.Values.postgresql.ca.existingSecret "keys" (list "ca-bundle.crt")) }}
{{- end }}
{{- end }}

{{/* An init container that waits, but for what it asks: further variables follow. Input: root, for (what it waits for), image. */}}
{{- define "api-forge.gate" -}}
{{- $gates := .root.Values.waitGates -}}
- name: wait-for-{{ .for }}
  command: [sh, /opt/wait/wait-for-{{ .for }}.sh]
  {{- include "api-forge.container" (dict "root" .root "image" .image "resources" $gates.resources) | nindent 2 }}
  volumeMounts:
    - {name: wait-gates, mountPath: /opt/wait, readOnly: true}
    - {name: secrets, mountPath: /run/secrets, readOnly: true}
  env:
    - {name: WAIT_TIMEOUT_SECONDS, value: {{ $gates.timeoutSeconds | quote }}}
{{- end }}

{{/* Waits until PostgreSQL lets this role in. Input: root, user, database, passwordKey. */}}
{{- define "api-forge.gate.postgres" -}}
{{ template "api-forge.gate" (dict "root" .root "for" "postgres" "image" .root.Values.postgresql.image) }}
    {{- include "api-forge.postgres.clientEnv" . | nindent 4 }}
    {{- with .passwordKey }}
    - {name: PASSWORD_FILE, value: /run/secrets/{{ . }}}
    {{- end }}
{{- end }}

{{/* Waits until both of Temporal's schemas are as new as the server needs. Input: root. */}}
{{- define "api-forge.gate.schema" -}}
{{- $temporal := .Values.temporal -}}
{{ template "api-forge.gate" (dict "root" . "for" "schema" "image" .Values.postgresql.image) }}
    {{- include "api-forge.postgres.clientEnv" (dict "root" . "user" $temporal.auth.user) | nindent 4 }}
    - {name: PASSWORD_FILE, value: /run/secrets/postgres_temporal_pw}
    - {name: TEMPORAL_DB, value: {{ $temporal.auth.database | quote }}}
    - {name: TEMPORAL_VIS_DB, value: {{ $temporal.auth.visibilityDatabase | quote }}}
    - {name: TEMPORAL_SCHEMA, value: {{ $temporal.schema.default | quote }}}
    - {name: TEMPORAL_VIS_SCHEMA, value: {{ $temporal.schema.visibility | quote }}}
{{- end }}

{{/* Waits until the release's own Redis answers. Input: root. */}}
{{- define "api-forge.gate.redis" -}}
{{- if .Values.redis.enabled -}}
{{ template "api-forge.gate" (dict "root" . "for" "redis" "image" .Values.redis.image) }}
    - {name: REDIS_HOST, value: redis}
    - {name: REDIS_PORT, value: "6379"}
    - {name: PASSWORD_FILE, value: /run/secrets/redis_password}
{{- end }}
{{- end }}

{{/* Waits until the Temporal namespace is there; an external Temporal is somebody else's. Input: root. */}}
{{- define "api-forge.gate.temporal" -}}
{{- if .Values.temporal.enabled -}}
{{ template "api-forge.gate" (dict "root" . "for" "temporal" "image" .Values.temporal.adminTools.image) }}
    - {name: TEMPORAL_ADDRESS, value: {{ include "api-forge.temporal.address" . | quote }}}
    - {name: TEMPORAL_NAMESPACE, value: {{ .Values.temporal.namespace | quote }}}
{{- end }}
{{- end }}

{{- define "api-forge.data.wait-gates" -}}
{{- range list "postgres" "redis" "schema" "temporal" }}
{{ template "api-forge.entry" (dict "root" $ "file" (printf "files/wait/wait-for-%s.sh" .)) }}
{{- end }}
{{- end }}

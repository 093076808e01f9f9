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
{{- if hasPrefix "verify-" (include "api-forge.postgres.sslMode" .) -}}true{{- end -}}
{{- end }}

{{/* "true" when there is a Redis. */}}
{{- define "api-forge.redis.present" -}}
{{- if or .Values.redis.enabled .Values.redis.external.host -}}true{{- end -}}
{{- end }}

{{- define "api-forge.redis.host" -}}
{{- if .Values.redis.enabled }}redis{{ else }}{{ .Values.redis.external.host }}{{ end -}}
{{- end }}

{{- define "api-forge.redis.port" -}}
{{- if .Values.redis.enabled }}6379{{ else }}{{ int .Values.redis.external.port }}{{ end -}}
{{- end }}

{{- define "api-forge.redis.url" -}}
{{- $tls := and (not .Values.redis.enabled) .Values.redis.external.tls -}}
{{ $tls | ternary "rediss" "redis" }}://{{ include "api-forge.redis.host" . }}:{{ include "api-forge.redis.port" . }}/0
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
{{- if and .Values.worker.enabled (include "api-forge.temporal.present" .) -}}true{{- end -}}
{{- end }}

{{/* libpq's variables of a client. Input: root, user (optional: without it the client only asks whether the server is there), database. */}}
{{- define "api-forge.postgres.clientEnv" -}}
- {name: PGHOST, value: {{ include "api-forge.postgres.host" .root | quote }}}
- {name: PGPORT, value: {{ include "api-forge.postgres.port" .root | quote }}}
- {name: PGSSLMODE, value: {{ include "api-forge.postgres.sslMode" .root }}}
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
{{ include "api-forge.secretSource" (dict "name" .root.Values.postgresql.secrets.existingSecret "keys" (list .key)) }}
{{- if include "api-forge.postgres.verifies" .root }}
{{ include "api-forge.secretSource" (dict "name" .root.Values.postgresql.ca.existingSecret "keys" (list "ca-bundle.crt")) }}
{{- end }}
{{- end }}

{{/* The fields that the gates share. Input: root, script, image. */}}
{{- define "api-forge.gate" -}}
command: [sh, /opt/wait/{{ .script }}]
{{ include "api-forge.container" (dict "root" .root "image" .image "resources" .root.Values.waitGates.resources) }}
volumeMounts:
  - {name: wait-gates, mountPath: /opt/wait, readOnly: true}
  - {name: secrets, mountPath: /run/secrets, readOnly: true}
{{- end }}

{{/* Waits until PostgreSQL lets this role in. Input: root, user, database, passwordKey. */}}
{{- define "api-forge.gate.postgres" -}}
{{- if .root.Values.waitGates.enabled -}}
- name: wait-for-postgres
  {{- $image := include "api-forge.image" (dict "root" .root "image" .root.Values.postgresql.image) }}
  {{- include "api-forge.gate" (dict "root" .root "script" "wait-for-postgres.sh" "image" $image) | nindent 2 }}
  env:
    - {name: WAIT_TIMEOUT_SECONDS, value: {{ .root.Values.waitGates.timeoutSeconds | quote }}}
    {{- include "api-forge.postgres.clientEnv" . | nindent 4 }}
    {{- with .passwordKey }}
    - {name: PASSWORD_FILE, value: /run/secrets/{{ . }}}
    {{- end }}
{{- end }}
{{- end }}

{{/* Waits until both of Temporal's schemas are as new as the server needs. Input: root. */}}
{{- define "api-forge.gate.schema" -}}
{{- if .Values.waitGates.enabled -}}
- name: wait-for-schema
  {{- $image := include "api-forge.image" (dict "root" . "image" .Values.postgresql.image) }}
  {{- include "api-forge.gate" (dict "root" . "script" "wait-for-schema.sh" "image" $image) | nindent 2 }}
  env:
    - {name: WAIT_TIMEOUT_SECONDS, value: {{ .Values.waitGates.timeoutSeconds | quote }}}
    {{- include "api-forge.postgres.clientEnv" (dict "root" . "user" .Values.temporal.auth.user) | nindent 4 }}
    - {name: PASSWORD_FILE, value: /run/secrets/postgres_temporal_pw}
    - {name: TEMPORAL_DB, value: {{ .Values.temporal.auth.database | quote }}}
    - {name: TEMPORAL_VIS_DB, value: {{ .Values.temporal.auth.visibilityDatabase | quote }}}
    - {name: TEMPORAL_SCHEMA, value: {{ .Values.temporal.schema.default | quote }}}
    - {name: TEMPORAL_VIS_SCHEMA, value: {{ .Values.temporal.schema.visibility | quote }}}
{{- end }}
{{- end }}

{{/* Waits until the release's own Redis answers. Input: root. */}}
{{- define "api-forge.gate.redis" -}}
{{- if and .Values.waitGates.enabled .Values.redis.enabled -}}
- name: wait-for-redis
  {{- $image := include "api-forge.image" (dict "root" . "image" .Values.redis.image) }}
  {{- include "api-forge.gate" (dict "root" . "script" "wait-for-redis.sh" "image" $image) | nindent 2 }}
  env:
    - {name: WAIT_TIMEOUT_SECONDS, value: {{ .Values.waitGates.timeoutSeconds | quote }}}
    - {name: REDIS_HOST, value: redis}
    - {name: REDIS_PORT, value: "6379"}
    - {name: PASSWORD_FILE, value: /run/secrets/redis_password}
{{- end }}
{{- end }}

{{/* Waits until the Temporal namespace is there; an external Temporal is somebody else's. Input: root. */}}
{{- define "api-forge.gate.temporal" -}}
{{- if and .Values.waitGates.enabled .Values.temporal.enabled -}}
- name: wait-for-temporal
  {{- $image := include "api-forge.image" (dict "root" . "image" .Values.temporal.adminTools.image) }}
  {{- include "api-forge.gate" (dict "root" . "script" "wait-for-temporal.sh" "image" $image) | nindent 2 }}
  env:
    - {name: WAIT_TIMEOUT_SECONDS, value: {{ .Values.waitGates.timeoutSeconds | quote }}}
    - {name: TEMPORAL_ADDRESS, value: {{ include "api-forge.temporal.address" . | quote }}}
    - {name: TEMPORAL_NAMESPACE, value: {{ .Values.temporal.namespace | quote }}}
{{- end }}
{{- end }}

{{- define "api-forge.data.wait-gates" -}}
{{- range list "wait-for-postgres.sh" "wait-for-redis.sh" "wait-for-schema.sh" "wait-for-temporal.sh" }}
{{ include "api-forge.entry" (dict "root" $ "key" . "file" (printf "wait/%s" .)) }}
{{- end }}
{{- end }}

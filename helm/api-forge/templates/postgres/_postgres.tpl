{{/*
PostgreSQL's files, and what its server, its clients and its Jobs read.
*/}}

{{- define "api-forge.data.postgres-config" -}}
{{- $files := .Values.configFiles -}}
{{ include "api-forge.file" (dict "root" . "file" "files/postgres/postgresql.conf" "own" $files.postgresqlConf "more" (include "api-forge.postgres.settings" .)) }}
{{ include "api-forge.file" (dict "root" . "file" "files/postgres/pg_hba.conf" "own" $files.pgHba) }}
{{ include "api-forge.file" (dict "root" . "file" "files/postgres/init-database.sh") }}
{{ include "api-forge.file" (dict "root" . "file" "files/postgres/01-init-app.sh" "own" $files.postgresInit) }}
{{ include "api-forge.file" (dict "root" . "file" "files/postgres/restore.sh") }}
{{ include "api-forge.file" (dict "root" . "file" "files/storage/hold-lock.sh") }}
{{- end }}

{{- define "api-forge.data.postgres-verifier-config" -}}
{{ include "api-forge.file" (dict "root" . "file" "files/postgres/verify-init.sh" "own" .Values.configFiles.postgresVerifier) }}
{{- end }}

{{/* The names of roles and databases, for the init script and the verifier. Input: root. */}}
{{- define "api-forge.postgres.names" -}}
{{- with .Values.postgresql.auth }}
- {name: APP_DB, value: {{ .database | quote }}}
- {name: APP_SCHEMA, value: {{ .schema | quote }}}
- {name: APP_DB_OWNER, value: {{ .owner | quote }}}
- {name: APP_DB_USER, value: {{ .user | quote }}}
- {name: APP_DB_RO_USER, value: {{ .readOnlyUser | quote }}}
{{- end }}
{{- if .Values.temporal.enabled }}
{{- with .Values.temporal.auth }}
- {name: TEMPORAL_DB_USER, value: {{ .user | quote }}}
- {name: TEMPORAL_DB_OWNER, value: {{ .owner | quote }}}
- {name: TEMPORAL_DB, value: {{ .database | quote }}}
- {name: TEMPORAL_VIS_DB, value: {{ .visibilityDatabase | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{/* The keys of the passwords. Input: root. Output: separated by commas. */}}
{{- define "api-forge.postgres.passwordKeys" -}}
{{- $keys := list "postgres_password" "postgres_app_owner_pw" "postgres_app_user_pw" "postgres_app_ro_pw" -}}
{{- if not .Values.postgresql.enabled -}}
{{- $keys = list "postgres_app_user_pw" -}}
{{- end -}}
{{- if .Values.temporal.enabled -}}
{{- $keys = append $keys "postgres_temporal_pw" -}}
{{- end -}}
{{ join "," $keys }}
{{- end }}

{{/* The mounts of the server and of the container that prepares its data. Input: root. */}}
{{- define "api-forge.postgres.mounts" -}}
- {name: data, mountPath: /var/lib/postgresql/data}
{{- if .Values.postgresql.persistence.backups.enabled }}
- {name: backups, mountPath: /var/lib/postgresql/backups}
{{- end }}
- {name: postgres-config, mountPath: /etc/postgresql, readOnly: true}
- {name: secrets, mountPath: /run/secrets, readOnly: true}
- {name: run, mountPath: /var/run/postgresql}
- {name: tmp, mountPath: /tmp}
- {name: shm, mountPath: /dev/shm}
{{- with .Values.postgresql.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* libpq's variables of a client. Input: root, user (optional: without it the client only checks that the server answers), database. */}}
{{- define "api-forge.postgres.clientEnv" -}}
{{- $postgres := include "api-forge.postgres" .root | fromYaml -}}
- {name: PGHOST, value: {{ $postgres.host | quote }}}
- {name: PGPORT, value: {{ $postgres.port | quote }}}
- {name: PGSSLMODE, value: {{ $postgres.sslMode }}}
{{- if $postgres.verified }}
- {name: PGSSLROOTCERT, value: /run/secrets/ca-bundle.crt}
{{- end }}
{{- with .database }}
- {name: PGDATABASE, value: {{ . | quote }}}
{{- end }}
{{- with .user }}
- {name: PGUSER, value: {{ . | quote }}}
{{- end }}
{{- end }}

{{/* The Secrets that a client of PostgreSQL reads, as YAML to be read with `fromYamlArray`. Input: root, key (of the password). */}}
{{- define "api-forge.postgres.clientSecrets" -}}
- {name: {{ .root.Values.postgresql.secrets.existingSecret | toJson }}, keys: [{{ .key }}]}
{{- if (include "api-forge.postgres" .root | fromYaml).verified }}
- {name: {{ .root.Values.postgresql.ca.existingSecret | toJson }}, files: {ca-bundle.crt: {{ .root.Values.postgresql.ca.bundle | toJson }}}}
{{- end }}
{{- end }}

{{/* What postgresql.conf gets from the values, where it wins. Input: root. */}}
{{- define "api-forge.postgres.settings" -}}
{{- with .Values.postgresql.config -}}
# From postgresql.config.
max_connections = {{ int .maxConnections }}
shared_buffers = {{ .sharedBuffers }}
effective_cache_size = {{ .effectiveCacheSize }}
work_mem = {{ .workMem }}
log_min_duration_statement = {{ int .logMinDurationMs }}
{{- with .extra }}
{{ . }}
{{- end }}
{{- end }}
{{- end }}

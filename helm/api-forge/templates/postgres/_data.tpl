{{- define "api-forge.data.postgres-config" -}}
{{- $files := .Values.configFiles -}}
{{- $config := .Values.postgresql.config -}}
postgresql.conf: |
  {{- include "api-forge.file" (dict "root" . "own" $files.postgresqlConf "file" "postgres/postgresql.conf") | nindent 2 }}
  # From postgresql.config.
  max_connections = {{ int $config.maxConnections }}
  shared_buffers = {{ $config.sharedBuffers }}
  effective_cache_size = {{ $config.effectiveCacheSize }}
  work_mem = {{ $config.workMem }}
  log_min_duration_statement = {{ int $config.logMinDurationMs }}
  {{- with $config.extra }}
  {{- . | nindent 2 }}
  {{- end }}
pg_hba.conf: |
  {{- include "api-forge.file" (dict "root" . "own" $files.pgHba "file" "postgres/pg_hba.conf") | nindent 2 }}
init-database.sh: |
  {{- .Files.Get "files/postgres/init-database.sh" | nindent 2 }}
01-init-app.sh: |
  {{- include "api-forge.file" (dict "root" . "own" $files.postgresInit "file" "postgres/01-init-app.sh") | nindent 2 }}
{{- end }}

{{- define "api-forge.data.postgres-verifier-config" -}}
verify-init.sh: |
  {{- include "api-forge.file" (dict "root" . "own" .Values.configFiles.postgresVerifier "file" "postgres/verify-init.sh") | nindent 2 }}
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

{{/* The keys of the passwords. Input: root. */}}
{{- define "api-forge.postgres.passwordKeys" -}}
{{- $keys := list "postgres_password" "postgres_app_owner_pw" "postgres_app_user_pw" "postgres_app_ro_pw" -}}
{{- if not .Values.postgresql.enabled -}}
{{- $keys = list "postgres_app_user_pw" -}}
{{- end -}}
{{- if .Values.temporal.enabled -}}
{{- $keys = append $keys "postgres_temporal_pw" -}}
{{- end -}}
{{ toYaml $keys }}
{{- end }}

{{/* The mounts of the server and of the container that prepares its data. Input: root. */}}
{{- define "api-forge.postgres.mounts" -}}
- {name: data, mountPath: /var/lib/postgresql/data}
- {name: backups, mountPath: /var/lib/postgresql/backups}
- {name: postgres-config, mountPath: /etc/postgresql, readOnly: true}
- {name: secrets, mountPath: /run/secrets, readOnly: true}
- {name: run, mountPath: /var/run/postgresql}
- {name: tmp, mountPath: /tmp}
- {name: shm, mountPath: /dev/shm}
{{- with .Values.postgresql.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
Init containers that wait for what a pod needs: they keep the order without Argo CD.
*/}}

{{/* What all gates have in common; further variables of `env` follow. Input: root, for (what it waits for), image. */}}
{{- define "api-forge.gate" -}}
{{- $gates := .root.Values.waitGates -}}
- name: wait-for-{{ .for }}
  command: [sh, /opt/wait/wait-for-{{ .for }}.sh]
  image: {{ include "api-forge.image" . | quote }}
  imagePullPolicy: {{ .root.Values.global.imagePullPolicy }}
  securityContext:
    {{- include "api-forge.containerSecurity" dict | nindent 4 }}
  resources: {{ $gates.resources | toJson }}
  volumeMounts:
    - {name: wait-gates, mountPath: /opt/wait, readOnly: true}
    - {name: secrets, mountPath: /run/secrets, readOnly: true}
  env:
    - {name: WAIT_TIMEOUT_SECONDS, value: {{ $gates.timeoutSeconds | quote }}}
{{- end }}

{{/* Waits until PostgreSQL answers, or lets a role in. Input: root, user, database, passwordKey (all three or none). */}}
{{- define "api-forge.gate.postgres" -}}
{{ include "api-forge.gate" (dict "root" .root "for" "postgres" "image" .root.Values.postgresql.image) }}
    {{- include "api-forge.postgres.clientEnv" . | nindent 4 }}
    {{- with .passwordKey }}
    - {name: PASSWORD_FILE, value: /run/secrets/{{ . }}}
    {{- end }}
{{- end }}

{{/* Waits until both of Temporal's schemas are as new as the server needs. Input: root. */}}
{{- define "api-forge.gate.schema" -}}
{{- $temporal := .Values.temporal -}}
{{ include "api-forge.gate" (dict "root" . "for" "schema" "image" .Values.postgresql.image) }}
    {{- include "api-forge.postgres.clientEnv" (dict "root" . "user" $temporal.auth.user) | nindent 4 }}
    - {name: PASSWORD_FILE, value: /run/secrets/postgres_temporal_pw}
    - {name: TEMPORAL_DB, value: {{ $temporal.auth.database | quote }}}
    - {name: TEMPORAL_VIS_DB, value: {{ $temporal.auth.visibilityDatabase | quote }}}
    - {name: TEMPORAL_SCHEMA, value: {{ $temporal.schema.default | quote }}}
    - {name: TEMPORAL_VIS_SCHEMA, value: {{ $temporal.schema.visibility | quote }}}
{{- end }}

{{/* Waits until the release's own Redis answers. Input: root. */}}
{{- define "api-forge.gate.redis" -}}
{{ include "api-forge.gate" (dict "root" . "for" "redis" "image" .Values.redis.image) }}
    - {name: REDIS_HOST, value: redis}
    - {name: REDIS_PORT, value: "6379"}
    - {name: PASSWORD_FILE, value: /run/secrets/redis_password}
{{- end }}

{{/* Waits until the Temporal namespace exists. Input: root. */}}
{{- define "api-forge.gate.temporal" -}}
{{ include "api-forge.gate" (dict "root" . "for" "temporal" "image" .Values.temporal.adminTools.image) }}
    - {name: TEMPORAL_ADDRESS, value: "temporal:7233"}
    - {name: TEMPORAL_NAMESPACE, value: {{ .Values.temporal.namespace | quote }}}
{{- end }}

{{- define "api-forge.data.wait-gates" -}}
{{- range list "postgres" "redis" "schema" "temporal" }}
{{ include "api-forge.file" (dict "root" $ "file" (printf "files/wait/wait-for-%s.sh" .)) }}
{{- end }}
{{- end }}

{{/*
Redis' files.
*/}}

{{- define "api-forge.data.redis-config" -}}
{{ include "api-forge.file" (dict "root" . "file" "files/redis/redis.conf" "own" .Values.configFiles.redisConf "more" (include "api-forge.redis.settings" .)) }}
{{- range list "entrypoint.sh" "healthcheck.sh" }}
{{ include "api-forge.file" (dict "root" $ "file" (printf "files/redis/%s" .)) }}
{{- end }}
{{ include "api-forge.file" (dict "root" . "file" "files/storage/hold-lock.sh") }}
{{- end }}

{{/* What redis.conf gets from the values, where it wins. Input: root. */}}
{{- define "api-forge.redis.settings" -}}
{{- with .Values.redis.config -}}
# From redis.config.
maxmemory {{ .maxMemory }}
maxmemory-policy {{ .maxMemoryPolicy }}
appendonly {{ .appendOnly | ternary "yes" "no" }}
{{- with .extra }}
{{ . }}
{{- end }}
{{- end }}
{{- end }}

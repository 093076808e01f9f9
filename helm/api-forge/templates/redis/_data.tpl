{{- define "api-forge.data.redis-config" -}}
{{- $config := .Values.redis.config -}}
redis.conf: |
  {{- include "api-forge.file" (dict "root" . "own" .Values.configFiles.redisConf "file" "redis/redis.conf") | nindent 2 }}
  # From redis.config.
  maxmemory {{ $config.maxMemory }}
  maxmemory-policy {{ $config.maxMemoryPolicy }}
  appendonly {{ $config.appendOnly | ternary "yes" "no" }}
  {{- with $config.extra }}
  {{- . | nindent 2 }}
  {{- end }}
{{- range list "entrypoint.sh" "healthcheck.sh" }}
{{ . }}: |
  {{- $.Files.Get (printf "files/redis/%s" .) | nindent 2 }}
{{- end }}
{{- end }}

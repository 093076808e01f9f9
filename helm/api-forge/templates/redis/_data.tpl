{{- define "api-forge.data.redis-config" -}}
{{- $config := .Values.redis.config -}}
{{- $more := list
  "# From redis.config."
  (printf "maxmemory %s" $config.maxMemory)
  (printf "maxmemory-policy %s" $config.maxMemoryPolicy)
  (printf "appendonly %s" ($config.appendOnly | ternary "yes" "no")) -}}
{{- with $config.extra }}{{ $more = append $more . }}{{ end -}}
{{ include "api-forge.entry" (dict "root" . "key" "redis.conf" "own" .Values.configFiles.redisConf "file" "redis/redis.conf" "more" $more) }}
{{- range list "entrypoint.sh" "healthcheck.sh" }}
{{ include "api-forge.entry" (dict "root" $ "key" . "file" (printf "redis/%s" .)) }}
{{- end }}
{{- end }}

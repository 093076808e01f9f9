{{- define "api-forge.data.redis-config" -}}
{{- $config := .Values.redis.config -}}
{{- $more := list
  "# From redis.config."
  (printf "maxmemory %s" $config.maxMemory)
  (printf "maxmemory-policy %s" $config.maxMemoryPolicy)
  (printf "appendonly %s" ($config.appendOnly | ternary "yes" "no")) -}}
{{- with $config.extra }}{{ $more = append $more . }}{{ end -}}
{{ template "api-forge.entry" (dict "root" . "file" "files/redis/redis.conf" "own" .Values.configFiles.redisConf "more" $more) }}
{{- range list "entrypoint.sh" "healthcheck.sh" }}
{{ template "api-forge.entry" (dict "root" $ "file" (printf "files/redis/%s" .)) }}
{{- end }}
{{- end }}

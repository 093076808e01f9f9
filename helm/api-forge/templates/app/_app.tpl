{{/*
What app and worker have in common: their configuration, the Secrets that they read.
*/}}

{{/*
The variables of a .env file: full-line comments and blank lines are dropped, one pair of quotes around a value, and after an unquoted value
` # …`. A `#` inside a value stays. Input: the text. Output: a map.
*/}}
{{- define "api-forge.app.dotenv" -}}
{{- $variables := dict -}}
{{- range splitList "\n" . -}}
{{- $line := trim . -}}
{{- if and $line (not (hasPrefix "#" $line)) -}}
{{- $line = regexReplaceAll `^export\s+` $line "" -}}
{{- if not (regexMatch "^[A-Za-z_][A-Za-z0-9_]*\\s*=" $line) -}}
{{- fail (printf "configFiles.env: `%s` is not KEY=VALUE" (regexFind "^\\S*" $line)) -}}
{{- end -}}
{{- $key := trim (regexFind "^[^=]+" $line) -}}
{{- $value := trim (regexReplaceAll "^[^=]+=" $line "") -}}
{{- $value = regexReplaceAll `^(?:"([^"]*)".*|'([^']*)'.*|(.*?)(?:(?:^|\s+)#.*)?)$` $value "${1}${2}${3}" -}}
{{- $_ := set $variables $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $variables -}}
{{- end }}

{{/* The hosts of the Ingress with their paths, as YAML to be read with `fromYamlArray`. Input: root. */}}
{{- define "api-forge.app.hosts" -}}
{{- $ingress := .Values.ingress -}}
{{- $default := dict "path" $ingress.path "pathType" $ingress.pathType -}}
{{- $hosts := $ingress.hosts | default list -}}
{{- with $ingress.host }}{{ $hosts = prepend $hosts (dict "host" .) }}{{ end -}}
{{- range $hosts }}
- host: {{ .host | toJson }}
  paths:
    {{- range .paths | default (list $default) }}
    - {{ merge (deepCopy .) (dict "pathType" $ingress.pathType) | toJson }}
    {{- end }}
{{- end }}
{{- end }}

{{/* The host under which users reach the application from outside of the cluster, if any. Input: root. */}}
{{- define "api-forge.app.host" -}}
{{- if .Values.ingress.enabled -}}
{{ (include "api-forge.app.hosts" . | fromYamlArray | first | default dict).host | default "" | trimPrefix "*." }}
{{- else if and .Values.httpRoute.enabled .Values.httpRoute.hostnames -}}
{{ first .Values.httpRoute.hostnames | trimPrefix "*." }}
{{- end -}}
{{- end }}

{{/* What the chart computes, then .env, then app.env; what decides the mode of the application is a typed value. */}}
{{- define "api-forge.data.app-env" -}}
{{- $app := .Values.app -}}
{{- $auth := .Values.postgresql.auth -}}
{{- $temporal := .Values.temporal -}}
{{- $postgres := include "api-forge.postgres" . | fromYaml -}}
{{- $redis := include "api-forge.redis" . | fromYaml -}}
{{- $connection := include "api-forge.temporal" . | fromYaml -}}
{{- $host := include "api-forge.app.host" . -}}
{{- $baseUrl := $app.baseUrl | default ($host | empty | ternary "http://app:8000" (print "https://" $host)) -}}
{{- $sslMode := $postgres.sslMode -}}
{{- if hasPrefix "verify-" $sslMode }}{{ $sslMode = print $sslMode "&sslrootcert=/run/secrets/ca-bundle.crt" }}{{ end -}}
{{- /* No password: the application reads it from its file, and nothing expands a variable in a ConfigMap. */ -}}
{{- $server := printf "%s:%s" $postgres.host $postgres.port -}}
{{- $variables := dict
  "APP_HOST" "0.0.0.0"
  "APP_PORT" "8000"
  "BASE_URL" $baseUrl
  "OIDC_REDIRECT_URI" (print $baseUrl "/auth/web/callback")
  "JWT_AUDIENCE" "api://default"
  "SESSION_MAX_AGE" "3600"
  "LOG_FORMAT" "json"
  "LOG_LEVEL" $app.logLevel
  "APP_DB" $auth.database
  "APP_DB_OWNER" $auth.owner
  "APP_DB_USER" $auth.user
  "APP_DB_RO_USER" $auth.readOnlyUser
  "DATABASE_URL" (printf "postgresql://%s@%s/%s?sslmode=%s" $auth.user $server $auth.database $sslMode)
  "REDIS_ENABLED" $redis.present
  "TEMPORAL_ENABLED" $connection.present -}}
{{- if $redis.present -}}
{{- $_ := set $variables "REDIS_URL" $redis.url -}}
{{- end -}}
{{- if $connection.present -}}
{{- $_ := set $variables "TEMPORAL_URL" $connection.address -}}
{{- /* What the worker's health check reads. */ -}}
{{- $_ := set $variables "PRODUCTION_TEMPORAL_URL" $connection.address -}}
{{- $_ := set $variables "TEMPORAL_NAMESPACE" $temporal.namespace -}}
{{- $_ := set $variables "TEMPORAL_TLS" (and (not $temporal.enabled) $temporal.external.tls) -}}
{{- end -}}
{{- if $temporal.enabled -}}
{{- $_ := set $variables "TEMPORAL_DB_USER" $temporal.auth.user -}}
{{- $_ := set $variables "TEMPORAL_DB" $temporal.auth.database -}}
{{- $_ := set $variables "TEMPORAL_VIS_DB" $temporal.auth.visibilityDatabase -}}
{{- end -}}
{{- with .Values.configFiles.env }}{{ $variables = mergeOverwrite $variables (include "api-forge.app.dotenv" . | fromYaml) }}{{ end -}}
{{- $_ := set $variables "APP_ENVIRONMENT" $app.environment -}}
{{- $variables = mergeOverwrite $variables ($app.env | default dict) -}}
{{- /* A login provider is on when its client id is given and the Secret has its key: without either, nobody could log in with it. */ -}}
{{- range $provider := list "GOOGLE" "MICROSOFT" "KEYCLOAK" -}}
{{- $given := hasKey $variables (printf "OIDC_%s_CLIENT_ID" $provider) -}}
{{- $keyed := has (printf "oidc_%s_client_secret" (lower $provider)) $app.secrets.keys -}}
{{- $enabled := printf "OIDC_%s_ENABLED" $provider -}}
{{- if not (hasKey $variables $enabled) }}{{ $_ := set $variables $enabled (and $given $keyed) }}{{ end -}}
{{- end -}}
{{- range $key, $value := $variables }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{/* Always written from its settings, also when none is added, so that a setting changes its own line only. */}}
{{- define "api-forge.data.app-config" -}}
{{- $own := .Values.configFiles.appConfig -}}
{{- if or .Values.app.config (not $own) -}}
{{- $shipped := or $own (.Files.Get "files/app/config.yaml") | fromYaml -}}
{{- $text := mergeOverwrite $shipped (deepCopy (.Values.app.config | default dict)) | toYaml -}}
{{- /* Quotes around ${NAME}, so that the text that the application inserts is not parsed as YAML; a switch stays one. */ -}}
{{- $text = regexReplaceAll "(?m)(: |- )(\\$\\{.*)$" $text "${1}\"${2}\"" -}}
{{- $own = regexReplaceAll "\"(\\$\\{[A-Z_]+:-(true|false)\\})\"" $text "${1}" -}}
{{- end -}}
{{ include "api-forge.file" (dict "root" . "file" "files/app/config.yaml" "own" $own) }}
{{- end }}

{{- define "api-forge.data.universal-entrypoint" -}}
{{ include "api-forge.file" (dict "root" . "file" "files/app/universal-entrypoint.sh" "own" .Values.configFiles.universalEntrypoint) }}
{{- end }}

{{/* The Secrets that app and worker read, as YAML to be read with `fromYamlArray`. Input: root. */}}
{{- define "api-forge.app.secrets" -}}
- {name: {{ .Values.app.secrets.existingSecret | toJson }}, keys: {{ .Values.app.secrets.keys | toJson }}}
{{ include "api-forge.postgres.clientSecrets" (dict "root" . "key" "postgres_app_user_pw") }}
{{- if (include "api-forge.redis" . | fromYaml).present }}
- {name: {{ .Values.redis.secrets.existingSecret | toJson }}, keys: [redis_password]}
{{- end }}
{{- end }}

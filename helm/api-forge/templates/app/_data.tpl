{{- define "api-forge.app.baseUrl" -}}
{{- if .Values.app.baseUrl -}}
{{ .Values.app.baseUrl }}
{{- else if .Values.ingress.enabled -}}
https://{{ .Values.ingress.host }}
{{- else -}}
http://app:8000
{{- end -}}
{{- end }}

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

{{/* What the chart computes, then .env, then app.env; what decides the mode of the application is a typed value. */}}
{{- define "api-forge.data.app-env" -}}
{{- $app := .Values.app -}}
{{- $auth := .Values.postgresql.auth -}}
{{- $temporal := .Values.temporal -}}
{{- $baseUrl := include "api-forge.app.baseUrl" . -}}
{{- $sslMode := include "api-forge.postgres.sslMode" . -}}
{{- if hasPrefix "verify-" $sslMode }}{{ $sslMode = print $sslMode "&sslrootcert=/run/secrets/ca-bundle.crt" }}{{ end -}}
{{- /* No password: the application reads it from its file, and nothing expands a variable in a ConfigMap. */ -}}
{{- $server := printf "%s:%s" (include "api-forge.postgres.host" .) (include "api-forge.postgres.port" .) -}}
{{- $hasRedis := include "api-forge.redis.present" . -}}
{{- $hasTemporal := include "api-forge.temporal.present" . -}}
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
  "REDIS_ENABLED" (or $hasRedis "false")
  "TEMPORAL_ENABLED" (or $hasTemporal "false") -}}
{{- if $hasRedis -}}
{{- $_ := set $variables "REDIS_URL" (include "api-forge.redis.url" .) -}}
{{- end -}}
{{- if $hasTemporal -}}
{{- $_ := set $variables "TEMPORAL_URL" (include "api-forge.temporal.address" .) -}}
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
{{- $variables = mergeOverwrite $variables $app.env -}}
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

{{- define "api-forge.data.app-config" -}}
{{- $own := .Values.configFiles.appConfig -}}
{{- if .Values.app.config -}}
{{- $shipped := or $own (.Files.Get "files/app/config.yaml") | fromYaml -}}
{{- /* Quotes around ${NAME}, lest the text that the application puts there is read as YAML. */ -}}
{{- $own = regexReplaceAll "(?m)(: |- )(\\$\\{.*\\})$" (mergeOverwrite $shipped (deepCopy .Values.app.config) | toYaml) "${1}\"${2}\"" -}}
{{- end -}}
{{ template "api-forge.entry" (dict "root" . "file" "files/app/config.yaml" "own" $own) }}
{{- end }}

{{- define "api-forge.data.universal-entrypoint" -}}
{{ template "api-forge.entry" (dict "root" . "file" "files/app/universal-entrypoint.sh" "own" .Values.configFiles.universalEntrypoint) }}
{{- end }}

{{/* The Secret keys that app and worker read. Input: root. Output: sources of a projected volume. */}}
{{- define "api-forge.app.secretSources" -}}
{{ template "api-forge.secretSource" (dict "name" .Values.app.secrets.existingSecret "keys" .Values.app.secrets.keys) }}
{{ template "api-forge.postgres.clientSecrets" (dict "root" . "key" "postgres_app_user_pw") }}
{{- if include "api-forge.redis.present" . }}
{{ template "api-forge.secretSource" (dict "name" .Values.redis.secrets.existingSecret "keys" (list "redis_password")) }}
{{- end }}
{{- end }}

{{/* What app and worker wait for. Input: root. */}}
{{- define "api-forge.app.gates" -}}
{{- $auth := .Values.postgresql.auth -}}
{{ template "api-forge.gate.postgres" (dict "root" . "user" $auth.user "database" $auth.database "passwordKey" "postgres_app_user_pw") }}
{{ template "api-forge.gate.redis" . }}
{{ template "api-forge.gate.temporal" . }}
{{- end }}

{{/*
The Deployment of app or worker, which differ in their container's program, probes and ports only.
Input: root, of, values (the component's), container (the fields that differ).
*/}}
{{- define "api-forge.app.deployment" -}}
{{- $root := .root -}}
{{- $values := .values -}}
{{- $sources := include "api-forge.once" (dict "root" $root "template" "api-forge.app.secretSources") -}}
{{- $annotations := dict -}}
{{- if and $root.Values.temporal.enabled $root.Values.temporal.namespaceInit.enabled -}}
{{- /* What its gate waits for and no manifest shows: a Job's result. With the annotation `gitops-gen plan` proves this edge too. */ -}}
{{- $_ := set $annotations "gitops-gen.io/needs" "Job/temporal-namespace-init-*" -}}
{{- end -}}
{{- $workload := dict "root" $root "of" .of "wave" "application" "annotations" $annotations "sources" $sources "values" $values
  "configMaps" (list "app-config" "app-env" "universal-entrypoint" "wait-gates")
  "runAsUser" $root.Values.app.runAsUser "replicas" (include "api-forge.leastReplicas" $values) -}}
{{ template "api-forge.deployment" $workload }}
spec:
  {{- if not $values.autoscaling.enabled }}
  replicas: {{ int $values.replicas }}
  {{- end }}
  progressDeadlineSeconds: {{ template "api-forge.deadline" (dict "root" $root "seconds" $values.progressDeadlineSeconds) }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .of }}
  template:
    {{- include "api-forge.pod" $workload | nindent 4 }}
      {{- if $root.Values.waitGates.enabled }}
      initContainers:
        {{- include "api-forge.once" (dict "root" $root "template" "api-forge.app.gates") | nindent 8 }}
      {{- end }}
      containers:
        - name: {{ .of }}
          {{- .container | nindent 10 }}
          envFrom:
            - configMapRef: {name: app-env}
          volumeMounts:
            - {name: app-config, mountPath: /app/config.yaml, subPath: config.yaml, readOnly: true}
            - {name: universal-entrypoint, mountPath: /opt/entrypoint, readOnly: true}
            - {name: secrets, mountPath: /run/secrets, readOnly: true}
            - {name: logs, mountPath: /app/logs}
            - {name: tmp, mountPath: /tmp}
            {{- with $values.extraVolumeMounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
        {{- with $values.extraContainers }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      volumes:
        - name: app-config
          configMap:
            name: app-config
            defaultMode: 0444
        - name: universal-entrypoint
          configMap:
            name: universal-entrypoint
            defaultMode: 0444
        {{- if $root.Values.waitGates.enabled }}
        - name: wait-gates
          configMap:
            name: wait-gates
            defaultMode: 0444
        {{- end }}
        {{- include "api-forge.secretVolume" $sources | nindent 8 }}
        - name: logs
          emptyDir:
            sizeLimit: {{ $root.Values.app.logsSize }}
        - name: tmp
          emptyDir:
            medium: Memory
            sizeLimit: {{ $root.Values.app.tmpSize }}
        {{- with $values.extraVolumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- end }}

{{/* HorizontalPodAutoscaler and PodDisruptionBudget. Input: root, of, values. */}}
{{- define "api-forge.app.scaling" -}}
{{- if .values.autoscaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- template "api-forge.metadata" (dict "root" .root "of" .of "wave" "last") }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .of }}
  minReplicas: {{ int .values.autoscaling.minReplicas }}
  maxReplicas: {{ int .values.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ int .values.autoscaling.targetCPUUtilizationPercentage }}
{{- end }}
{{- $budget := dict "root" .root "of" .of "budget" .values.podDisruptionBudget }}
{{ template "api-forge.disruptionBudget" (set $budget "replicas" (include "api-forge.leastReplicas" .values | int)) }}
{{- end }}

{{/* The outgoing edges of app and worker. Input: root. */}}
{{- define "api-forge.app.egress" -}}
{{ template "api-forge.egress.postgres" . }}
{{ template "api-forge.egress.redis" . }}
{{ template "api-forge.egress.temporal" . }}
{{- end }}

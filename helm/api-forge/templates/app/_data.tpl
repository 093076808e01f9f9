{{/* The variables that the chart computes. Input: root. Output: a map. */}}
{{- define "api-forge.app.computedEnv" -}}
{{- $auth := .Values.postgresql.auth -}}
{{- $sslMode := include "api-forge.postgres.sslMode" . -}}
APP_ENVIRONMENT: {{ .Values.app.environment }}
APP_HOST: 0.0.0.0
APP_PORT: "8000"
BASE_URL: {{ include "api-forge.app.baseUrl" . | quote }}
OIDC_REDIRECT_URI: {{ printf "%s/auth/web/callback" (include "api-forge.app.baseUrl" .) | quote }}
JWT_AUDIENCE: api://default
SESSION_MAX_AGE: "3600"
LOG_FORMAT: json
LOG_LEVEL: {{ .Values.app.logLevel }}
APP_DB: {{ $auth.database | quote }}
APP_DB_OWNER: {{ $auth.owner | quote }}
APP_DB_USER: {{ $auth.user | quote }}
APP_DB_RO_USER: {{ $auth.readOnlyUser | quote }}
{{- /* No password: the application reads it from its file, and nothing expands a variable in a ConfigMap. */}}
{{- $verify := include "api-forge.postgres.verifies" . | eq "true" | ternary "&sslrootcert=/run/secrets/ca-bundle.crt" "" }}
DATABASE_URL: {{ printf "postgresql://%s@%s:%s/%s?sslmode=%s%s" $auth.user (include "api-forge.postgres.host" .) (include "api-forge.postgres.port" .) $auth.database $sslMode $verify | quote }}
{{- if include "api-forge.redis.present" . }}
REDIS_ENABLED: "true"
REDIS_URL: {{ include "api-forge.redis.url" . | quote }}
{{- else }}
REDIS_ENABLED: "false"
{{- end }}
{{- if include "api-forge.temporal.present" . }}
TEMPORAL_ENABLED: "true"
TEMPORAL_URL: {{ include "api-forge.temporal.address" . | quote }}
TEMPORAL_NAMESPACE: {{ .Values.temporal.namespace | quote }}
TEMPORAL_TLS: {{ and (not .Values.temporal.enabled) .Values.temporal.external.tls | quote }}
{{- else }}
TEMPORAL_ENABLED: "false"
{{- end }}
{{- if .Values.temporal.enabled }}
TEMPORAL_DB_USER: {{ .Values.temporal.auth.user | quote }}
TEMPORAL_DB: {{ .Values.temporal.auth.database | quote }}
TEMPORAL_VIS_DB: {{ .Values.temporal.auth.visibilityDatabase | quote }}
{{- end }}
{{- end }}

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
{{- $line = regexReplaceAll "^export\\s+" $line "" -}}
{{- if not (regexMatch "^[A-Za-z_][A-Za-z0-9_]*\\s*=" $line) -}}
{{- fail (printf "configFiles.env: `%s` is not KEY=VALUE" (regexFind "^\\S*" $line)) -}}
{{- end -}}
{{- $key := trim (regexFind "^[^=]+" $line) -}}
{{- $value := trim (regexReplaceAll "^[^=]+=" $line "") -}}
{{- if regexMatch "^\"[^\"]*\"" $value -}}
{{- $value = regexReplaceAll "^\"([^\"]*)\".*$" $value "${1}" -}}
{{- else if regexMatch "^'[^']*'" $value -}}
{{- $value = regexReplaceAll "^'([^']*)'.*$" $value "${1}" -}}
{{- else -}}
{{- $value = regexReplaceAll "(^|\\s+)#.*$" $value "" -}}
{{- end -}}
{{- $_ := set $variables $key $value -}}
{{- end -}}
{{- end -}}
{{- toYaml $variables -}}
{{- end }}

{{/* Chart, then .env, then app.env; what decides the mode of the application is a typed value. */}}
{{- define "api-forge.data.app-env" -}}
{{- $variables := include "api-forge.app.computedEnv" . | fromYaml -}}
{{- with .Values.configFiles.env }}{{ $variables = mergeOverwrite $variables (include "api-forge.app.dotenv" . | fromYaml) }}{{ end -}}
{{- $_ := set $variables "APP_ENVIRONMENT" .Values.app.environment -}}
{{- $variables = mergeOverwrite $variables .Values.app.env -}}
{{- /* A login provider is on when its client id is given and the Secret has its key: without either, nobody could log in with it. */ -}}
{{- range $provider := list "google" "microsoft" "keycloak" -}}
{{- $given := hasKey $variables (printf "OIDC_%s_CLIENT_ID" (upper $provider)) -}}
{{- $keyed := has (printf "oidc_%s_client_secret" $provider) $.Values.app.secrets.keys -}}
{{- $enabled := printf "OIDC_%s_ENABLED" (upper $provider) -}}
{{- if not (hasKey $variables $enabled) }}{{ $_ := set $variables $enabled (and $given $keyed) }}{{ end -}}
{{- end -}}
{{- range $key, $value := $variables }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{- define "api-forge.data.app-config" -}}
{{- $own := .Values.configFiles.appConfig -}}
{{- if .Values.app.config -}}
{{- $shipped := include "api-forge.file" (dict "root" . "own" $own "file" "app/config.yaml") | fromYaml -}}
{{- /* Quotes around ${NAME}, lest the text that the application puts there is read as YAML. */ -}}
{{- $own = regexReplaceAll "(?m)(: |- )(\\$\\{.*\\})$" (mergeOverwrite $shipped (deepCopy .Values.app.config) | toYaml) "${1}\"${2}\"" -}}
{{- end -}}
{{ include "api-forge.entry" (dict "root" . "key" "config.yaml" "own" $own "file" "app/config.yaml") }}
{{- end }}

{{- define "api-forge.data.universal-entrypoint" -}}
{{ include "api-forge.entry" (dict "root" . "key" "universal-entrypoint.sh" "own" .Values.configFiles.universalEntrypoint "file" "app/universal-entrypoint.sh") }}
{{- end }}

{{/* The Secret keys that app and worker read. Input: root. Output: sources of a projected volume. */}}
{{- define "api-forge.app.secretSources" -}}
{{ include "api-forge.secretSource" (dict "name" .Values.app.secrets.existingSecret "keys" .Values.app.secrets.keys) }}
{{ include "api-forge.postgres.clientSecrets" (dict "root" . "key" "postgres_app_user_pw") }}
{{- if include "api-forge.redis.present" . }}
{{ include "api-forge.secretSource" (dict "name" .Values.redis.secrets.existingSecret "keys" (list "redis_password")) }}
{{- end }}
{{- end }}

{{/* What app and worker wait for. Input: root. */}}
{{- define "api-forge.app.gates" -}}
{{- $auth := .Values.postgresql.auth -}}
{{ include "api-forge.gate.postgres" (dict "root" . "user" $auth.user "database" $auth.database "passwordKey" "postgres_app_user_pw") }}
{{ include "api-forge.gate.redis" . }}
{{ include "api-forge.gate.temporal" . }}
{{- end }}

{{/*
The pod of app and worker, which differ in their container's program, probes and ports only.
Input: root, of, values (the component's), container (the fields that differ).
*/}}
{{- define "api-forge.app.pod" -}}
{{- $root := .root -}}
{{- $app := $root.Values.app -}}
metadata:
  {{- $configMaps := list "app-config" "app-env" "universal-entrypoint" "wait-gates" }}
  {{- $metadata := dict "root" $root "of" .of "configMaps" $configMaps }}
  {{- include "api-forge.podMetadata" (merge $metadata (pick .values "podLabels" "podAnnotations")) | nindent 2 }}
spec:
  {{- $spec := dict "root" $root "of" .of "runAsUser" $app.runAsUser "values" .values }}
  {{- $_ := set $spec "replicas" (include "api-forge.leastReplicas" .values | int) }}
  {{- include "api-forge.podSpec" $spec | nindent 2 }}
  {{- if $root.Values.waitGates.enabled }}
  initContainers:
    {{- include "api-forge.once" (dict "root" $root "template" "api-forge.app.gates") | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .of }}
      {{- .container | nindent 6 }}
      envFrom:
        - configMapRef: {name: app-env}
      volumeMounts:
        - {name: app-config, mountPath: /app/config.yaml, subPath: config.yaml, readOnly: true}
        - {name: universal-entrypoint, mountPath: /opt/entrypoint, readOnly: true}
        - {name: secrets, mountPath: /run/secrets, readOnly: true}
        - {name: logs, mountPath: /app/logs}
        - {name: tmp, mountPath: /tmp}
        {{- with .values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with .values.extraContainers }}
    {{- toYaml . | nindent 4 }}
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
    {{- include "api-forge.secretVolume" (include "api-forge.once" (dict "root" $root "template" "api-forge.app.secretSources")) | nindent 4 }}
    - name: logs
      emptyDir:
        sizeLimit: {{ $app.logsSize }}
    - name: tmp
      emptyDir:
        medium: Memory
        sizeLimit: {{ $app.tmpSize }}
    {{- with .values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/*
The Deployment of app or worker. Input: root, of, values, container.
*/}}
{{- define "api-forge.app.deployment" -}}
{{- $root := .root -}}
{{- $sources := include "api-forge.once" (dict "root" $root "template" "api-forge.app.secretSources") -}}
{{- $annotations := dict -}}
{{- if and $root.Values.temporal.enabled $root.Values.temporal.namespaceInit.enabled -}}
{{- /* What its gate waits for and no manifest shows: a Job's result. With the annotation `gitops-gen plan` proves this edge too. */ -}}
{{- $_ := set $annotations "gitops-gen.io/needs" "Job/temporal-namespace-init-*" -}}
{{- end -}}
{{- if $root.Values.reloader.enabled -}}
{{- $_ := set $annotations "secret.reloader.stakater.com/reload" (include "api-forge.reloadedSecrets" $sources) -}}
{{- end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "api-forge.metadata" (dict "root" $root "name" .of "of" .of "wave" "application" "annotations" $annotations) | nindent 2 }}
spec:
  {{- if not .values.autoscaling.enabled }}
  replicas: {{ int .values.replicas }}
  {{- end }}
  progressDeadlineSeconds: {{ include "api-forge.deadline" (dict "root" $root "seconds" .values.progressDeadlineSeconds) }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .of }}
  template:
    {{- include "api-forge.app.pod" . | nindent 4 }}
{{- end }}

{{/* HorizontalPodAutoscaler and PodDisruptionBudget. Input: root, of, values. */}}
{{- define "api-forge.app.scaling" -}}
{{- if .values.autoscaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "api-forge.metadata" (dict "root" .root "name" .of "of" .of "wave" "last") | nindent 2 }}
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
{{ include "api-forge.disruptionBudget" (set $budget "replicas" (include "api-forge.leastReplicas" .values | int)) }}
{{- end }}

{{/* The outgoing edges of app and worker. Input: root. */}}
{{- define "api-forge.app.egress" -}}
{{ include "api-forge.egress.postgres" . }}
{{ include "api-forge.egress.redis" . }}
{{ include "api-forge.egress.temporal" . }}
{{- end }}

{{/*
Names, labels, annotations and waves. Object names are fixed, since a release owns its namespace; only labels carry the release's name.
*/}}

{{/* The component label of each workload. Input: the workload's name. */}}
{{- define "api-forge.component" -}}
{{- get (dict
  "app" "application"
  "worker" "temporal-worker"
  "postgres" "database"
  "redis" "cache"
  "temporal" "workflow-engine"
  "temporal-web" "workflow-ui"
  "postgres-verifier" "database-verifier"
  "temporal-schema-setup" "workflow-engine-setup"
  "temporal-namespace-init" "workflow-engine-namespace"
  "smoke-test" "smoke-test"
  "release" "release") . -}}
{{- end }}

{{/*
The sync wave of each kind of thing. Argo CD goes on to the next wave when everything in this one is healthy, and waits for nothing
in the last: there is what may never become healthy. https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
*/}}
{{- define "api-forge.wave" -}}
{{- get (dict
  "store" "-20"
  "secrets" "-15"
  "config" "-10"
  "data" "0"
  "database-jobs" "5"
  "temporal" "10"
  "temporal-jobs" "15"
  "application" "20"
  "smoke-test" "30"
  "last" "40") . -}}
{{- end }}

{{/* What a Deployment and its Service select by. Never change it: a Deployment's selector is immutable. Input: the workload's name. */}}
{{- define "api-forge.selector" -}}
app.kubernetes.io/name: {{ . }}
{{- end }}

{{/* Labels of the chart itself, which the schema lets nobody set. Input: root, of (the workload's name). */}}
{{- define "api-forge.ownLabels" -}}
app.kubernetes.io/name: {{ .of }}
app.kubernetes.io/component: {{ include "api-forge.component" .of }}
app.kubernetes.io/part-of: api-forge
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/*
The metadata of an object. The version is a label of objects only: on pods it would roll each of them at every chart release.
Input: root, name, of (the workload it belongs to), wave, annotations (optional).
*/}}
{{- define "api-forge.metadata" -}}
name: {{ .name }}
labels:
  {{- include "api-forge.ownLabels" . | nindent 2 }}
  app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
  app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
  {{- with .root.Values.global.environment }}
  environment: {{ . | quote }}
  {{- end }}
  {{- range $key, $value := .root.Values.global.labels }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
annotations:
  argocd.argoproj.io/sync-wave: {{ include "api-forge.wave" .wave | quote }}
  {{- range $key, $value := merge (dict) (.annotations | default dict) .root.Values.global.annotations }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
{{- end }}

{{/*
The metadata of a pod. A changed ConfigMap rolls just the pods that read it, by the checksum of its data.
Input: root, of, configMaps (their names; optional), podLabels, podAnnotations (both optional).
*/}}
{{- define "api-forge.podMetadata" -}}
{{- $root := .root -}}
labels:
  {{- include "api-forge.ownLabels" . | nindent 2 }}
  {{- range $key, $value := merge (dict) (.podLabels | default dict) $root.Values.global.labels }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
{{- $configMaps := .configMaps | default list }}
{{- if not $root.Values.waitGates.enabled }}{{ $configMaps = without $configMaps "wait-gates" }}{{ end }}
{{- if or $configMaps .podAnnotations }}
annotations:
  {{- range $configMaps }}
  checksum/{{ . }}: {{ include (printf "api-forge.data.%s" .) $root | sha256sum }}
  {{- end }}
  {{- range $key, $value := .podAnnotations }}
  {{ $key }}: {{ $value | quote }}
  {{- end }}
{{- end }}
{{- end }}

{{/*
The annotation that makes Stakater Reloader restart a Deployment when one of its Secrets changes.
Input: root, sources (of its secret volume). Output: a map, empty when switched off.
*/}}
{{- define "api-forge.reloader" -}}
{{- if .root.Values.reloader.enabled -}}
{{- $names := list -}}
{{- range fromYamlArray .sources }}{{ $names = append $names .secret.name }}{{ end -}}
secret.reloader.stakater.com/reload: {{ $names | uniq | join "," | quote }}
{{- end -}}
{{- end }}

{{/*
The name of a Job: a pod template is immutable, so a Job with another template is another Job, and one with the same template is not run again.
Input: of, template (rendered).
*/}}
{{- define "api-forge.jobName" -}}
{{ .of }}-{{ .template | sha256sum | trunc 8 }}
{{- end }}

{{/*
A deadline. Argo CD starts a workload when what it needs is there; without it everything starts at once and the gates take their part of the time.
Input: root, seconds.
*/}}
{{- define "api-forge.deadline" -}}
{{- if or .root.Values.argocd.enabled (not .root.Values.waitGates.enabled) -}}
{{ int .seconds }}
{{- else -}}
{{ add (int .seconds) (int .root.Values.waitGates.timeoutSeconds) }}
{{- end -}}
{{- end }}

{{/* The fields of a Job beside its template. Input: root, job (activeDeadlineSeconds, backoffLimit, ttlSecondsAfterFinished). */}}
{{- define "api-forge.jobLimits" -}}
backoffLimit: {{ int .job.backoffLimit }}
activeDeadlineSeconds: {{ include "api-forge.deadline" (dict "root" .root "seconds" .job.activeDeadlineSeconds) }}
{{- if not .root.Values.argocd.enabled }}
{{- /* Under Argo CD the deletion would be drift, and self-heal would run the Job again for ever: https://github.com/argoproj/argo-cd/issues/8586 */}}
ttlSecondsAfterFinished: {{ int .job.ttlSecondsAfterFinished }}
{{- end }}
{{- end }}

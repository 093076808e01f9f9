{{/*
Names, labels, annotations and waves. Object names are fixed, since a release owns its namespace; only labels carry the release's name.
*/}}

{{/* The component label of each workload. */}}
{{- define "api-forge.component.app" }}application{{ end }}
{{- define "api-forge.component.worker" }}temporal-worker{{ end }}
{{- define "api-forge.component.postgres" }}database{{ end }}
{{- define "api-forge.component.redis" }}cache{{ end }}
{{- define "api-forge.component.temporal" }}workflow-engine{{ end }}
{{- define "api-forge.component.temporal-web" }}workflow-ui{{ end }}
{{- define "api-forge.component.postgres-verifier" }}database-verifier{{ end }}
{{- define "api-forge.component.temporal-schema-setup" }}workflow-engine-setup{{ end }}
{{- define "api-forge.component.temporal-namespace-init" }}workflow-engine-namespace{{ end }}
{{- define "api-forge.component.smoke-test" }}smoke-test{{ end }}
{{- define "api-forge.component.release" }}release{{ end }}

{{/*
The sync wave of each kind of thing. Argo CD goes on to the next wave when everything in this one is healthy, and waits for nothing
in the last: there is what may never become healthy. https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/
*/}}
{{- define "api-forge.wave.store" }}"-20"{{ end }}
{{- define "api-forge.wave.secrets" }}"-15"{{ end }}
{{- define "api-forge.wave.config" }}"-10"{{ end }}
{{- define "api-forge.wave.data" }}"0"{{ end }}
{{- define "api-forge.wave.database-jobs" }}"5"{{ end }}
{{- define "api-forge.wave.temporal" }}"10"{{ end }}
{{- define "api-forge.wave.temporal-jobs" }}"15"{{ end }}
{{- define "api-forge.wave.application" }}"20"{{ end }}
{{- define "api-forge.wave.smoke-test" }}"30"{{ end }}
{{- define "api-forge.wave.last" }}"40"{{ end }}

{{/*
Labels of the chart itself, which the schema lets nobody set. The first is what everything selects by: never change it, a Deployment's selector
is immutable. Input: root, of (the workload's name). Output: indented lines.
*/}}
{{- define "api-forge.ownLabels" }}
    app.kubernetes.io/name: {{ .of }}
    app.kubernetes.io/component: {{ include (print "api-forge.component." .of) . }}
    app.kubernetes.io/part-of: api-forge
    app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/*
The metadata of an object. The labels are made once for each workload, and kept in the root under its name.
Input: root, of (the workload it belongs to), name (unless it is the workload's), wave, annotations (optional). Output: indented lines.
*/}}
{{- define "api-forge.metadata" }}
  name: {{ or .name .of }}
  labels:
    {{- or (index .root .of) (include "api-forge.labels" .) }}
  annotations:
    argocd.argoproj.io/sync-wave: {{ include (print "api-forge.wave." .wave) . }}
    {{- range $key, $value := .annotations }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
    {{- range $key, $value := .root.Values.global.annotations }}
    {{- if not (hasKey ($.annotations | default dict) $key) }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
    {{- end }}
{{- end }}

{{/* Input: root, of. Output: indented lines. */}}
{{- define "api-forge.labels" -}}
{{- $shared := include "api-forge.once" (dict "root" .root "template" "api-forge.sharedLabels") -}}
{{- $labels := print (include "api-forge.ownLabels" .) $shared -}}
{{- $_ := set .root .of $labels -}}
{{- $labels -}}
{{- end }}

{{/* The version is none of a pod's labels: there it would roll each pod at every release of the chart. Input: root. Output: indented lines. */}}
{{- define "api-forge.sharedLabels" }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    app.kubernetes.io/managed-by: {{ .Release.Service }}
    helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
    {{- with .Values.global.environment }}
    environment: {{ . | quote }}
    {{- end }}
    {{- range $key, $value := .Values.global.labels }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
{{- end }}

{{/*
The head of a Deployment. At a change of the Secrets that it reads Stakater Reloader shall restart it, as its annotation names them.
Input: what `api-forge.metadata` reads, sources (of the secret volume, as text; optional).
*/}}
{{- define "api-forge.deployment" -}}
{{- if and .sources .root.Values.reloader.enabled -}}
{{- $names := list -}}
{{- range fromYamlArray .sources }}{{ $names = append $names .secret.name }}{{ end -}}
{{- $_ := set . "annotations" (set (or .annotations dict) "secret.reloader.stakater.com/reload" ($names | uniq | join ",")) -}}
{{- end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- template "api-forge.metadata" . }}
{{- end }}

{{/*
A Job. A pod template is immutable, so a Job with another template is another Job by its name, and one with the same template is not run again.
Its pod is the template `api-forge.template.<of>`.
Input: root, of, wave, job (activeDeadlineSeconds, backoffLimit, ttlSecondsAfterFinished).
*/}}
{{- define "api-forge.job" -}}
{{- $template := include (print "api-forge.template." .of) .root -}}
{{- $name := printf "%s-%s" .of ($template | sha256sum | trunc 8) -}}
apiVersion: batch/v1
kind: Job
metadata:
  {{- template "api-forge.metadata" (dict "root" .root "name" $name "of" .of "wave" .wave) }}
spec:
  backoffLimit: {{ int .job.backoffLimit }}
  activeDeadlineSeconds: {{ template "api-forge.deadline" (dict "root" .root "seconds" .job.activeDeadlineSeconds) }}
  {{- if not .root.Values.argocd.enabled }}
  {{- /* Under Argo CD the deletion would be drift, and self-heal would run the Job again for ever: https://github.com/argoproj/argo-cd/issues/8586 */}}
  ttlSecondsAfterFinished: {{ int .job.ttlSecondsAfterFinished }}
  {{- end }}
  template:
    {{- $template | nindent 4 }}
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

{{/*
What pods and containers have in common: images, the restrictions of Pod Security `restricted`, scheduling, secret files.
*/}}

{{/* An image reference. Input: root, image (repository, tag, digest). */}}
{{- define "api-forge.image" -}}
{{- $repository := .image.repository -}}
{{- with .root.Values.global.imageRegistry -}}
{{- $named := regexMatch "^(localhost|[^/]*[.:][^/]*)/" $repository -}}
{{- $repository = $named | ternary $repository (printf "%s/%s" (trimSuffix "/" .) $repository) -}}
{{- end -}}
{{- $repository }}{{ if .image.digest }}@{{ .image.digest }}{{ else }}:{{ .image.tag }}{{ end }}
{{- end }}

{{/* The application's image. Input: root. */}}
{{- define "api-forge.appImage" -}}
{{- $tag := .Values.app.image.tag | default .Chart.AppVersion -}}
{{- include "api-forge.image" (dict "root" . "image" (merge (dict "tag" $tag) .Values.app.image)) -}}
{{- end }}

{{/* The worker's image: the app's, with the fields that `worker.image` sets. Input: root. */}}
{{- define "api-forge.workerImage" -}}
{{- $app := .Values.app.image -}}
{{- $own := .Values.worker.image -}}
{{- $follows := not (or $own.tag $own.digest) -}}
{{- $image := dict
  "repository" ($own.repository | default $app.repository)
  "tag" ($follows | ternary ($app.tag | default .Chart.AppVersion) $own.tag)
  "digest" ($follows | ternary $app.digest $own.digest) -}}
{{- include "api-forge.image" (dict "root" . "image" $image) -}}
{{- end }}

{{/*
A pod's security context, and what it needs to be pulled.
Input: root, runAsUser (empty: the platform assigns user and groups), runAsGroup (unless it is the user's), own (podSecurityContext; optional).
*/}}
{{- define "api-forge.podSecurity" -}}
{{- $ids := "" -}}
{{- with .runAsUser -}}
{{- $group := int (or $.runAsGroup .) -}}
{{- $ids = printf "runAsUser: %d\nrunAsGroup: %d\nfsGroup: %d\n" (int .) $group $group -}}
{{- end -}}
{{- $fields := printf "runAsNonRoot: true\n%sfsGroupChangePolicy: OnRootMismatch\nseccompProfile:\n  type: RuntimeDefault" $ids -}}
{{- with .root.Values.global.imagePullSecrets -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{ end -}}
{{- with .own }}{{ $fields = mergeOverwrite (fromYaml $fields) (deepCopy .) | toYaml }}{{ end -}}
securityContext:
  {{- $fields | nindent 2 }}
{{- end }}

{{/* How long a pod may take to end, and where it may run. Input: the component's values. */}}
{{- define "api-forge.scheduling" -}}
terminationGracePeriodSeconds: {{ int .terminationGracePeriodSeconds }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* A container's security context. Input: values of the component, if it has a containerSecurityContext. */}}
{{- define "api-forge.containerSecurity" -}}
{{- $fields := "allowPrivilegeEscalation: false\nreadOnlyRootFilesystem: true\ncapabilities:\n  drop: [ALL]" -}}
{{- with .containerSecurityContext }}{{ $fields = mergeOverwrite (fromYaml $fields) (deepCopy .) | toYaml }}{{ end -}}
{{ $fields }}
{{- end }}

{{/* Where the pods of a Deployment with several replicas are put. Input: name, replicas, own (topologySpreadConstraints). */}}
{{- define "api-forge.spread" -}}
{{- $selector := dict "matchLabels" (dict "app.kubernetes.io/name" .name) -}}
{{- if .own -}}
topologySpreadConstraints:
  {{- range .own }}
  - {{ merge (deepCopy .) (dict "labelSelector" $selector) | toYaml | nindent 4 | trim }}
  {{- end }}
{{- else if gt (int .replicas) 1 -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        app.kubernetes.io/name: {{ .name }}
{{- end }}
{{- end }}

{{/* Ports of a container that are no part of the chart's own. Input: the component's values. */}}
{{- define "api-forge.containerPorts" -}}
{{- range .extraPorts }}
- {name: {{ .name }}, containerPort: {{ int .port }}, protocol: {{ .protocol | default "TCP" }}}
{{- end }}
{{- with .metrics }}
{{- if .enabled }}
- {name: metrics, containerPort: {{ int .port }}, protocol: TCP}
{{- end }}
{{- end }}
{{- end }}

{{/*
The volume behind /run/secrets. A directory is refreshed when a Secret changes; a subPath would not be.
Mode 0400 becomes 0440 for the pod's group, which PostgreSQL accepts for a key that root owns.
Input: a list of Secrets (name; keys, each of which is a file; files, from a file's name to the key under another name).
*/}}
{{- define "api-forge.secretVolume" -}}
- name: secrets
  projected:
    defaultMode: 0400
    sources:
      {{- range . }}
      - secret:
          name: {{ .name }}
          items:
            {{- range .keys }}
            - {key: {{ . }}, path: {{ . }}}
            {{- end }}
            {{- range $file, $key := .files }}
            - {key: {{ $key }}, path: {{ $file }}}
            {{- end }}
      {{- end }}
{{- end }}

{{/* Replicas that a scaled component has at least. Input: the component's values. */}}
{{- define "api-forge.leastReplicas" -}}
{{- if .autoscaling.enabled }}{{ int .autoscaling.minReplicas }}{{ else }}{{ int .replicas }}{{ end -}}
{{- end }}

{{/* How many replicas an autoscaler keeps. Input: the component's autoscaling. */}}
{{- define "api-forge.scaling" -}}
minReplicas: {{ int .minReplicas }}
maxReplicas: {{ int .maxReplicas }}
metrics:
  {{- range $resource, $percent := dict "cpu" .targetCPUUtilizationPercentage "memory" .targetMemoryUtilizationPercentage }}
  {{- if $percent }}
  - type: Resource
    resource:
      name: {{ $resource }}
      target:
        type: Utilization
        averageUtilization: {{ int $percent }}
  {{- end }}
  {{- end }}
{{- with .behavior }}
behavior:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/*
A deadline. Argo CD starts a workload when its dependencies are ready. Without Argo CD everything starts at once, so the time of the gates is added.
Input: root, seconds.
*/}}
{{- define "api-forge.deadline" -}}
{{- if or .root.Values.argocd.enabled (not .root.Values.waitGates.enabled) -}}
{{ int .seconds }}
{{- else -}}
{{ add (int .seconds) (int .root.Values.waitGates.timeoutSeconds) }}
{{- end -}}
{{- end }}

{{/*
One entry of a ConfigMap, under the file's name. The indentation is explicit (`|2`), so a text may begin with spaces.
Input: root, file (the chart's), own (the environment's text instead; optional), more (text that follows and wins; optional).
*/}}
{{- define "api-forge.file" -}}
{{ base .file }}: |2
  {{- or .own (.root.Files.Get .file) | trimSuffix "\n" | nindent 2 }}
  {{- with .more }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}

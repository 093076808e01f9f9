{{/*
What every pod and container has in common: images, the restrictions of Pod Security `restricted`, secret files, probes.
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
{{- $image := .Values.app.image -}}
{{- $tag := $image.tag | default .Chart.AppVersion -}}
{{- template "api-forge.image" (dict "root" . "image" (dict "repository" $image.repository "tag" $tag "digest" $image.digest)) -}}
{{- end }}

{{/* The worker's image: the app's, but for what it says itself. Input: root. */}}
{{- define "api-forge.workerImage" -}}
{{- $app := .Values.app.image -}}
{{- $own := .Values.worker.image -}}
{{- $follows := not (or $own.tag $own.digest) -}}
{{- $image := dict
  "repository" ($own.repository | default $app.repository)
  "tag" ($follows | ternary ($app.tag | default .Chart.AppVersion) $own.tag)
  "digest" ($follows | ternary $app.digest $own.digest) -}}
{{- template "api-forge.image" (dict "root" . "image" $image) -}}
{{- end }}

{{/*
A pod beside its containers and volumes. A changed ConfigMap rolls just the pods that read it, by the checksum of its data.
Input: root, of, runAsUser, runAsGroup (unless it is the user's), configMaps (their names; optional), podAnnotations (optional),
values (the component's, for scheduling, labels and annotations; optional), replicas (for the spread; optional).
*/}}
{{- define "api-forge.pod" -}}
{{- $root := .root -}}
{{- $values := or .values dict -}}
metadata:
  labels:
    {{- template "api-forge.ownLabels" . }}
    {{- range $key, $value := $values.podLabels }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
    {{- range $key, $value := $root.Values.global.labels }}
    {{- if not (hasKey ($values.podLabels | default dict) $key) }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
    {{- end }}
  {{- $configMaps := .configMaps }}
  {{- if and $configMaps (not $root.Values.waitGates.enabled) }}{{ $configMaps = without $configMaps "wait-gates" }}{{ end }}
  {{- $annotations := or .podAnnotations $values.podAnnotations }}
  {{- if or $configMaps $annotations }}
  annotations:
    {{- range $configMaps }}
    checksum/{{ . }}: {{ or (index $root (print "checksum/" .)) (include "api-forge.checksum" (dict "root" $root "name" .)) }}
    {{- end }}
    {{- range $key, $value := $annotations }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
  {{- end }}
spec:
  serviceAccountName: {{ .of }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with $root.Values.global.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    {{- $group := int (or .runAsGroup .runAsUser) }}
    runAsUser: {{ int .runAsUser }}
    runAsGroup: {{ $group }}
    fsGroup: {{ $group }}
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile:
      type: RuntimeDefault
  {{- with .values }}
  terminationGracePeriodSeconds: {{ int .terminationGracePeriodSeconds }}
  {{- with .nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- end }}
  {{- if gt (int .replicas) 1 }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          app.kubernetes.io/name: {{ .of }}
  {{- end }}
{{- end }}

{{/* The fields of every container. Input: root, image (repository, tag, digest) or reference (an image's, made already), resources. */}}
{{- define "api-forge.container" -}}
image: {{ or .reference (include "api-forge.image" .) | quote }}
imagePullPolicy: {{ .root.Values.global.imagePullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources: {{ .resources | toJson }}
{{- end }}

{{/* The three probes of a container, which ask the same at their own times. Input: values (the component's), asks (the handler, as text). */}}
{{- define "api-forge.probes" -}}
{{- range $probe := list "startupProbe" "livenessProbe" "readinessProbe" }}
{{ $probe }}:
  {{ $.asks }}
  {{- range $timing, $value := index $.values $probe }}
  {{ $timing }}: {{ int $value }}
  {{- end }}
{{- end }}
{{- end }}

{{/* One Secret's keys as files. Input: name, keys. */}}
{{- define "api-forge.secretSource" -}}
- secret:
    name: {{ .name }}
    items:
      {{- range .keys }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
{{- end }}

{{/*
The volume behind /run/secrets. A directory is refreshed when a Secret changes; a subPath would not be.
Mode 0400 becomes 0440 for the pod's group, which PostgreSQL accepts for a key that root owns.
Input: its sources, as text.
*/}}
{{- define "api-forge.secretVolume" -}}
- name: secrets
  projected:
    defaultMode: 0400
    sources:
      {{- . | trim | nindent 6 }}
{{- end }}

{{/* Replicas that a scaled component has at least. Input: the component's values. */}}
{{- define "api-forge.leastReplicas" -}}
{{- if .autoscaling.enabled }}{{ int .autoscaling.minReplicas }}{{ else }}{{ int .replicas }}{{ end -}}
{{- end }}

{{/* A PodDisruptionBudget, when there is more than one replica: with one it would only block node drains. Input: root, of, budget, replicas. */}}
{{- define "api-forge.disruptionBudget" -}}
{{- if and .budget.enabled (gt (int .replicas) 1) -}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- template "api-forge.metadata" (dict "root" .root "of" .of "wave" "last") }}
spec:
  maxUnavailable: {{ .budget.maxUnavailable }}
  selector:
    matchLabels:
      app.kubernetes.io/name: {{ .of }}
{{- end }}
{{- end }}

{{/*
How a workload is known and reached: its ServiceAccount, its Service when it has a port, its NetworkPolicy. No workload talks to the Kubernetes
API, so none gets a token. Input: root, of, annotations (of the ServiceAccount; optional), port and what `api-forge.service` reads (optional),
what `api-forge.networkPolicy` reads.
*/}}
{{- define "api-forge.access" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- template "api-forge.metadata" (dict "root" .root "of" .of "wave" "config" "annotations" .annotations) }}
automountServiceAccountToken: false
{{- if .port }}
---
{{ template "api-forge.service" . }}
{{- end }}
{{- if .root.Values.networkPolicy.enabled }}
---
{{ template "api-forge.networkPolicy" . }}
{{- end }}
{{- end }}

{{/*
A Service. A load balancer may never get an address, and its Service is not healthy before: it is one of its own, <name>-public, in the wave
that gates nothing, and what runs inside keeps calling <name>. Input: root, of, service (type, annotations), port, portName.
*/}}
{{- define "api-forge.service" -}}
{{- $type := or .service.type "ClusterIP" -}}
{{- $metadata := dict "root" .root "of" .of "wave" "config" "annotations" .service.annotations -}}
{{- if eq $type "LoadBalancer" -}}
{{ template "api-forge.serviceOfType" (dict "metadata" (omit $metadata "annotations") "type" "ClusterIP" "asked" .) }}
---
{{- $_ := set (set $metadata "name" (printf "%s-public" .of)) "wave" "last" }}
{{ end -}}
{{ template "api-forge.serviceOfType" (dict "metadata" $metadata "type" $type "asked" .) }}
{{- end }}

{{/* Input: metadata, type, asked (the input of `api-forge.service`). */}}
{{- define "api-forge.serviceOfType" -}}
apiVersion: v1
kind: Service
metadata:
  {{- template "api-forge.metadata" .metadata }}
spec:
  type: {{ .type }}
  selector:
    app.kubernetes.io/name: {{ .asked.of }}
  ports:
    - name: {{ .asked.portName }}
      port: {{ .asked.port }}
      targetPort: {{ .asked.portName }}
      protocol: TCP
{{- end }}

{{/*
A claim that neither Argo CD nor Helm deletes. It is in the wave of the pod that mounts it: a claim that waits for its first consumer is not
healthy before. Input: root, of, name, claim (size, storageClass, accessMode).
*/}}
{{- define "api-forge.claim" -}}
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {{- $keep := dict "argocd.argoproj.io/sync-options" "Delete=false,Prune=false" "argocd.argoproj.io/compare-options" "IgnoreExtraneous" "argocd.argoproj.io/ignore-healthcheck" "true" "helm.sh/resource-policy" "keep" }}
  {{- template "api-forge.metadata" (dict "root" .root "name" .name "of" .of "wave" "data" "annotations" $keep) }}
spec:
  accessModes: [{{ .claim.accessMode }}]
  {{- with .claim.storageClass | default .root.Values.global.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ .claim.size }}
{{- end }}

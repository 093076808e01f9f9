{{/*
The text of files: the chart's own in files/, or the environment's in `configFiles`.
*/}}

{{/* Input: root, own (the environment's text), file (the chart's, under files/). */}}
{{- define "api-forge.file" -}}
{{- if .own -}}
{{ .own | trimSuffix "\n" }}
{{- else -}}
{{ .root.Files.Get (printf "files/%s" .file) | trimSuffix "\n" }}
{{- end -}}
{{- end }}

{{/*
One entry of a ConfigMap. The indentation is told, so a text may begin with spaces.
Input: root, key, own, file, more (lines that follow and win; optional).
*/}}
{{- define "api-forge.entry" -}}
{{ .key }}: |2
  {{- include "api-forge.file" . | nindent 2 }}
  {{- range .more }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}

{{/*
What a template gives for the root, made once in a render and kept in the root, which all files of a chart share.
Input: root, template (its name).
*/}}
{{- define "api-forge.once" -}}
{{- $text := get .root .template -}}
{{- if not $text -}}
{{- $text = include .template .root -}}
{{- $_ := set .root .template $text -}}
{{- end -}}
{{- $text -}}
{{- end }}

{{/* The checksum of a ConfigMap's data, made once for all pods that read it. Input: root, name. */}}
{{- define "api-forge.checksum" -}}
{{- $key := printf "checksum of %s" .name -}}
{{- $checksum := get .root $key -}}
{{- if not $checksum -}}
{{- $checksum = include "api-forge.once" (dict "root" .root "template" (printf "api-forge.data.%s" .name)) | sha256sum -}}
{{- $_ := set .root $key $checksum -}}
{{- end -}}
{{- $checksum -}}
{{- end }}

{{/* A ConfigMap. Its data is the template `api-forge.data.<name>`, which the checksum on the pods is made of too. Input: root, name, of. */}}
{{- define "api-forge.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- include "api-forge.metadata" (dict "root" .root "name" .name "of" .of "wave" "config") | nindent 2 }}
data:
  {{- include "api-forge.once" (dict "root" .root "template" (printf "api-forge.data.%s" .name)) | trim | nindent 2 }}
{{- end }}

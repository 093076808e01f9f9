{{/*
The text of files: the chart's own in files/, or the environment's in `configFiles`.
*/}}

{{/*
One entry of a ConfigMap, under the file's name. The indentation is told, so a text may begin with spaces.
Input: root, file (the chart's), own (the environment's text instead; optional), more (text that follows and wins; optional).
*/}}
{{- define "api-forge.entry" -}}
{{ base .file }}: |2
  {{- or .own (.root.Files.Get .file) | trimSuffix "\n" | nindent 2 }}
  {{- with .more }}
  {{- . | nindent 2 }}
  {{- end }}
{{- end }}

{{/*
What a template gives for the root, made once in a render and kept in the root, which all files of a chart share.
Input: root, template (its name).
*/}}
{{- define "api-forge.once" -}}
{{- $text := index .root .template -}}
{{- if not $text -}}
{{- $text = include .template .root -}}
{{- $_ := set .root .template $text -}}
{{- end -}}
{{- $text -}}
{{- end }}

{{/* The checksum of a ConfigMap's data, made once for all pods that read it. Input: root, name. */}}
{{- define "api-forge.checksum" -}}
{{- $checksum := include "api-forge.once" (dict "root" .root "template" (print "api-forge.data." .name)) | sha256sum -}}
{{- $_ := set .root (print "checksum/" .name) $checksum -}}
{{- $checksum -}}
{{- end }}

{{/* A ConfigMap. Its data is the template `api-forge.data.<name>`, which the checksum on the pods is made of too. Input: root, name, of. */}}
{{- define "api-forge.configMap" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  {{- template "api-forge.metadata" (dict "root" .root "name" .name "of" .of "wave" "config") }}
data:
  {{- include "api-forge.once" (dict "root" .root "template" (print "api-forge.data." .name)) | trim | nindent 2 }}
{{- end }}

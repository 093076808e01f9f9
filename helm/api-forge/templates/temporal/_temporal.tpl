{{/*
The files of ConfigMap temporal-config: the server's, and the scripts of both Jobs.
*/}}

{{- define "api-forge.data.temporal-config" -}}
{{- $files := .Values.configFiles -}}
{{ include "api-forge.temporal.schema-setup" . }}
{{ include "api-forge.temporal.namespace-init" . }}
{{ include "api-forge.file" (dict "root" . "file" "files/temporal/entrypoint.sh" "own" $files.temporalEntrypoint) }}
{{ include "api-forge.file" (dict "root" . "file" "files/temporal/dynamic-config.yaml" "own" $files.temporalDynamicConfig) }}
{{- end }}

{{- define "api-forge.temporal.schema-setup" -}}
{{ include "api-forge.file" (dict "root" . "file" "files/temporal/schema-setup.sh" "own" .Values.configFiles.temporalSchemaSetup) }}
{{- end }}

{{- define "api-forge.temporal.namespace-init" -}}
{{ include "api-forge.file" (dict "root" . "file" "files/temporal/namespace-init.sh" "own" .Values.configFiles.temporalNamespaceInit) }}
{{- end }}

{{- define "api-forge.data.temporal-config" -}}
{{- $files := .Values.configFiles -}}
schema-setup.sh: |
  {{- include "api-forge.file" (dict "root" . "own" $files.temporalSchemaSetup "file" "temporal/schema-setup.sh") | nindent 2 }}
namespace-init.sh: |
  {{- include "api-forge.file" (dict "root" . "own" $files.temporalNamespaceInit "file" "temporal/namespace-init.sh") | nindent 2 }}
entrypoint.sh: |
  {{- include "api-forge.file" (dict "root" . "own" $files.temporalEntrypoint "file" "temporal/entrypoint.sh") | nindent 2 }}
dynamic-config.yaml: |
  {{- include "api-forge.file" (dict "root" . "own" $files.temporalDynamicConfig "file" "temporal/dynamic-config.yaml") | nindent 2 }}
{{- end }}

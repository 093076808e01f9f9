{{- define "api-forge.data.temporal-config" -}}
{{- $files := .Values.configFiles -}}
{{ include "api-forge.entry" (dict "root" . "key" "schema-setup.sh" "own" $files.temporalSchemaSetup "file" "temporal/schema-setup.sh") }}
{{ include "api-forge.entry" (dict "root" . "key" "namespace-init.sh" "own" $files.temporalNamespaceInit "file" "temporal/namespace-init.sh") }}
{{ include "api-forge.entry" (dict "root" . "key" "entrypoint.sh" "own" $files.temporalEntrypoint "file" "temporal/entrypoint.sh") }}
{{ include "api-forge.entry" (dict "root" . "key" "dynamic-config.yaml" "own" $files.temporalDynamicConfig "file" "temporal/dynamic-config.yaml") }}
{{- end }}

{{- define "api-forge.data.temporal-config" -}}
{{- $files := .Values.configFiles -}}
{{ include "api-forge.temporal.schema-setup" . }}
{{ include "api-forge.temporal.namespace-init" . }}
{{ include "api-forge.entry" (dict "root" . "key" "entrypoint.sh" "own" $files.temporalEntrypoint "file" "temporal/entrypoint.sh") }}
{{ include "api-forge.entry" (dict "root" . "key" "dynamic-config.yaml" "own" $files.temporalDynamicConfig "file" "temporal/dynamic-config.yaml") }}
{{- end }}

{{- define "api-forge.temporal.schema-setup" -}}
{{ include "api-forge.entry" (dict "root" . "key" "schema-setup.sh" "own" .Values.configFiles.temporalSchemaSetup "file" "temporal/schema-setup.sh") }}
{{- end }}

{{- define "api-forge.temporal.namespace-init" -}}
{{ include "api-forge.entry" (dict "root" . "key" "namespace-init.sh" "own" .Values.configFiles.temporalNamespaceInit "file" "temporal/namespace-init.sh") }}
{{- end }}

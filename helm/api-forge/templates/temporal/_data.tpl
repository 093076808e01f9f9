{{- define "api-forge.data.temporal-config" -}}
{{- $files := .Values.configFiles -}}
{{ template "api-forge.temporal.schema-setup" . }}
{{ template "api-forge.temporal.namespace-init" . }}
{{ template "api-forge.entry" (dict "root" . "file" "files/temporal/entrypoint.sh" "own" $files.temporalEntrypoint) }}
{{ template "api-forge.entry" (dict "root" . "file" "files/temporal/dynamic-config.yaml" "own" $files.temporalDynamicConfig) }}
{{- end }}

{{- define "api-forge.temporal.schema-setup" -}}
{{ template "api-forge.entry" (dict "root" . "file" "files/temporal/schema-setup.sh" "own" .Values.configFiles.temporalSchemaSetup) }}
{{- end }}

{{- define "api-forge.temporal.namespace-init" -}}
{{ template "api-forge.entry" (dict "root" . "file" "files/temporal/namespace-init.sh" "own" .Values.configFiles.temporalNamespaceInit) }}
{{- end }}

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

{{/*
What the gates wait for and no manifest shows: a Job's result. As annotations, so that `gitops-gen plan` proves these edges too.
*/}}
{{- define "api-forge.needs.temporalSchema" -}}
{{- if .Values.temporal.schemaSetup.enabled }}
gitops-gen.io/needs: Job/temporal-schema-setup-*
{{- end }}
{{- end }}

{{- define "api-forge.needs.temporalNamespace" -}}
{{- if and .Values.temporal.enabled .Values.temporal.namespaceInit.enabled }}
gitops-gen.io/needs: Job/temporal-namespace-init-*
{{- end }}
{{- end }}

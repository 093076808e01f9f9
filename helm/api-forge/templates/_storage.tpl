{{/*
One server on one data directory: see files/storage/hold-lock.sh and docs/chart/storage.md.
*/}}

{{/* The command of a container that uses a data directory. Input: data (values of its volume), folder (of the script), name, lock (file), command (list). */}}
{{- define "api-forge.alone" -}}
{{- $prefix := .data.lock | ternary (list "sh" (print .folder "/hold-lock.sh") .name .lock) list -}}
{{ concat $prefix .command | toJson }}
{{- end }}

{{/* Seconds that one start may take, by the probe that waits for it. Input: the component's values. */}}
{{- define "api-forge.startSeconds" -}}
{{ mul (int .startupProbe.periodSeconds) (int .startupProbe.failureThreshold) }}
{{- end }}

{{/* A rollout must not fail while the new pod waits for the old one's shutdown and then starts. Input: the component's values. */}}
{{- define "api-forge.storeDeadline" -}}
{{ max (int .progressDeadlineSeconds) (add (int .terminationGracePeriodSeconds) (include "api-forge.startSeconds" . | int)) }}
{{- end }}

{{/*
NetworkPolicies. Each pod is selected by one policy for both directions, so what is not written here is denied.
*/}}

{{/*
One policy. Input: root, of, policy (extraIngress, extraEgress; optional), ingress (a list of {from: names, ports}),
egress (rules of `api-forge.egress`, as text), dns (whether it resolves names).
*/}}
{{- define "api-forge.networkPolicy" -}}
{{- $policy := .policy | default dict -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "api-forge.metadata" (dict "root" .root "name" .of "of" .of "wave" "config") | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .of }}
  policyTypes:
    - Ingress
    {{- if .root.Values.networkPolicy.restrictEgress }}
    - Egress
    {{- end }}
  {{- if or .ingress $policy.extraIngress }}
  ingress:
    {{- range .ingress }}
    - from:
        {{- range .from }}
        - podSelector: {matchLabels: {app.kubernetes.io/name: {{ . }}}}
        {{- end }}
      ports:
        {{- range .ports }}
        - {protocol: TCP, port: {{ . }}}
        {{- end }}
    {{- end }}
    {{- with $policy.extraIngress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- else }}
  ingress: []
  {{- end }}
  {{- if .root.Values.networkPolicy.restrictEgress }}
  {{- if or .dns .egress $policy.extraEgress }}
  egress:
    {{- if .dns }}
    - ports:
        - {protocol: UDP, port: 53}
        - {protocol: TCP, port: 53}
    {{- end }}
    {{- with .egress | default "" | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with $policy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- else }}
  egress: []
  {{- end }}
  {{- end }}
{{- end }}

{{/* One outgoing rule: to pods, or to anywhere on its ports when the host is outside of the cluster. Input: to (a name; optional), ports. */}}
{{- define "api-forge.egress" -}}
- ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with .to }}
  to:
    - podSelector: {matchLabels: {app.kubernetes.io/name: {{ . }}}}
  {{- end }}
{{- end }}

{{- define "api-forge.egress.postgres" -}}
{{ include "api-forge.egress" (dict "to" (.Values.postgresql.enabled | ternary "postgres" "") "ports" (list (include "api-forge.postgres.port" .))) }}
{{- end }}

{{- define "api-forge.egress.redis" -}}
{{- if include "api-forge.redis.present" . -}}
{{ include "api-forge.egress" (dict "to" (.Values.redis.enabled | ternary "redis" "") "ports" (list (include "api-forge.redis.port" .))) }}
{{- end }}
{{- end }}

{{- define "api-forge.egress.temporal" -}}
{{- if .Values.temporal.enabled -}}
{{ include "api-forge.egress" (dict "to" "temporal" "ports" (list 7233)) }}
{{- else if .Values.temporal.external.host -}}
{{ include "api-forge.egress" (dict "ports" (list (int .Values.temporal.external.port))) }}
{{- end }}
{{- end }}

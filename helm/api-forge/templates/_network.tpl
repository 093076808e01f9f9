{{/*
NetworkPolicies. Each pod is selected by one policy for both directions, so what is not written here is denied.
*/}}

{{/* Peers by their names. Input: a list of names. */}}
{{- define "api-forge.peers" -}}
{{- range . }}
- podSelector:
    matchLabels:
      {{- include "api-forge.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* Ports. Input: a list of numbers. */}}
{{- define "api-forge.ports" -}}
{{- range . }}
- {protocol: TCP, port: {{ . }}}
{{- end }}
{{- end }}

{{/*
One policy. Input: root, of, policy (extraIngress, extraEgress; optional), ingress (a list of {from: names, ports}),
egress (a list of {to: names, ports}; without `to` to anywhere, for hosts outside of the cluster), dns (whether it resolves names).
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
      {{- include "api-forge.selector" .of | nindent 6 }}
  policyTypes:
    - Ingress
    {{- if .root.Values.networkPolicy.restrictEgress }}
    - Egress
    {{- end }}
  {{- if or .ingress $policy.extraIngress }}
  ingress:
    {{- range .ingress }}
    - from:
        {{- include "api-forge.peers" .from | nindent 8 }}
      ports:
        {{- include "api-forge.ports" .ports | nindent 8 }}
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
    {{- range .egress }}
    - ports:
        {{- include "api-forge.ports" .ports | nindent 8 }}
      {{- with .to }}
      to:
        {{- include "api-forge.peers" . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- with $policy.extraEgress }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- else }}
  egress: []
  {{- end }}
  {{- end }}
{{- end }}

{{/* The way to each service, as an egress rule: to its pods, or to anywhere on its port when it is external. Input: root. Output: YAML lists. */}}
{{- define "api-forge.egress.postgres" -}}
- ports: [{{ include "api-forge.postgres.port" . }}]
  {{- if .Values.postgresql.enabled }}
  to: [postgres]
  {{- end }}
{{- end }}

{{- define "api-forge.egress.redis" -}}
{{- if include "api-forge.redis.present" . }}
- ports: [{{ include "api-forge.redis.port" . }}]
  {{- if .Values.redis.enabled }}
  to: [redis]
  {{- end }}
{{- end }}
{{- end }}

{{- define "api-forge.egress.temporal" -}}
{{- if include "api-forge.temporal.present" . }}
{{- if .Values.temporal.enabled }}
- ports: [7233]
  to: [temporal]
{{- else }}
- ports: [{{ int .Values.temporal.external.port }}]
{{- end }}
{{- end }}
{{- end }}

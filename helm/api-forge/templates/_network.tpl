{{/*
NetworkPolicies. Each pod is selected by one policy for both directions, so what is not written here is denied.
*/}}

{{/*
One policy. Input: root, of, policy (extraIngress, extraEgress; optional), ingress (a list of {from: names, ports}),
egress (rules of `api-forge.egress`, as text; who has one resolves names too).
*/}}
{{- define "api-forge.networkPolicy" -}}
{{- $policy := or .policy dict -}}
{{- $restrictEgress := .root.Values.networkPolicy.restrictEgress -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- template "api-forge.metadata" (dict "root" .root "of" .of "wave" "config") }}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .of }}
  policyTypes:
    - Ingress
    {{- if $restrictEgress }}
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
  {{- if $restrictEgress }}
  {{- if or .egress $policy.extraEgress }}
  egress:
    {{- with .egress }}
    - ports:
        - {protocol: UDP, port: 53}
        - {protocol: TCP, port: 53}
    {{- trim . | nindent 4 }}
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
{{- if .Values.postgresql.enabled -}}
{{ template "api-forge.egress" (dict "to" "postgres" "ports" (list 5432)) }}
{{- else -}}
{{ template "api-forge.egress" (dict "ports" (list (int .Values.postgresql.external.port))) }}
{{- end }}
{{- end }}

{{- define "api-forge.egress.redis" -}}
{{- if .Values.redis.enabled -}}
{{ template "api-forge.egress" (dict "to" "redis" "ports" (list 6379)) }}
{{- else if .Values.redis.external.host -}}
{{ template "api-forge.egress" (dict "ports" (list (int .Values.redis.external.port))) }}
{{- end }}
{{- end }}

{{- define "api-forge.egress.temporal" -}}
{{- if .Values.temporal.enabled -}}
{{ template "api-forge.egress" (dict "to" "temporal" "ports" (list 7233)) }}
{{- else if .Values.temporal.external.host -}}
{{ template "api-forge.egress" (dict "ports" (list (int .Values.temporal.external.port))) }}
{{- end }}
{{- end }}

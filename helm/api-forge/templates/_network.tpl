{{/*
The rules of NetworkPolicies. Each pod is selected by one policy for both directions, so what is not written here is denied.
*/}}

{{/*
What may come in. Input: rules (a list of from: names of workloads, ports), root and metrics (of the component, which Prometheus reads; optional),
extra (rules as Kubernetes has them).
*/}}
{{- define "api-forge.ingressRules" -}}
{{- $metrics := .metrics | default dict -}}
{{- if or .rules .extra $metrics.enabled -}}
ingress:
  {{- range .rules }}
  - from:
      {{- range .from }}
      - podSelector: {matchLabels: {app.kubernetes.io/name: {{ . }}}}
      {{- end }}
    ports:
      {{- range .ports }}
      - {protocol: TCP, port: {{ . }}}
      {{- end }}
  {{- end }}
  {{- if $metrics.enabled }}
  - ports:
      - {protocol: TCP, port: {{ int $metrics.port }}}
    {{- with .root.Values.monitoring.from }}
    from:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- with .extra }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- else -}}
ingress: []
{{- end }}
{{- end }}

{{/*
What may go out: to pods, or to anywhere on its ports when the host is outside of the cluster. Who may go anywhere may resolve names too.
Input: rules (a list of to: a workload's name, or nothing for a host outside, ports; an empty rule is none), extra (rules as Kubernetes has them).
*/}}
{{- define "api-forge.egressRules" -}}
{{- $rules := list -}}
{{- range .rules }}{{ if . }}{{ $rules = append $rules . }}{{ end }}{{ end -}}
{{- if or $rules .extra -}}
egress:
  {{- if $rules }}
  - ports:
      - {protocol: UDP, port: 53}
      - {protocol: TCP, port: 53}
  {{- end }}
  {{- range $rules }}
  - ports:
      {{- range .ports }}
      - {protocol: TCP, port: {{ . }}}
      {{- end }}
    {{- with .to }}
    to:
      - podSelector: {matchLabels: {app.kubernetes.io/name: {{ . }}}}
    {{- end }}
  {{- end }}
  {{- with .extra }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- else -}}
egress: []
{{- end }}
{{- end }}

{{/* Ports of a Service that are no part of the chart's own. Input: the component's values. */}}
{{- define "api-forge.servicePorts" -}}
{{- range .extraPorts }}
- name: {{ .name }}
  port: {{ int .port }}
  targetPort: {{ int .port }}
  protocol: {{ .protocol | default "TCP" }}
{{- end }}
{{- with .metrics }}
{{- if .enabled }}
- name: metrics
  port: {{ int .port }}
  targetPort: {{ int .port }}
  protocol: TCP
{{- end }}
{{- end }}
{{- end }}

{{/* Which load balancer a Service has, and who may use it. Input: the component's `service`. */}}
{{- define "api-forge.loadBalancer" -}}
type: LoadBalancer
{{- with .loadBalancerClass }}
loadBalancerClass: {{ . }}
{{- end }}
{{- with .loadBalancerSourceRanges }}
loadBalancerSourceRanges: {{ toJson . }}
{{- end }}
{{- end }}

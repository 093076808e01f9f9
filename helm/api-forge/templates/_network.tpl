{{/*
The rules of NetworkPolicies. Each pod is selected by one policy for both directions, so what is not written here is denied.
*/}}

{{/* What may come in. Input: rules (a list of from: names of workloads, ports), extra (rules as Kubernetes has them). */}}
{{- define "api-forge.ingressRules" -}}
{{- if or .rules .extra -}}
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

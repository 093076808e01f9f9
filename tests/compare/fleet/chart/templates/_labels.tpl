{{- define "labels" }}
    app.kubernetes.io/name: shop
    helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

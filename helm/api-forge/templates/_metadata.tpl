{{/*
Labels and annotations. Object names are fixed, since a release owns its namespace; only labels carry the release's name.

Sync waves, which each template sets. Argo CD starts the next wave when everything in this one is healthy, and waits for nothing
in the last: so the last wave holds what may never become healthy. https://argo-cd.readthedocs.io/en/stable/user-guide/sync-waves/

    -20  SecretStore                                  10  Temporal
    -15  ExternalSecrets                              15  Job that makes Temporal's namespace
    -10  ServiceAccounts, ConfigMaps, Services,       20  app, worker, Temporal web
         NetworkPolicies                              30  smoke test
      0  PostgreSQL, Redis and their volumes          40  HPA, PDB, Ingress, LoadBalancer, ConfigMap `released`
      5  Jobs on the database
*/}}

{{/*
The labels that pods share with their objects. Everything selects by the first: never change it, a Deployment's selector is immutable.
Input: root, name, component.
*/}}
{{- define "api-forge.identity" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/part-of: api-forge
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* An object's labels. Input: root, name, component. */}}
{{- define "api-forge.labels" -}}
{{ include "api-forge.identity" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.global.environment }}
environment: {{ . | quote }}
{{- end }}
{{- range $key, $value := .root.Values.global.labels }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end }}

{{/*
A pod's labels. They do not include the version, which would restart each pod at every release of the chart.
Input: root, name, component, own (the component's podLabels; optional).
*/}}
{{- define "api-forge.podLabels" -}}
{{ include "api-forge.identity" . }}
{{- range $key, $value := .own }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- range $key, $value := .root.Values.global.labels }}
{{- if not (hasKey ($.own | default dict) $key) }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/*
An object's annotations after the sync wave, each on its own line with the indentation of `metadata.annotations`; nothing when there are none.
Input: root, own (a map, which wins over global.annotations; optional).
*/}}
{{- define "api-forge.annotations" -}}
{{- range $key, $value := .own }}
    {{ $key }}: {{ $value | quote }}
{{- end }}
{{- range $key, $value := .root.Values.global.annotations }}
{{- if not (hasKey ($.own | default dict) $key) }}
    {{ $key }}: {{ $value | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/*
A Deployment's annotations after the sync wave. With them Stakater Reloader restarts it when a Secret that it reads changes.
Input: root, own (optional), secrets (as `api-forge.secretVolume` reads them; optional).
*/}}
{{- define "api-forge.deploymentAnnotations" -}}
{{- $own := .own | default dict -}}
{{- if and .secrets .root.Values.reloader.enabled -}}
{{- $names := list -}}
{{- range .secrets }}{{ $names = append $names .name }}{{ end -}}
{{- $own = merge (dict "secret.reloader.stakater.com/reload" ($names | uniq | join ",")) $own -}}
{{- end -}}
{{- include "api-forge.annotations" (dict "root" .root "own" $own) -}}
{{- end }}

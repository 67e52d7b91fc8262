{{- define "wattline.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{/* Room for the longest suffix, `-processors`, and for what Kubernetes adds to the names of pods. */}}
{{- define "wattline.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "wattline.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "wattline.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "wattline.selector" -}}
app.kubernetes.io/name: {{ include "wattline.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end -}}

{{- define "wattline.labels" -}}
{{ include "wattline.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: wattline
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "wattline.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "wattline.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "wattline.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default (printf "%s-cluster" .Chart.AppVersion)) -}}
{{- end -}}

{{- define "wattline.scheme" -}}
{{- if .Values.tls.secret.name }}https{{ else }}http{{ end -}}
{{- end -}}

{{- define "wattline.collectorUrl" -}}
{{- printf "%s://%s-collector.%s.svc:4318" (include "wattline.scheme" .) (include "wattline.fullname" .) .Release.Namespace -}}
{{- end -}}

{{/* What every container may do: nothing but run. */}}
{{- define "wattline.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* Alive: restarted when it is not. Ready: left out of its Service, and not restarted, while a neighbour is down. */}}
{{- define "wattline.probes" -}}
{{- $scheme := include "wattline.scheme" . | upper -}}
startupProbe:
  httpGet: {path: /healthz, port: http, scheme: {{ $scheme }}}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: http, scheme: {{ $scheme }}}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: {path: /readyz, port: http, scheme: {{ $scheme }}}
  periodSeconds: 5
  timeoutSeconds: 3
  failureThreshold: 2
{{- end -}}

{{- define "wattline.lifecycle" -}}
lifecycle:
  preStop:
    sleep: {seconds: {{ .Values.preStopSeconds }}}
{{- end -}}

{{- define "wattline.terminationGrace" -}}
{{- add .Values.shutdownGraceSeconds .Values.preStopSeconds 10 -}}
{{- end -}}

{{/* Where a pod runs; `values` are those of the role. */}}
{{- define "wattline.scheduling" -}}
{{- with .values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

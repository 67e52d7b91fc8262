{{/* Ports, certificate and tokens: the same for every process. */}}
{{- define "wattline.listen" -}}
listen:
  host: "0.0.0.0"
  {{- if .Values.tls.secret.name }}
  tls: {cert: /etc/wattline/tls/tls.crt, key: /etc/wattline/tls/tls.key}
  {{- end }}
auth:
  tokens_file: {{ printf "/etc/wattline/auth/%s" .Values.auth.secret.key }}
shutdown_grace: {{ .Values.shutdownGraceSeconds }}
{{- end -}}

{{/* wattline.yaml of collectors, processors and query; which of them a process is says --roles. */}}
{{- define "wattline.config" -}}
{{ include "wattline.listen" . }}
broker:
  kind: kafka
  brokers: {{ .Values.kafka.brokers | toJson }}
  topic_prefix: {{ .Values.kafka.topicPrefix | quote }}
  replication: {{ .Values.kafka.replication }}
  partitions: {{ .Values.kafka.partitions }}
  {{- with .Values.kafka.tls }}
  {{- if .enabled }}
  tls:
    enabled: true
    {{- if .secret.name }}
    {{- with .secret.caKey }}
    ca: "${file:/etc/wattline/kafka-tls/{{ . }}}"
    {{- end }}
    {{- with .secret.certKey }}
    cert: "${file:/etc/wattline/kafka-tls/{{ . }}}"
    {{- end }}
    {{- with .secret.keyKey }}
    key: "${file:/etc/wattline/kafka-tls/{{ . }}}"
    {{- end }}
    {{- end }}
  {{- end }}
  {{- end }}
  {{- with .Values.kafka.sasl }}
  {{- if ne .mechanism "none" }}
  sasl:
    mechanism: {{ .mechanism }}
    username: "${file:/etc/wattline/kafka-sasl/{{ .secret.usernameKey }}}"
    password: "${file:/etc/wattline/kafka-sasl/{{ .secret.passwordKey }}}"
  {{- end }}
  {{- end }}
warehouse:
  kind: clickhouse
  url: {{ .Values.clickhouse.urls | toJson }}
  user: {{ .Values.clickhouse.user | quote }}
  password: "${file:/etc/wattline/clickhouse/{{ .Values.clickhouse.secret.passwordKey }}}"
  {{- with .Values.clickhouse.cluster }}
  cluster: {{ . | quote }}
  {{- end }}
  {{- with .Values.clickhouse.tls.secret }}
  {{- if .name }}
  tls: {ca: "${file:/etc/wattline/clickhouse-tls/{{ .caKey }}}"}
  {{- end }}
  {{- end }}
{{- with .Values.scaling }}
{{- if .enabled }}
autoscalers:
  namespaces: {{ .namespaces | toJson }}
  {{- if or .metricApis.external .metricApis.custom }}
  kubernetes:
    cert: /etc/wattline/metric-apis/tls.crt
    key: /etc/wattline/metric-apis/tls.key
    client_ca: {{ printf "/etc/wattline/front-proxy/%s" .metricApis.frontProxy.key }}
    client_names: {{ .metricApis.frontProxy.clientNames | toJson }}
  {{- end }}
{{- end }}
{{- end }}
# Nodes are measured by their agents; a role would see its container alone.
sensors: {cpu_time: "off", rapl: "off", estimate: "off"}
{{- end -}}

{{/* names.yaml of the process that names all pods: that of the others, and what it asks for. */}}
{{- define "wattline.namesConfig" -}}
{{ include "wattline.config" . }}
{{- with .Values.kubernetes }}
kubernetes:
  mode: cluster
  cluster_name: {{ .clusterName | quote }}
  labels: {{ .labels | toJson }}
  annotations: {{ .annotations | toJson }}
  namespace_labels: {{ .namespaceLabels | toJson }}
  node_labels: {{ .nodeLabels | toJson }}
{{- end }}
{{- end -}}

{{/* wattline.yaml of the agents: a log of their own, forwarded to the collectors. */}}
{{- define "wattline.agentConfig" -}}
{{ include "wattline.listen" . }}
roles: [collector]
data: /data
broker:
  kind: embedded
  partitions: 1
  max_bytes: {{ int64 .Values.agent.maxLogBytes }}
forward:
  url: {{ include "wattline.collectorUrl" . | quote }}
  token: "${file:/etc/wattline/token/{{ .Values.agent.tokenSecret.key }}}"
  {{- if .Values.tls.secret.name }}
  tls: {ca: "${file:/etc/wattline/tls/ca.crt}"}
  {{- end }}
sensors:
  host_root: /host
{{- with .Values.kubernetes }}
kubernetes:
  mode: {{ eq .mode "cluster" | ternary "off" .mode | quote }}
  {{- if has .mode (list "node" "kubelet") }}
  cluster_name: {{ .clusterName | quote }}
  labels: {{ .labels | toJson }}
  annotations: {{ .annotations | toJson }}
  {{- if eq .mode "node" }}
  namespace_labels: {{ .namespaceLabels | toJson }}
  node_labels: {{ .nodeLabels | toJson }}
  {{- else }}
  kubelet_verify: {{ .kubeletVerify }}
  {{- if .kubeletVerify }}
  # Of clusters whose kubelets have certificates of the cluster's own authority.
  kubelet_ca_file: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
  {{- end }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

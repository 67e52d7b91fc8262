{{/* Deployment of one role. Takes root, role, and values: those of the role. */}}
{{- define "wattline.deployment" -}}
{{- $root := .root -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "wattline.fullname" $root }}-{{ .role }}
  labels: {{- include "wattline.labels" . | nindent 4 }}
spec:
  {{- if eq (dig "autoscaling" "kind" "none" .values) "none" }}
  replicas: {{ .values.replicas }}
  {{- end }}
  selector:
    matchLabels: {{- include "wattline.selector" . | nindent 6 }}
  {{- if eq .role "names" }}
  # Two would say the same twice.
  strategy: {type: Recreate}
  {{- else }}
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  {{- end }}
  template:
    metadata:
      labels:
        {{- include "wattline.labels" . | nindent 8 }}
        {{- with .values.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      annotations:
        checksum/config: {{ include (print $root.Template.BasePath "/configmap.yaml") $root | sha256sum }}
        {{- with .values.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      {{- if eq .role "names" }}
      serviceAccountName: {{ include "wattline.fullname" $root }}-names
      automountServiceAccountToken: true
      {{- else }}
      serviceAccountName: {{ include "wattline.serviceAccountName" $root }}
      automountServiceAccountToken: false
      {{- end }}
      enableServiceLinks: false
      {{- with $root.Values.imagePullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      terminationGracePeriodSeconds: {{ include "wattline.terminationGrace" $root }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile: {type: RuntimeDefault}
      {{- include "wattline.scheduling" . | nindent 6 }}
      {{- if $root.Values.topologySpread.enabled }}
      topologySpreadConstraints:
        {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
        - topologyKey: {{ . }}
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels: {{- include "wattline.selector" $ | nindent 14 }}
        {{- end }}
      {{- end }}
      containers:
        - name: {{ .role }}
          image: {{ include "wattline.image" $root | quote }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          {{- if eq .role "names" }}
          args: [run, --config, /etc/wattline/config/names.yaml, --roles, collector]
          {{- else }}
          args: [run, --config, /etc/wattline/config/wattline.yaml, --roles, {{ .role }}]
          {{- end }}
          env:
            # Kept over restarts of the container: it gets its partitions back at once.
            - name: WATTLINE_INSTANCE
              valueFrom: {fieldRef: {fieldPath: metadata.name}}
            {{- if eq .role "names" }}
            # Up to when it has heard the API server, kept over restarts of the container.
            - {name: WATTLINE_DATA, value: /data}
            {{- end }}
            {{- if and (eq .role "query") $root.Values.query.jaeger }}
            - {name: WATTLINE_LISTEN_JAEGER, value: "17271"}
            {{- end }}
            {{- if eq .role "scaling" }}
            # Of its last answers, which it gives again after a restart.
            - {name: WATTLINE_DATA, value: /data}
            {{- if or $root.Values.scaling.metricApis.external $root.Values.scaling.metricApis.custom }}
            - {name: WATTLINE_LISTEN_KUBERNETES, value: "6443"}
            {{- end }}
            {{- end }}
          ports:
            - {name: http, containerPort: 9288}
            {{- if eq .role "query" }}
            - {name: clickhouse, containerPort: 8123}
            {{- if $root.Values.query.jaeger }}
            - {name: jaeger, containerPort: 17271}
            {{- end }}
            {{- end }}
            {{- if eq .role "scaling" }}
            - {name: keda, containerPort: 9289}
            {{- if or $root.Values.scaling.metricApis.external $root.Values.scaling.metricApis.custom }}
            - {name: metric-apis, containerPort: 6443}
            {{- end }}
            {{- end }}
            {{- if eq .role "collector" }}
            - {name: otlp-http, containerPort: 4318}
            - {name: otlp-grpc, containerPort: 4317}
            {{- end }}
          {{- include "wattline.probes" $root | nindent 10 }}
          {{- include "wattline.lifecycle" $root | nindent 10 }}
          resources: {{- toYaml .values.resources | nindent 12 }}
          securityContext: {{- include "wattline.containerSecurity" $root | nindent 12 }}
          volumeMounts:
            {{- include "wattline.mounts" $root | nindent 12 }}
            {{- if has .role (list "scaling" "names") }}
            - {name: data, mountPath: /data}
            {{- end }}
            {{- if eq .role "scaling" }}
            {{- with $root.Values.scaling.metricApis }}
            {{- if or .external .custom }}
            - {name: metric-apis, mountPath: /etc/wattline/metric-apis, readOnly: true}
            - {name: front-proxy, mountPath: /etc/wattline/front-proxy, readOnly: true}
            {{- end }}
            {{- end }}
            {{- end }}
      volumes:
        {{- include "wattline.volumes" $root | nindent 8 }}
        {{- if has .role (list "scaling" "names") }}
        - {name: data, emptyDir: {}}
        {{- end }}
        {{- if eq .role "scaling" }}
        {{- with $root.Values.scaling.metricApis }}
        {{- if or .external .custom }}
        - name: metric-apis
          secret: {secretName: {{ required "scaling.metricApis.secret.name: the certificate of the metric APIs" .secret.name }}, defaultMode: 0440}
        - name: front-proxy
          configMap: {name: {{ required "scaling.metricApis.frontProxy.configMap: the authority of the front proxy" .frontProxy.configMap }}}
        {{- end }}
        {{- end }}
        {{- end }}
{{- end -}}

{{/* Secrets are mounted one by one, each in a folder of its own, and are read-only like everything else. */}}
{{- define "wattline.secretVolumes" -}}
{{- $volumes := dict "auth" .Values.auth.secret.name -}}
{{- with .Values.tls.secret.name }}{{ $_ := set $volumes "tls" . }}{{ end -}}
{{- $_ := set $volumes "clickhouse" .Values.clickhouse.secret.name -}}
{{- with .Values.clickhouse.tls.secret.name }}{{ $_ := set $volumes "clickhouse-tls" . }}{{ end -}}
{{- if and .Values.kafka.tls.enabled .Values.kafka.tls.secret.name }}{{ $_ := set $volumes "kafka-tls" .Values.kafka.tls.secret.name }}{{ end -}}
{{- if ne .Values.kafka.sasl.mechanism "none" }}{{ $_ := set $volumes "kafka-sasl" .Values.kafka.sasl.secret.name }}{{ end -}}
{{- toYaml $volumes -}}
{{- end -}}

{{- define "wattline.mounts" -}}
- {name: config, mountPath: /etc/wattline/config, readOnly: true}
{{- range $name, $_ := include "wattline.secretVolumes" . | fromYaml }}
- {name: {{ $name }}, mountPath: /etc/wattline/{{ $name }}, readOnly: true}
{{- end }}
{{- end -}}

{{- define "wattline.volumes" -}}
- name: config
  configMap:
    name: {{ include "wattline.fullname" . }}
    items: [{key: wattline.yaml, path: wattline.yaml}{{ if eq .Values.kubernetes.mode "cluster" }}, {key: names.yaml, path: names.yaml}{{ end }}]
{{- range $name, $secret := include "wattline.secretVolumes" . | fromYaml }}
- name: {{ $name }}
  secret: {secretName: {{ $secret }}, defaultMode: 0440}
{{- end }}
{{- end -}}

{{/* Service of one role; takes root, role, service, and otlp: whether it takes telemetry. */}}
{{- define "wattline.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "wattline.fullname" .root }}-{{ .role }}
  labels: {{- include "wattline.labels" . | nindent 4 }}
  {{- with .service.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- if .service.headless }}
  clusterIP: None
  {{- else }}
  type: {{ .service.type }}
  {{- end }}
  {{- if .service.local }}
  internalTrafficPolicy: Local
  {{- end }}
  selector: {{- include "wattline.selector" . | nindent 4 }}
  ports:
    - {name: http, port: 9288, targetPort: http}
    {{- if .otlp }}
    - {name: otlp-http, port: 4318, targetPort: otlp-http}
    - {name: otlp-grpc, port: 4317, targetPort: otlp-grpc}
    {{- end }}
    {{- if eq .role "query" }}
    - {name: clickhouse, port: 8123, targetPort: clickhouse}
    {{- if .root.Values.query.jaeger }}
    - {name: jaeger, port: 17271, targetPort: jaeger}
    {{- end }}
    {{- end }}
    {{- if eq .role "scaling" }}
    - {name: keda, port: 9289, targetPort: keda}
    {{- with .root.Values.scaling.metricApis }}
    {{- if or .external .custom }}
    - {name: metric-apis, port: 6443, targetPort: metric-apis}
    {{- end }}
    {{- end }}
    {{- end }}
{{- end -}}

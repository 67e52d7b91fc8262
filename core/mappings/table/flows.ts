/** Network bytes by workload: Cilium's Hubble, Retina, and the eBPF instrumentation of OpenTelemetry and Grafana. */
import type { BuiltInRow, MappingWorkload } from '../row.ts'
import { type RowRest, rowsOf } from './builder.ts'

const pod = (namespace: string, name: string): MappingWorkload => ({
  kind: 'pod',
  id: `{${namespace}}/{${name}}`,
  name: `{${name}}`,
  namespace: `{${namespace}}`,
  labels: { 'k8s.namespace.name': `{${namespace}}`, 'k8s.pod.name': `{${name}}` },
})

/** A flow is seen on both nodes: on that of its sender as egress, on that of its receiver as ingress. */
const RECEIVED = '/^ingress$/i'
const NAMESPACED = '/^(?<namespace>[a-z0-9-]+)\\/(?<pod>[a-z0-9.-]+)$/'

const hubble = rowsOf('hubble', { host: ['{node}', '{node_name}'] })
const sides = (direction: string): readonly RowRest[] => [
  {
    when: { [direction]: RECEIVED, destination: NAMESPACED },
    domain: 'receive',
    device: '{source|""}',
    workload: pod('namespace', 'pod'),
  },
  {
    when: { [direction]: RECEIVED, destination_pod: '/./' },
    domain: 'receive',
    device: '{source_pod|source|""}',
    workload: pod('destination_namespace', 'destination_pod'),
  },
]
const SENT: readonly RowRest[] = [
  {
    when: { source: NAMESPACED },
    domain: 'transmit',
    device: '{destination|""}',
    workload: pod('namespace', 'pod'),
  },
  {
    when: { source_pod: '/./' },
    domain: 'transmit',
    device: '{destination_pod|destination|""}',
    workload: pod('source_namespace', 'source_pod'),
  },
]

const retina = rowsOf('retina', { host: '{node}' })
const ofRetina = (direction: string, domain: 'receive' | 'transmit'): RowRest => ({
  when: { direction, podname: '/./' },
  domain,
  workload: pod('namespace', 'podname'),
})

/** `source` by the names of OTLP and of Prometheus. */
const ebpf = (prefix: string, dot: '.' | '_'): RowRest => ({
  when: { [`k8s${dot}src${dot}type`]: 'Pod' },
  host: `{k8s${dot}src${dot}node${dot}name}`,
  domain: 'transmit',
  device: `{k8s${dot}dst${dot}name|dst${dot}address|"${prefix}"}`,
  workload: pod(`k8s${dot}src${dot}namespace`, `k8s${dot}src${dot}name`),
})

export const FLOW_ROWS: readonly BuiltInRow[] = [
  ...['direction', 'traffic_direction']
    .flatMap(sides)
    .map(rest => hubble('hubble_flow_bytes_total', 'network_io', 'By', rest)),
  ...SENT.map(rest => hubble('hubble_flow_bytes_total', 'network_io', 'By', rest)),
  retina('networkobservability_adv_forward_bytes', 'network_io', 'By', ofRetina('egress', 'transmit')),
  retina('networkobservability_adv_forward_bytes', 'network_io', 'By', ofRetina('ingress', 'receive')),
  ...['obi', 'beyla'].flatMap(name => [
    rowsOf('ebpf', { typed: true })(`${name}.network.flow.bytes`, 'network_io', 'By', ebpf(name, '.')),
    rowsOf('ebpf')(`${name}_network_flow_bytes_total`, 'network_io', 'By', ebpf(name, '_')),
  ]),
]

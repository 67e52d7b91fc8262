/** Semantic conventions of OpenTelemetry (v1.44.0), older names that are still in use, and receivers of the Collector. */
import type { BuiltInRow } from '../row.ts'
import { rowsOf } from './builder.ts'

const otlp = rowsOf('otlp', { typed: true })
const container = 'otel_container' as const
const pod = 'otel_pod' as const
/** Readers name the workload; the domain is which measure it is. */
const ofContainer = (domain: string) => ({ domain, reader: container })
const ofPod = (domain: string) => ({ domain, reader: pod })

export const OTLP_ROWS: readonly BuiltInRow[] = [
  otlp('hw.energy', 'energy', 'J', { reader: 'hardware' }),
  otlp('hw.power', 'power', 'W', { reader: 'hardware' }),
  otlp('hw.gpu.utilization', 'gpu_utilization', '1', {
    when: { 'hw.gpu.task': '/^(?:general)?$/' },
    domain: 'gpu-{hw.id}',
  }),
  otlp('hw.host.energy', 'energy', 'J', { domain: 'host' }),
  otlp('hw.host.power', 'power', 'W', { domain: 'host' }),
  otlp('system.cpu.time', 'cpu_time', 's', { reader: 'cpu_mode', args: ['cpu.mode', 'state'] }),
  otlp('process.cpu.time', 'cpu_time', 's', { reader: 'otel_process' }),
  otlp('process.memory.usage', 'memory', 'By', { domain: 'rss', reader: 'otel_process' }),
  otlp('process.memory.physical_usage', 'memory', 'By', { domain: 'rss', reader: 'otel_process' }),
  otlp('container.cpu.time', 'cpu_time', 's', { reader: container }),
  otlp('k8s.pod.cpu.time', 'cpu_time', 's', { reader: pod }),
  // Names of the kubelet receiver before 0.92, and of the Docker receiver.
  otlp('container.cpu.usage.total', 'cpu_time', 'ns', { reader: container }),
  otlp('container.memory.working_set', 'memory', 'By', ofContainer('working_set')),
  otlp('container.memory.usage', 'memory', 'By', ofContainer('usage')),
  otlp('container.memory.usage.total', 'memory', 'By', ofContainer('usage')),
  otlp('container.memory.rss', 'memory', 'By', ofContainer('rss')),
  otlp('k8s.pod.memory.working_set', 'memory', 'By', ofPod('working_set')),
  otlp('k8s.pod.memory.usage', 'memory', 'By', ofPod('usage')),
  otlp('k8s.pod.memory.rss', 'memory', 'By', ofPod('rss')),
  otlp('k8s.pod.network.io', 'network_io', 'By', ofPod('{network.io.direction|direction}')),
  otlp('container.network.io', 'network_io', 'By', ofContainer('{network.io.direction|direction}')),
  otlp('k8s.container.cpu.request.current', 'cpu_request', '{cpu}', ofContainer('current')),
  otlp('k8s.container.cpu.request.desired', 'cpu_request', '{cpu}', ofContainer('desired')),
  otlp('k8s.container.memory.request.current', 'memory_request', 'By', ofContainer('current')),
  otlp('k8s.container.memory.request.desired', 'memory_request', 'By', ofContainer('desired')),
  // Deprecated names, and those of the Collector's cluster receiver.
  otlp('k8s.container.cpu.request', 'cpu_request', '{cpu}', ofContainer('desired')),
  otlp('k8s.container.cpu_request', 'cpu_request', '{cpu}', ofContainer('desired')),
  otlp('k8s.container.memory.request', 'memory_request', 'By', ofContainer('desired')),
  otlp('k8s.container.memory_request', 'memory_request', 'By', ofContainer('desired')),
]

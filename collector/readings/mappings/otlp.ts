/** Mappings of the OpenTelemetry semantic conventions (v1.44.0) and of older names that are still in use. */
import { isCounter, type Quantity } from '../../../core/books/quantities.ts'
import type { IgnoredReason, Located, Mapping, PointContext } from './mapping.ts'
import { factor, type UnitFactor } from './scale.ts'
import { attribute, containerWorkload, podWorkload, processWorkload } from './workload.ts'

const JOULES = factor(1_000_000n)
const WATTS = factor(1000n)
const SECONDS = factor(1_000_000n)
const CPUS = factor(1000n)
const BYTES = factor(1n)

/** Other tools' names of CPU modes. */
const MODES: Readonly<Record<string, string>> = {
  wait: 'iowait',
  irq: 'interrupt',
  hardirq: 'interrupt',
}
/** The semantic conventions' name of a CPU mode; unknown names are unchanged. */
export const cpuMode = (mode: string): string => MODES[mode] ?? mode

const row = (metric: string, quantity: Quantity, by: UnitFactor, locate: Mapping['locate']): Mapping => ({
  source: 'otlp',
  metric,
  quantity,
  isCounter: isCounter(quantity),
  factor: by,
  locate,
})

/** `package-0` is unchanged, `0` becomes `package-0`: senders number their components in both ways. */
const named = (prefix: string, id: string): string => (id.startsWith(`${prefix}-`) ? id : `${prefix}-${id}`)

/**
 * A CPU is a package. One whose id contains core or uncore, or whose parent is another CPU, is a child: its energy is
 * included in its package and must never be added to it. A parent alone does not make a child, since it may be the
 * enclosure.
 */
function hardware(place: PointContext): Located | IgnoredReason {
  const id = attribute(place, 'hw.id')
  const type = attribute(place, 'hw.type')
  const parent = attribute(place, 'hw.parent')
  if (id === '') return 'no_device'
  if (type === 'memory') return { domain: named('dram', id) }
  if (type === 'gpu') return { domain: named('gpu', id) }
  if (type !== 'cpu') return 'hw_type'
  const part = /^(core|uncore)/.exec(id)?.[1] ?? /^(core|uncore)/.exec(attribute(place, 'hw.name'))?.[1]
  if (part !== undefined && parent !== '') {
    return { domain: `${part}-${parent.replace(/^(package|cpu)-?/, '')}`, device: id }
  }
  if (part !== undefined) return { domain: named(part, id) }
  if (/^(package|cpu)/.test(parent)) {
    return { domain: `core-${parent.replace(/^(package|cpu)-?/, '')}`, device: id }
  }
  return { domain: named('package', id) }
}

const wholeHost = (): Located => ({ domain: 'host' })

function hostCpu(place: PointContext): Located | IgnoredReason {
  const mode = attribute(place, 'cpu.mode', 'state')
  if (mode === '') return 'no_mode'
  return { domain: cpuMode(mode), device: attribute(place, 'cpu.logical_number', 'cpu') }
}

/** Containers have their own counters: a process inside one would be counted twice. */
function processCpu(place: PointContext): Located | IgnoredReason {
  if (attribute(place, 'container.id', 'k8s.pod.uid') !== '') return 'inside_container'
  const mode = attribute(place, 'cpu.mode', 'process.cpu.state', 'state')
  if (mode === 'wait') return 'not_cpu_time'
  const workload = processWorkload(place)
  if (workload === undefined) return 'no_workload'
  return { domain: mode, device: attribute(place, 'process.pid', 'service.instance.id'), workload }
}

/** Domain is the CPU mode if the sender splits by mode. */
const ofContainer =
  (domain?: string) =>
  (place: PointContext): Located | IgnoredReason => {
    const workload = containerWorkload(place)
    return workload === undefined
      ? 'no_workload'
      : { domain: domain ?? attribute(place, 'cpu.mode', 'state'), workload }
  }

const ofPod =
  (domain?: string) =>
  (place: PointContext): Located | IgnoredReason => {
    const workload = podWorkload(place)
    return workload === undefined
      ? 'no_workload'
      : { domain: domain ?? attribute(place, 'cpu.mode', 'state'), workload }
  }

/** Part of `MAPPINGS`: the first row of a metric that applies to a point wins. */
export const OTLP_MAPPINGS: readonly Mapping[] = [
  row('hw.energy', 'energy', JOULES, hardware),
  row('hw.power', 'power', WATTS, hardware),
  row('hw.host.energy', 'energy', JOULES, wholeHost),
  row('hw.host.power', 'power', WATTS, wholeHost),
  row('system.cpu.time', 'cpu_time', SECONDS, hostCpu),
  row('process.cpu.time', 'cpu_time', SECONDS, processCpu),
  row('container.cpu.time', 'cpu_time', SECONDS, ofContainer()),
  row('k8s.pod.cpu.time', 'cpu_time', SECONDS, ofPod()),
  row('container.memory.working_set', 'memory', BYTES, ofContainer('working_set')),
  row('container.memory.usage', 'memory', BYTES, ofContainer('usage')),
  row('k8s.pod.memory.working_set', 'memory', BYTES, ofPod('working_set')),
  row('k8s.pod.memory.usage', 'memory', BYTES, ofPod('usage')),
  row('k8s.container.cpu.request.current', 'cpu_request', CPUS, ofContainer('current')),
  row('k8s.container.cpu.request.desired', 'cpu_request', CPUS, ofContainer('desired')),
  row('k8s.container.memory.request.current', 'memory_request', BYTES, ofContainer('current')),
  row('k8s.container.memory.request.desired', 'memory_request', BYTES, ofContainer('desired')),
  // Deprecated names, and those of the Collector's cluster receiver.
  row('k8s.container.cpu.request', 'cpu_request', CPUS, ofContainer('desired')),
  row('k8s.container.cpu_request', 'cpu_request', CPUS, ofContainer('desired')),
  row('k8s.container.memory.request', 'memory_request', BYTES, ofContainer('desired')),
  row('k8s.container.memory_request', 'memory_request', BYTES, ofContainer('desired')),
]

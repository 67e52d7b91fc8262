/** Readers of the semantic conventions of OpenTelemetry. */
import { classifyCgroup } from './cgroup-patterns.ts'
import type { IgnoredReason, Located, PointContext } from './mapping.ts'
import { attribute, containerWorkload, podWorkload, processWorkload, workload } from './workload.ts'

/** `package-0` is unchanged, `0` becomes `package-0`: senders number their components in both ways. */
const named = (prefix: string, id: string): string => (id.startsWith(`${prefix}-`) ? id : `${prefix}-${id}`)

/**
 * A CPU is a package. One whose id contains core or uncore, or whose parent is another CPU, is a child: its energy is
 * included in its package and must never be added to it. A parent alone does not make a child, since it may be the
 * enclosure.
 */
export function hardware(place: PointContext): Located | IgnoredReason {
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

/**
 * Containers have their own counters: a process inside one would be counted twice. The process scraper of the Collector may
 * say the control group, which names the unit, the machine or the job that the process belongs to.
 */
export function otelProcess(place: PointContext): Located | IgnoredReason {
  if (attribute(place, 'container.id', 'k8s.pod.uid') !== '') return 'inside_container'
  const mode = attribute(place, 'cpu.mode', 'process.cpu.state', 'state')
  if (mode === 'wait') return 'not_cpu_time'
  const device = attribute(place, 'process.pid', 'service.instance.id')
  const group = classifyCgroup(
    attribute(place, 'process.cgroup', 'process.linux.cgroup').replace(/^\d*:[^:]*:/, ''),
  )
  if (group?.kind === 'container') return 'inside_container'
  const who =
    group === undefined
      ? processWorkload(place)
      : workload(group.kind, group.id, group.name, '', group.attributes)
  return who === undefined ? 'no_workload' : { domain: mode, device, workload: who }
}

/** The domain is the CPU mode if the sender splits by mode. */
const ofWorkload =
  (workloadOf: typeof containerWorkload) =>
  (place: PointContext): Located | IgnoredReason => {
    const who = workloadOf(place)
    return who === undefined
      ? 'no_workload'
      : {
          domain: attribute(place, 'cpu.mode', 'state'),
          device: attribute(place, 'interface'),
          workload: who,
        }
  }
/** Of containers. */
export const otelContainer = ofWorkload(containerWorkload)
/** Of whole pods. */
export const otelPod = ofWorkload(podWorkload)

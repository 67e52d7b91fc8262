/** Readers of Kepler's labels. */
import { own } from './labels.ts'
import type { IgnoredReason, Located, PointContext } from './mapping.ts'
import { containerId, workload } from './workload.ts'

/** Every process is listed, so a container's time is the sum of its processes', distinguished by process id. */
export const keplerProcess = ({ point }: PointContext): Located | IgnoredReason => {
  const pid = own(point, 'pid')
  const id = containerId(own(point, 'container_id'))
  const vm = own(point, 'vm_id')
  const comm = own(point, 'comm', 'command')
  if (id !== '')
    return {
      domain: '',
      device: pid,
      workload: workload('container', id, id.slice(0, 12).toWellFormed(), '', { 'container.id': id }),
    }
  if (vm !== '') return { domain: '', device: pid, workload: workload('vm', vm, vm, '', {}) }
  if (comm === '') return 'no_workload'
  return {
    domain: '',
    device: pid,
    workload: workload('process', comm, comm, '', { 'process.executable.name': comm }),
  }
}

/** Up to 0.9 a zone's energy consists of two counters, `dynamic` and `idle`. */
export const keplerZone =
  (zone: string) =>
  ({ point }: PointContext): Located | IgnoredReason => {
    const mode = own(point, 'mode')
    const device = mode === 'dynamic' || mode === 'idle' ? mode : ''
    if (mode !== '' && device === '') return 'label'
    return { domain: zone === 'platform' ? 'host' : `${zone}-${own(point, 'package') || '0'}`, device }
  }

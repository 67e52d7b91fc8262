/** The readers that rows of the table name (core/mappings/readers.ts): code that finds the place or workload of a point. */
import type { ReaderName } from '../../../core/mappings/readers.ts'
import { cadvisorContainer, cadvisorPod } from './cadvisor.ts'
import { classifyCgroup } from './cgroup-patterns.ts'
import { cpuMode } from './cpu-mode.ts'
import { gpuBoard, gpuInstance } from './gpus.ts'
import { keplerProcess, keplerZone } from './kepler.ts'
import { own } from './labels.ts'
import type { IgnoredReason, Located, PointContext } from './mapping.ts'
import { hardware, otelContainer, otelPod, otelProcess } from './otlp.ts'
import { raplZone } from './rapl-zones.ts'
import { attribute, workload } from './workload.ts'

type MappingReader = (place: PointContext) => Located | IgnoredReason

const READERS: Readonly<Record<ReaderName, (args: readonly string[]) => MappingReader>> = {
  hardware: () => hardware,
  cpu_mode: labels => hostCpu(labels),
  otel_process: () => otelProcess,
  otel_container: () => otelContainer,
  otel_pod: () => otelPod,
  rapl_zone: ([label = '', fixed]) => raplZone(label, fixed),
  kepler_mode: ([zone = '']) => keplerZone(zone),
  kepler_process: () => keplerProcess,
  gpu_board: () => gpuBoard,
  gpu_instance: () => gpuInstance,
  cadvisor: ([whole]) => (whole === 'pod' ? cadvisorPod : cadvisorContainer),
  cgroup: ([label = 'cgroup']) => cgroupOf(label),
}

/** The reader of that name, for a row with these arguments. */
export const readerOf = (name: ReaderName, args: readonly string[]): MappingReader => READERS[name](args)

const hostCpu =
  (labels: readonly string[]): MappingReader =>
  place => {
    const mode = own(place.point, ...labels) || attribute(place, ...labels)
    if (mode === '') return 'no_mode'
    return {
      domain: cpuMode(mode),
      device: own(place.point, 'cpu') || attribute(place, 'cpu.logical_number'),
    }
  }

/** Steps and tasks of a job, and processes of a unit, repeat a part of it. */
const cgroupOf =
  (label: string): MappingReader =>
  ({ point }) => {
    const path = own(point, label)
    const found = classifyCgroup(path)
    if (found === undefined || path.replace(/\/+$/, '') !== found.path) return 'no_workload'
    return { domain: '', workload: workload(found.kind, found.id, found.name, '', found.attributes) }
  }

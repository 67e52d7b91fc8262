/** GPUs: what is read of each board, what is not, and why. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { MeterFinding } from '../../../core/api/meter-findings.ts'
import type { GpuBoard, GpuField, GpuReader, GpuSnapshot } from '../gpu/snapshot.ts'
import type { KernelFiles } from '../host/files.ts'
import type { Roots } from '../host/sensor.ts'

/** A way to read boards, as the sensors use it. */
interface DiagnosedSource {
  readonly source: string
  readonly isThere: () => boolean
  readonly open: () => GpuReader
}

const PAUSE_MS = 50
/** Some activity is only known between two snapshots. */
const SNAPSHOTS = 2
const BETWEEN_MS = 300

/**
 * Reads each source twice, one after the other: whether the command is there matters once the library is not.
 * @param missing why libraries could not be loaded, filled while sources are read
 */
export async function diagnoseGpus(
  sources: readonly DiagnosedSource[],
  missing: readonly string[],
  timeoutMs: number,
): Promise<MeterFinding[]> {
  const findings: MeterFinding[] = []
  for (const { source, isThere, open } of sources) {
    if (!isThere()) continue
    const reader = open()
    const told = missing.length
    try {
      const snapshot = await snapshotOf(reader, () => missing.length > told, timeoutMs)
      if (snapshot === null) {
        const detail = missing.slice(told).join(' ')
        findings.push(
          problem(source, detail, 'install the libraries of the driver, or set sensors.nvml_library'),
        )
      } else findings.push(...gpuFindings(source, snapshot))
    } catch (error) {
      const [detail = '', ...remedy] = (error as Error).message.split(/(?<=\.) (?=[A-Z])/)
      findings.push(problem(source, detail, remedy.join(' ')))
    } finally {
      await reader.close()
    }
  }
  return findings
}

const NO_GPU: MeterFinding = {
  meter: 'gpu',
  state: 'absent',
  detail: 'no GPU with a meter of its own',
  command: '',
}
const DISPLAY_OR_ACCELERATOR = /^0x(03|12)/
/** By vendor of the PCI device: what loads its driver. */
const DRIVERS: Readonly<Record<string, readonly [maker: string, command: string]>> = {
  '0x10de': ['NVIDIA', 'sudo modprobe nvidia (nouveau has no meter: install the driver of NVIDIA)'],
  '0x1002': ['AMD', 'sudo modprobe amdgpu'],
  '0x8086': ['Intel', 'sudo modprobe xe (or i915, from Linux 6.2)'],
}

/**
 * Boards that the machine has, and that no source reads: their driver is not loaded, or this is a container that was not given
 * them. @param findings those of the sources
 */
export function withUnreadBoards(
  findings: readonly MeterFinding[],
  files: KernelFiles,
  roots: Roots,
): readonly MeterFinding[] {
  const folder = `${roots.sys}/bus/pci/devices`
  const unread = files.names(folder).flatMap((pci): MeterFinding[] => {
    const read = (name: string): string => files.text(`${folder}/${pci}/${name}`) ?? ''
    const [maker, command] = DRIVERS[read('vendor')] ?? []
    if (maker === undefined || command === undefined || !DISPLAY_OR_ACCELERATOR.test(read('class'))) return []
    const driver = /^DRIVER=(\S+)$/m.exec(read('uevent'))?.[1]
    const hasDriver = driver !== undefined && !/^(nouveau|vfio-pci|pci-stub)$/.test(driver)
    if (hasDriver) return maker === 'NVIDIA' && findings.length === 0 ? [inContainer(pci)] : []
    const state = driver === 'vfio-pci' ? 'left_out' : 'cannot'
    const detail =
      driver === 'vfio-pci'
        ? `${maker} ${pci} is given to a virtual machine, which reads it`
        : `${maker} ${pci}: ${driver === undefined ? 'its driver is not loaded' : `${driver} has no meter`}`
    return [{ meter: `gpu ${pci}`, state, detail, command: state === 'cannot' ? command : '' }]
  })
  const all = [...findings, ...unread]
  return all.length > 0 ? all : [NO_GPU]
}

const inContainer = (pci: string): MeterFinding => ({
  meter: `gpu ${pci}`,
  state: 'cannot',
  detail: `NVIDIA ${pci} has a driver, which this process does not see`,
  command: 'docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=utility ..., or runtimeClassName: nvidia',
})

const problem = (source: string, detail: string, command: string): MeterFinding => ({
  meter: source,
  state: 'cannot',
  detail,
  command,
})

/** Null: the source says that it is missing. @throws Error as the source says, or when it does not answer */
async function snapshotOf(
  reader: GpuReader,
  isMissing: () => boolean,
  timeoutMs: number,
): Promise<GpuSnapshot | null> {
  const until = performance.now() + timeoutMs
  let last: GpuSnapshot | null = null
  for (let count = 0; count < SNAPSHOTS; count++) {
    if (count > 0) await sleep(BETWEEN_MS)
    reader.request()
    let found: GpuSnapshot | undefined
    while (found === undefined) {
      if (isMissing()) return null
      if (performance.now() > until) throw new Error(`The driver has not answered for ${timeoutMs / 1000} s.`)
      found = reader.take().at(-1)
      if (found === undefined) await sleep(PAUSE_MS)
    }
    last = found
  }
  return last
}

const WORDS: Readonly<Record<GpuField, string>> = {
  energy: 'energy counter',
  power: 'power',
  utilization: 'utilization',
  memory: 'memory',
  memory_utilization: 'memory utilization',
  processes: 'processes',
  process_utilization: 'use by process',
  instances: 'instances',
  instance_utilization: 'activity of instances',
}
/** What changes a gap, where something does. */
const REMEDIES: readonly (readonly [field: GpuField, reason: RegExp, command: string])[] = [
  [
    'process_utilization',
    /permission/,
    'options nvidia NVreg_RestrictProfilingToAdminUsers=0 (modprobe.d), or run as root',
  ],
  ['processes', /permission/, 'run as root'],
  [
    'instance_utilization',
    /DCGM/,
    'scrape dcgm-exporter: its DCGM_FI_PROF_GR_ENGINE_ACTIVE tells the activity of instances',
  ],
]

/** Findings of one snapshot: a board that is read, a line for what it lacks, and boards that are not read. */
export function gpuFindings(source: string, { boards, problems }: GpuSnapshot): MeterFinding[] {
  return [
    ...boards.flatMap(board => boardFindings(source, board)),
    ...problems.map(one => problem(source, one, '')),
  ]
}

function boardFindings(source: string, board: GpuBoard): MeterFinding[] {
  const { uuid, model, energyUj, powerMw, utilization, processes, instances, gaps } = board
  const reads = [
    ...(energyUj === null ? [] : [WORDS.energy]),
    ...(powerMw === null ? [] : [`${Number(powerMw) / 1000} W`]),
    ...(utilization === null ? [] : [WORDS.utilization]),
    ...(processes === null ? [] : [`${processes.length} processes`]),
    ...(instances.length === 0 ? [] : [`${instances.length} instances`]),
  ]
  const hasMeter = energyUj !== null || powerMw !== null
  const meter = `${source} ${uuid}`
  // Power is enough where there is no counter.
  const missing = gaps.filter(({ field }) => !(hasMeter && (field === 'energy' || field === 'power')))
  return [
    { meter, state: hasMeter ? 'reads' : 'cannot', detail: [model, ...reads].join(', '), command: '' },
    ...missing.map(({ field, reason }): MeterFinding => {
      const remedy = REMEDIES.find(([of, pattern]) => of === field && pattern.test(reason))
      return {
        meter: `${meter}: ${WORDS[field]}`,
        state: /permission/.test(reason) ? 'cannot' : 'absent',
        detail: reason,
        command: remedy?.[2] ?? '',
      }
    }),
  ]
}

/** GPUs: what is read of each board, what is not, and why. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { MeterFinding } from '../../../core/api/meter-findings.ts'
import type { GpuBoard, GpuField, GpuReader, GpuSnapshot } from '../gpu/snapshot.ts'

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
  return findings.length > 0
    ? findings
    : [{ meter: 'gpu', state: 'absent', detail: 'no GPU with a meter of its own', command: '' }]
}

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

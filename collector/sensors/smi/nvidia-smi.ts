/**
 * NVIDIA boards by `nvidia-smi`, where the library cannot be loaded: power, use, memory and processes, no energy counter. Its columns
 * differ between drivers, so they are found by their names.
 */
import type { RunCommand } from '../gpu/command-reader.ts'
import type { GpuBoard, GpuGap, GpuProcess, GpuSnapshot } from '../gpu/snapshot.ts'

const FIELDS = [
  'index',
  'uuid',
  'name',
  'power.draw',
  'utilization.gpu',
  'utilization.memory',
  'memory.used',
] as const
const MIB = 1_048_576n
const PPM_PER_PERCENT = 10_000

/** One snapshot. @throws Error as the command says */
export async function readNvidiaSmi(run: RunCommand, now: () => bigint): Promise<GpuSnapshot> {
  const boards = parseBoards(await run([`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits']))
  const timeUnixNano = now()
  const apps = await run([
    '--query-compute-apps=gpu_uuid,pid,used_memory',
    '--format=csv,noheader,nounits',
  ]).then(parseApps, () => null)
  const use = await run(['pmon', '-c', '1', '-s', 'um']).then(parseUse, () => null)
  return {
    timeUnixNano,
    problems: [],
    boards: boards.map(board => boardOf(board, apps, use)),
  }
}

interface BoardRow {
  readonly index: string
  readonly uuid: string
  readonly name: string
  readonly milliwatts: bigint | null
  readonly utilization: bigint | null
  readonly memoryUtilization: bigint | null
  readonly memoryBytes: bigint | null
}

/** Exported for its test. */
export const parseBoards = (text: string): readonly BoardRow[] =>
  rowsOf(text).flatMap(cells => {
    const [index, uuid, name, power, gpu, memory, used] = cells
    if (index === undefined || uuid === undefined || !uuid.startsWith('GPU-')) return []
    return [
      {
        index,
        uuid,
        name: name ?? '',
        milliwatts: scaled(power, 1000),
        utilization: scaled(gpu, PPM_PER_PERCENT),
        memoryUtilization: scaled(memory, PPM_PER_PERCENT),
        memoryBytes: mebibytes(used),
      },
    ]
  })

const rowsOf = (text: string): readonly string[][] =>
  text
    .split('\n')
    .filter(line => line.trim() !== '')
    .map(line => line.split(',').map(cell => cell.trim()))

/** `[N/A]`, `[Not Supported]`, `-` and the like are unknown. */
function scaled(text: string | undefined, by: number): bigint | null {
  const value = text === undefined || !/^\d+(\.\d+)?$/.test(text) ? Number.NaN : Number(text)
  return Number.isFinite(value) ? BigInt(Math.round(value * by)) : null
}

const mebibytes = (text: string | undefined): bigint | null => {
  const value = scaled(text, 1)
  return value === null ? null : value * MIB
}

interface ComputeApp {
  readonly uuid: string
  readonly pid: number
  readonly memoryBytes: bigint | null
}

/** Exported for its test. */
export const parseApps = (text: string): readonly ComputeApp[] =>
  rowsOf(text).flatMap(([uuid = '', pid = '', memory]) =>
    /^\d+$/.test(pid) ? [{ uuid, pid: Number(pid), memoryBytes: mebibytes(memory) }] : [],
  )

interface ProcessUse {
  readonly index: string
  readonly pid: number
  /** Millionths; null: not told. */
  readonly busy: bigint | null
  readonly memoryBytes: bigint | null
}

/** Rows of `pmon`, by the names in its first line. Exported for its test. */
export function parseUse(text: string): readonly ProcessUse[] {
  const lines = text.split('\n').map(line => line.trim().split(/\s+/))
  const names = lines.find(([first, second]) => first === '#' && second === 'gpu')?.slice(1)
  if (names === undefined) return []
  const cell = (cells: readonly string[], name: string): string | undefined => {
    const at = names.indexOf(name)
    return at < 0 ? undefined : cells[at]
  }
  return lines.flatMap(cells => {
    const pid = cell(cells, 'pid') ?? ''
    if (cells[0] === '#' || !/^\d+$/.test(pid)) return []
    return [
      {
        index: cell(cells, 'gpu') ?? '',
        pid: Number(pid),
        busy: scaled(cell(cells, 'sm'), PPM_PER_PERCENT),
        memoryBytes: mebibytes(cell(cells, 'fb')),
      },
    ]
  })
}

function boardOf(
  { index, uuid, name, milliwatts, utilization, memoryUtilization, memoryBytes }: BoardRow,
  apps: readonly ComputeApp[] | null,
  use: readonly ProcessUse[] | null,
): GpuBoard {
  const reason = 'nvidia-smi does not show it on this board'
  const used = use?.filter(one => one.index === index) ?? []
  const processes = new Map<number, GpuProcess>()
  for (const { pid, memoryBytes: bytes } of (apps ?? []).filter(one => one.uuid === uuid)) {
    processes.set(pid, { pid, device: '', busy: null, memoryBytes: bytes })
  }
  for (const { pid, busy, memoryBytes: bytes } of used) {
    processes.set(pid, {
      pid,
      device: '',
      busy,
      memoryBytes: bytes ?? processes.get(pid)?.memoryBytes ?? null,
    })
  }
  // A process that did nothing has a dash in every column.
  const isTold = used.some(({ busy }) => busy !== null) || processes.size === 0
  const isListed = apps !== null || use !== null
  const gaps: GpuGap[] = [
    { field: 'energy', reason: 'nvidia-smi shows no energy counter' },
    ...(milliwatts === null ? [{ field: 'power', reason } as const] : []),
    ...(utilization === null ? [{ field: 'utilization', reason } as const] : []),
    ...(isListed ? [] : [{ field: 'processes', reason } as const]),
    ...(use !== null && isTold ? [] : [{ field: 'process_utilization', reason } as const]),
  ]
  return {
    uuid,
    model: name,
    energyUj: null,
    powerMw: milliwatts,
    ...{ utilization, memoryUtilization, memoryBytes, instances: [] },
    processes: isListed
      ? [...processes.values()].map(one => ({
          ...one,
          busy: use !== null && isTold ? (one.busy ?? 0n) : null,
        }))
      : null,
    gaps,
  }
}

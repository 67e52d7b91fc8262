/** Backups of a loaded process, and the audit of restored copies. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Acknowledged } from '../chaos/acknowledged.ts'
import { lostBy, NOTHING_TOLD, type Told, untoldSpans } from '../chaos/audit-losses.ts'
import { auditSpans } from '../chaos/audit-spans.ts'
import { untilNothingPends } from '../chaos/lag.ts'
import { COMPILED } from './compiled.ts'
import { eventually } from './until.ts'
import type { WattlineProcess } from './wattline-process.ts'

const ENTRY = new URL('../../cli/wattline.cjs', import.meta.url).pathname

export interface Command {
  /** Null: killed. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command like a user; SIGKILL after `killAfterMs`. */
export async function wattline(
  args: readonly string[],
  options: {
    readonly killAfterMs?: number
    readonly environment?: Readonly<Record<string, string>>
    readonly cwd?: string
  } = {},
): Promise<Command> {
  const child = spawn(process.execPath, [ENTRY, ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_COMPILE_CACHE: COMPILED,
      ...options.environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (piece: Buffer) => {
    output.stdout += String(piece)
  })
  child.stderr.on('data', (piece: Buffer) => {
    output.stderr += String(piece)
  })
  const { killAfterMs } = options
  const timer = killAfterMs === undefined ? null : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  const [code] = (await once(child, 'close')) as [number | null]
  if (timer !== null) clearTimeout(timer)
  return { code, ...output }
}

/** Time for the copy to store the content of its log, and to close its minutes. */
export const AUDIT_MS = 120_000

/** What had been acknowledged at a moment. */
export interface Moment {
  readonly batches: ReadonlyMap<string, number>
  /** Host -> times of its samples. */
  readonly samples: ReadonlyMap<string, readonly bigint[]>
}

export const momentOf = ({ batches, meters }: Acknowledged): Moment => ({
  batches: new Map(batches),
  samples: new Map(
    [...meters].map(([host, { samples }]) => [
      host,
      [...samples].filter(([, { isAcknowledged }]) => isAcknowledged).map(([time]) => time),
    ]),
  ),
})

/**
 * All differences between a restored process and what it must be: everything acknowledged before its backup began
 * exists; what was sent later exists completely or not at all; nothing exists twice; the ledger equals the stored
 * samples of the meters. `acknowledged`: everything ever sent. `told`: earlier reported losses of the original.
 */
export async function auditRestored(
  process: WattlineProcess,
  before: Moment,
  acknowledged: Acknowledged,
  told: Told = NOTHING_TOLD,
): Promise<string[]> {
  await untilNothingPends(() => process.http, AUDIT_MS)
  const later = [...acknowledged.batches].filter(([id]) => !before.batches.has(id))
  const then = {
    ...acknowledged,
    batches: new Map(before.batches),
    unanswered: new Map([...acknowledged.unanswered, ...later]),
  }
  const findings = await auditSpans(process, then, told)
  findings.push(...untoldSpans([then], told))
  const isLost = lostBy(told)
  for (const [host, times] of before.samples) {
    const hasReadings = !isLost('readings')
    const hasBooks = hasReadings && !isLost('ledger', 'late_readings')
    findings.push(...(hasReadings ? await auditReadings(process, host, times) : []))
    findings.push(...(hasBooks ? await auditBooks(process, host) : []))
  }
  const [aside] = await process.sql<{ n: string }>('SELECT toString(count()) AS n FROM quarantine')
  if (aside?.n !== '0') findings.push(`${aside?.n} records are in quarantine`)
  return findings
}

/** Samples exist. */
async function auditReadings(
  process: WattlineProcess,
  host: string,
  times: readonly bigint[],
): Promise<string[]> {
  const stored = await process.sql<{ at: string }>(
    `SELECT DISTINCT toString(toUnixTimestamp64Nano(Timestamp)) AS at FROM readings WHERE Host = '${host}'`,
  )
  const there = new Set(stored.map(({ at }) => at))
  return times
    .filter(time => !there.has(String(time)))
    .map(time => `host ${host}: acknowledged sample ${time} is missing`)
}

/** The closed windows of the ledger equal the samples. */
async function auditBooks(process: WattlineProcess, host: string): Promise<string[]> {
  // The last sample's window closes when the host has been silent for a while.
  const read = async () => {
    const [row] = await process.sql<{ meter: string; booked: string; entries: string; ids: string }>(
      `SELECT toString(max(Value) - min(Value)) AS meter,
         toString((SELECT sum(EnergyUj) FROM ledger WHERE Host = '${host}')
           + (SELECT sum(Value) FROM late_readings WHERE Host = '${host}' AND Quantity = 'energy')) AS booked,
         (SELECT toString(count()) FROM ledger WHERE Host = '${host}') AS entries,
         (SELECT toString(uniqExact(EntryId)) FROM ledger WHERE Host = '${host}') AS ids
       FROM readings WHERE Host = '${host}' AND Quantity = 'energy'`,
    )
    return row!
  }
  const findings: string[] = []
  const books = await eventually(read, ({ meter, booked }) => meter === booked, AUDIT_MS).catch(read)
  if (books.meter !== books.booked) {
    findings.push(`host ${host}: the ledger has ${books.booked} µJ, the meter counted ${books.meter} µJ`)
  }
  if (books.entries !== books.ids) findings.push(`host ${host}: entries are there more than once`)
  return findings
}

/** Closes months in processes that are killed at random moments. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { followingPeriod } from '../../../core/billing/periods.ts'
import { COMPILED } from '../../support/compiled.ts'
import { seededRandom } from '../../support/random.ts'
import { audit, fingerprint } from './audit.ts'
import { ACCOUNTS, openBooks } from './books.ts'

type Tables = Awaited<ReturnType<typeof openBooks>>['warehouse']

export interface ClosingKills {
  readonly kills: number
  readonly months: number
  /** Kills when some, but not all, bills of the month were in the tables. */
  readonly halfway: number
  /** Empty: nothing is lost, duplicated or changed. */
  readonly findings: readonly string[]
}

/** How often it is killed while opening. */
const WHILE_STARTING = 0.1
/** How many more bills it may make, at most. */
const MOST_BILLS = 8
const AFTER_MS = 30

/** @param tamper changes the tables before the audit, which must find that */
export async function killClosings(
  kills: number,
  seed: number,
  tamper: (tables: Tables) => Promise<void> = async () => undefined,
): Promise<ClosingKills> {
  const path = await mkdtemp(join(tmpdir(), 'wattline-closings-'))
  const random = seededRandom(seed)
  const months: string[] = []
  const closed = new Map<string, string>()
  let [killed, halfway] = [0, 0]
  try {
    while (killed < kills) {
      months.push(followingPeriod(months.at(-1) ?? '2025-12'))
      await prepare(path, months)
      const month = months.at(-1)!
      for (let isOpen = true; isOpen && killed < kills; ) {
        const { wasKilled, bills } = await closeOnce(path, month, random)
        isOpen = wasKilled
        killed += wasKilled ? 1 : 0
        halfway += wasKilled && bills > 0 && bills < ACCOUNTS ? 1 : 0
      }
      await closeOnce(path, month, null)
      await settled(path, async tables => closed.set(month, await fingerprint(tables, month)))
    }
    return await settled(path, async tables => {
      await tamper(tables)
      const findings = [...(await audit(tables, months))]
      for (const [month, before] of closed) {
        if ((await fingerprint(tables, month)) !== before) findings.push(`bills of ${month} have changed`)
      }
      return { kills: killed, months: months.length, halfway, findings }
    })
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/** Entries of a month, and late ones of all earlier months. */
async function prepare(path: string, months: readonly string[]): Promise<void> {
  const books = await openBooks(path)
  for (const [at, month] of months.entries()) await books.book(month, months.length * 100 + at)
  await books.settle()
  await books.close()
}

async function settled<T>(path: string, look: (tables: Tables) => Promise<T>): Promise<T> {
  const books = await openBooks(path)
  try {
    await books.settle()
    return await look(books.warehouse)
  } finally {
    await books.close()
  }
}

interface Ended {
  readonly wasKilled: boolean
  /** Bills of the month that it saw last. */
  readonly bills: number
}

/** @param random null: not killed */
async function closeOnce(path: string, month: string, random: (() => number) | null): Promise<Ended> {
  const script = fileURLToPath(new URL('./closer.ts', import.meta.url))
  const child = spawn(process.execPath, [script, path, month], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: COMPILED },
  })
  const exited = new Promise<NodeJS.Signals | null>(resolve =>
    child.once('exit', (_, signal) => resolve(signal)),
  )
  const kill = (): boolean => child.kill('SIGKILL')
  if (random !== null && random() < WHILE_STARTING) setTimeout(kill, random() * 600)
  let bills = 0
  let until = Number.POSITIVE_INFINITY
  for await (const line of createInterface({ input: child.stdout })) {
    const [, count] = /^bills (\d+)$/.exec(line) ?? []
    if (count === undefined || random === null) continue
    bills = Number(count)
    if (until === Number.POSITIVE_INFINITY) until = bills + Math.floor(random() * MOST_BILLS)
    if (bills >= until) setTimeout(kill, random() * AFTER_MS)
  }
  const signal = await exited
  if (signal !== null && signal !== 'SIGKILL') throw new Error(`the closing process ended by ${signal}`)
  return { wasKilled: signal === 'SIGKILL', bills }
}

/** Closes months in processes that are killed at random moments. */
import { type ChildProcess, spawn } from 'node:child_process'
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
const FIRST_MONTH = '2026-01'

/**
 * @param tamper changes the tables before the last audit, which must find that
 * @param note hears of every kill, audit and finding when it happens
 */
export async function killClosings(
  kills: number,
  seed: number,
  {
    tamper = async () => undefined,
    note = () => undefined,
  }: {
    readonly tamper?: (tables: Tables) => Promise<void>
    readonly note?: (line: string) => void
  } = {},
): Promise<ClosingKills> {
  const path = await mkdtemp(join(tmpdir(), 'wattline-closings-'))
  const run = new Run(path, kills, seed, note)
  try {
    while (run.killed < kills) await run.once()
    // The month that was open at the last kill is closed by a process that is left alone.
    await run.once()
    const books = await openBooks(path)
    try {
      await books.settle()
      const { warehouse: tables } = books
      await tamper(tables)
      for (const finding of await audit(tables, run.months)) run.found(finding)
      for (const month of run.months) run.compare(month, await fingerprint(tables, month))
      const { killed, halfway, months, findings } = run
      return { kills: killed, months: months.length, halfway, findings: [...findings] }
    } finally {
      await books.close()
    }
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/** Processes in the same folder, one after another. */
class Run {
  readonly #path: string
  readonly #kills: number
  readonly #note: (line: string) => void
  readonly #random: () => number
  readonly #closed = new Map<string, string>()
  readonly findings = new Set<string>()
  killed = 0
  halfway = 0
  /** Closed and audited. */
  readonly months: string[] = []
  /** The month at hand. */
  #month = FIRST_MONTH
  #isBooked = false

  constructor(path: string, kills: number, seed: number, note: (line: string) => void) {
    this.#path = path
    this.#kills = kills
    this.#note = note
    this.#random = seededRandom(seed)
  }

  found(finding: string): void {
    if (this.findings.has(finding)) return
    this.findings.add(finding)
    this.#note(`FINDING ${finding}`)
  }

  /** A closed month has the same bills forever. */
  compare(month: string, digest: string): void {
    const before = this.#closed.get(month) ?? digest
    this.#closed.set(month, before)
    if (before !== digest) this.found(`bills of ${month} have changed`)
  }

  /** Closes month after month until the process is killed, or has done the last one. */
  async once(): Promise<void> {
    const isLast = this.killed >= this.#kills
    const startedMs = performance.now()
    const child = this.#start(isLast ? this.#month : '9999-12')
    const exited = new Promise<{ code: number | null; signal: string | null }>(resolve =>
      child.once('exit', (code, signal) => resolve({ code, signal })),
    )
    const killer = new Killer(child, isLast ? null : this.#random)
    // A month that is not booked yet would be booked twice.
    if (this.#isBooked) killer.perhapsWhileStarting()
    let bills = 0
    for await (const line of createInterface({ input: child.stdout! })) {
      const [word = '', first = '', ...more] = line.split(' ')
      if (word === 'finding') this.found([first, ...more].join(' '))
      if (word === 'fingerprint') this.compare(first, more.join(' '))
      if (word === 'booked') this.#isBooked = true
      if (word === 'bills') {
        bills = Number(first)
        killer.see(bills)
      }
      if (word === 'closed') killer.spare()
      if (word !== 'audited') continue
      this.#note(`${this.#month} is closed and audited (${this.findings.size} findings so far)`)
      this.#next()
      bills = 0
    }
    const { code, signal } = await exited
    if (signal !== 'SIGKILL') {
      if (isLast && code === 0) return
      throw new Error(`the closing process ended by ${signal ?? code}`)
    }
    this.killed += 1
    this.halfway += bills > 0 && bills < ACCOUNTS ? 1 : 0
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    this.#note(
      `kill ${this.killed} of ${this.#kills} in ${this.#month}: ${bills} of ${ACCOUNTS} bills, after ${seconds} s`,
    )
  }

  #next(): void {
    this.months.push(this.#month)
    this.#month = followingPeriod(this.#month)
    this.#isBooked = false
  }

  #start(last: string): ChildProcess {
    const script = fileURLToPath(new URL('./closer.ts', import.meta.url))
    const booked = this.#isBooked ? 'booked' : ''
    return spawn(process.execPath, [script, this.#path, FIRST_MONTH, this.#month, booked, last], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: COMPILED },
    })
  }
}

/** Kills a process while it starts, or when it has made some bills of a month. */
class Killer {
  readonly #child: ChildProcess
  readonly #random: (() => number) | null
  #until: number | null = null
  #timer: NodeJS.Timeout | undefined

  /** @param random null: it is left alone */
  constructor(child: ChildProcess, random: (() => number) | null) {
    this.#child = child
    this.#random = random
  }

  perhapsWhileStarting(): void {
    if (this.#random !== null && this.#random() < WHILE_STARTING) this.#killIn(this.#random() * 600)
  }

  see(bills: number): void {
    if (this.#random === null) return
    this.#until ??= bills + Math.floor(this.#random() * MOST_BILLS)
    if (bills >= this.#until && this.#timer === undefined) this.#killIn(this.#random() * AFTER_MS)
  }

  /** The month is closed: the next one has another moment. */
  spare(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#until = null
  }

  #killIn(ms: number): void {
    this.#timer = setTimeout(() => this.#child.kill('SIGKILL'), ms)
  }
}

/** The system as one process, with the embedded log and the embedded engine, and what can happen to that. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ACCEPT_FILE, type Loss, readLosses } from '../../core/runtime/losses.ts'
import { canHideFolders, hideFolder } from '../support/hidden-folder.ts'
import { freePorts } from '../support/kafka/kafka-server.ts'
import { eventually } from '../support/wattline-process.ts'
import type { Acknowledged } from './acknowledged.ts'
import type { Aim } from './aim.ts'
import { backUpAndRestore } from './backup-fault.ts'
import { cutClients } from './cut-clients.ts'
import { keepCopy, loseDefinitions, loseParts, spoilPart, unmount } from './file-faults.ts'
import { stateOf, stopped, untilNothingPends } from './lag.ts'
import { Member } from './member.ts'
import { type Fault, pause, type Topology } from './topology.ts'

const ENVIRONMENT = {
  // Many small records: more inserts in flight, more moments to be killed in.
  WATTLINE_GROUP_COMMIT_WAIT_MS: '10',
  WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '20',
  // What all have read is dropped at once, not after an hour.
  WATTLINE_BROKER_RETENTION_TIME: '3',
  // The last, unfinished minute of a host closes once it has been silent for as long as a gap may be.
  WATTLINE_METERING_IDLE_FLUSH: '8',
  WATTLINE_METERING_GAP: '12',
}

/** So long a process takes to start itself again, at most. */
const RESTART_MS = 15_000

/** `entry`: another one than the product's own, see without-repair.ts. */
export function embeddedTopology({ entry }: { readonly entry?: string } = {}): Topology {
  return new Embedded(entry)
}

class Embedded implements Topology {
  readonly target = { otlp: null as string | null, open: new Set<AbortController>() }
  readonly paceMs = 30
  readonly faults: readonly Fault[]
  readonly #data = mkdtempSync(join(tmpdir(), 'wattline-chaos-'))
  readonly #entry: string | undefined
  readonly #environment = {
    ...ENVIRONMENT,
    NODE_OPTIONS: `--import=${new URL('clock.ts', import.meta.url).pathname}`,
    CHAOS_CLOCK_FILE: join(this.#data, 'chaos-clock'),
  }
  #member = new Member('wattline', { data: this.#data, environment: this.#environment })
  #hasPorts = false
  readonly #marksman = new Marksman()
  /** Losses that were told so far. */
  readonly #told = new Set<string>()
  /** Whether files were damaged in this run. */
  #isForced = false

  constructor(entry: string | undefined) {
    this.#entry = entry
    this.faults = [
      fault('kill', 30, () => this.#kill()),
      fault('kill-at-token', 25, () => this.#killAtToken()),
      fault('kill-while-starting', 8, random => this.#killWhileStarting(random() * 1_500)),
      fault('stop', 8, () => this.#stop()),
      fault('kill-while-stopping', 7, random => this.#stop(random() * 400)),
      fault('freeze', 6, random => this.#freeze(50 + random() * 1_500, random() < 0.3)),
      { name: 'cut-clients', weight: 10, inject: ({ client }) => cutClients(client) },
      fault('busy-disk', 4, random =>
        busyDisk(this.#data, 300 + random() * 1_000, random() < 0.5 ? () => this.#kill() : null),
      ),
      fault('second-process', 2, () => this.#second()),
      ...this.#fileFaults(),
      ...(canHideFolders() ? [fault('disk-gone', 6, random => this.#hideDisk(random() * 400))] : []),
      // Rarely: a copy is restored, started and audited each time.
      {
        name: 'backup',
        weight: 0.5,
        inject: ({ random, client: { acknowledged } }) => this.#backUp(random, acknowledged),
      },
    ]
  }

  readonly reader = {
    sql: <Row>(query: string): Promise<readonly Row[]> => {
      const { process } = this.#member
      if (process === null) return Promise.reject(new Error('the process is down'))
      // Once more after a while: one whose engine has broken down starts itself again.
      return process.sql<Row>(query).catch(() => pause(RESTART_MS).then(() => process.sql<Row>(query)))
    },
  }

  async start(): Promise<void> {
    if (!this.#hasPorts) await this.#choosePorts()
    this.target.otlp = (await this.#member.start()).otlp
  }

  /** The same ports at every start: a process whose engine has broken down starts itself again, and must be found. */
  async #choosePorts(): Promise<void> {
    const [http, otlpHttp, otlpGrpc] = await freePorts(3)
    const ports = {
      WATTLINE_LISTEN_HTTP: `${http}`,
      WATTLINE_LISTEN_OTLP_HTTP: `${otlpHttp}`,
      WATTLINE_LISTEN_OTLP_GRPC: `${otlpGrpc}`,
    }
    this.#member = new Member('wattline', {
      data: this.#data,
      environment: { ...this.#environment, ...ports },
      ...(this.#entry === undefined ? {} : { entry: this.#entry }),
    })
    this.#hasPorts = true
  }

  async settle(timeoutMs: number): Promise<void> {
    await untilNothingPends(() => this.#member.process?.http, timeoutMs)
    const isRestoring = async () => this.losses().some(({ state }) => state === 'restoring')
    await eventually(isRestoring, restoring => !restoring, timeoutMs)
  }

  async takeProblems(): Promise<string[]> {
    return [...this.#member.takeProblems(), ...(await stopped(this.#member)), ...this.#unforced()]
  }

  losses(): readonly Loss[] {
    return readLosses(this.#data)
  }

  /** Losses that are told of and that no fault of files forced. */
  #unforced(): readonly string[] {
    const fresh = readLosses(this.#data).filter(({ id }) => !this.#told.has(id))
    for (const { id } of fresh) this.#told.add(id)
    const isForced = this.#isForced
    this.#isForced = false
    return isForced
      ? []
      : fresh.map(
          ({ what, extent }) => `told of a loss that nothing forced: ${what} ${JSON.stringify(extent)}`,
        )
  }

  async state(): Promise<string> {
    const { process } = this.#member
    return process === null ? 'the process is down' : stateOf(process.http, process.stderr)
  }

  memory(): ReadonlyMap<string, number> {
    return new Map([[this.#member.name, this.#member.peakBytes()]])
  }

  async stop(): Promise<void> {
    this.target.otlp = null
    await this.#member.stop()
  }

  async destroy(keep: boolean): Promise<string> {
    this.#marksman.end()
    await this.#member.kill()
    if (keep) return this.#data
    rmSync(this.#data, { recursive: true, force: true })
    return ''
  }

  /** What is done to files while nobody has them open. Any of them may take data that has to be told of. */
  #fileFaults(): readonly Fault[] {
    const forced = (name: string, weight: number, inject: (random: () => number) => Promise<string>): Fault =>
      fault(name, weight, async random => {
        this.#isForced = true
        return await inject(random)
      })
    const log = join(this.#data, 'log')
    const tables = join(this.#data, 'warehouse')
    return [
      forced('part-gone', 5, random => this.#whileDown(random, () => loseParts(this.#data, random))),
      forced('part-spoilt', 5, random => this.#whileDown(random, () => spoilPart(this.#data, random))),
      forced('definitions-gone', 3, random =>
        this.#whileDown(random, () => loseDefinitions(this.#data, random)),
      ),
      forced('log-gone', 3, random => this.#whileDown(random, () => removed(log))),
      forced('older-log', 5, random => this.#goBack(log, random)),
      forced('older-tables', 5, random => this.#goBack(tables, random)),
      forced('tables-gone', 2, random => this.#doWithout(tables, random)),
      forced('unmounted', 4, random => this.#unmount(tables, random)),
      forced('clock-ahead', 3, random => this.#moveClock(random)),
    ]
  }

  async #whileDown(random: () => number, damage: () => string | undefined): Promise<string> {
    this.target.otlp = null
    if (random() < 0.5) await this.#member.kill()
    else await this.#member.stop()
    const what = damage() ?? 'gone'
    await this.start()
    return what
  }

  /** A copy of before is put in the place of a folder after a second or two of load. */
  async #goBack(folder: string, random: () => number): Promise<string> {
    let restore = (): void => undefined
    await this.#whileDown(random, () => {
      restore = keepCopy(folder)
      return ''
    })
    const ms = 300 + random() * 2_500
    await pause(ms)
    await this.#whileDown(random, () => {
      restore()
      return ''
    })
    return `as of ${Math.round(ms)} ms before`
  }

  /** All tables are gone, and an operator says to go on without them: readiness asks for it first. */
  async #doWithout(tables: string, random: () => number): Promise<string> {
    await this.#whileDown(random, () => removed(tables))
    await this.#refuseUnready()
    await this.#whileDown(random, () => written(join(this.#data, ACCEPT_FILE)))
    return 'all tables, and accepted'
  }

  /** The volume of the tables is not mounted at a start, and is at the next. */
  async #unmount(tables: string, random: () => number): Promise<string> {
    let mount = (): void => undefined
    await this.#whileDown(random, () => {
      mount = unmount(tables)
      return ''
    })
    await this.#refuseUnready()
    await pause(random() * 1_500)
    await this.#whileDown(random, () => {
      mount()
      return ''
    })
    return 'not mounted, mounted'
  }

  async #refuseUnready(): Promise<void> {
    const response = await fetch(`${this.#member.process?.http}/readyz`)
    if (response.status !== 503)
      throw new Error(`without its tables it says that it is ready: ${await response.text()}`)
  }

  /** The clock of the machine is a day ahead for a while. */
  async #moveClock(random: () => number): Promise<string> {
    const file = join(this.#data, 'chaos-clock')
    await this.#whileDown(random, () => {
      writeFileSync(file, `${DAY_MS}`)
      return ''
    })
    await pause(random() * 2_000)
    await this.#whileDown(random, () => {
      rmSync(file)
      return ''
    })
    return 'a day ahead, and back'
  }

  async #kill(): Promise<string> {
    this.target.otlp = null
    await this.#member.kill()
    await this.start()
    return 'SIGKILL, started again'
  }

  /** The worst moment there is: the engine has noted a token and not yet named its part. */
  async #killAtToken(): Promise<string> {
    const enginePath = join(this.#data, 'warehouse', 'engine')
    const isMet = await this.#member.killedBy(pid => this.#marksman.aim({ enginePath, pid }))
    return `${isMet ? 'at a token' : 'no token came'}: ${await this.#kill()}`
  }

  async #killWhileStarting(afterMs: number): Promise<string> {
    this.target.otlp = null
    await this.#member.kill()
    await this.#member.startAndKill(afterMs)
    await this.start()
    return `SIGKILL, started, SIGKILL after ${Math.round(afterMs)} ms, started again`
  }

  async #stop(killAfterMs?: number): Promise<string> {
    await this.#member.stop(killAfterMs)
    this.target.otlp = null
    await this.start()
    return `SIGTERM${killAfterMs === undefined ? '' : ` and SIGKILL ${Math.round(killAfterMs)} ms later`}, started again`
  }

  async #freeze(ms: number, isFatal: boolean): Promise<string> {
    await this.#member.freeze(ms)
    return `frozen for ${Math.round(ms)} ms${isFatal ? `, then ${await this.#kill()}` : ''}`
  }

  /** The disk with the engine's tables goes away and comes back; the log, on another one, goes on. */
  async #hideDisk(ms: number): Promise<string> {
    const bringBack = hideFolder(join(this.#data, 'warehouse', 'engine', 'store'))
    try {
      await pause(ms)
    } finally {
      bringBack()
    }
    return `gone for ${Math.round(ms)} ms`
  }

  #backUp(random: () => number, acknowledged: Acknowledged): Promise<string> {
    const http = this.#member.process?.http
    if (http === undefined) return Promise.reject(new Error('the process is down'))
    // What files have lost, and was told, is missing in the copy as well: the other audit weighs that.
    if (readLosses(this.#data).length > 0) return Promise.resolve('left out: files were damaged before')
    return backUpAndRestore({ data: this.#data, http, environment: ENVIRONMENT, acknowledged, random })
  }

  /** Another process on the same folder is refused, and does no harm. */
  async #second(): Promise<string> {
    const second = new Member('second process', { data: this.#data, environment: ENVIRONMENT })
    const refusal = await second.start().then(
      () => 'it started',
      (error: unknown) => String(error),
    )
    await second.kill()
    if (!refusal.includes('data_in_use')) throw new Error(`a second process on the data folder: ${refusal}`)
    return 'refused'
  }
}

const DAY_MS = 86_400_000

const fault = (name: string, weight: number, inject: (random: () => number) => Promise<string>): Fault => ({
  name,
  weight,
  inject: ({ random }) => inject(random),
})

const WRITER = `
const { openSync, writeSync, fsyncSync } = require('node:fs')
const file = openSync(process.argv[1], 'w')
const bytes = Buffer.alloc(8 * 1024 * 1024, 1)
for (;;) { writeSync(file, bytes, 0, bytes.length, 0); fsyncSync(file) }
`

/** Somebody else writes and syncs on the same disk for so long: every commit has to wait. */
async function busyDisk(folder: string, ms: number, then: (() => Promise<string>) | null): Promise<string> {
  const path = `${folder}.busy`
  const writer = spawn(process.execPath, ['-e', WRITER, path], { stdio: 'ignore' })
  const ended = once(writer, 'exit')
  await pause(ms)
  const after = then === null ? '' : `, meanwhile ${await then()}`
  writer.kill('SIGKILL')
  await ended
  rmSync(path, { force: true })
  return `busy for ${Math.round(ms)} ms${after}`
}

/** How long an aimed kill waits for its moment before it comes anyway. */
const AIM_MS = 2_000

/** Has a process killed the moment it writes a token. */
class Marksman {
  #child: ChildProcess | null = null

  /** Resolves with whether that moment came. */
  async aim(aim: Aim): Promise<boolean> {
    if (this.#child?.connected !== true) {
      this.#child = fork(new URL('aim.ts', import.meta.url), {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      })
    }
    const child = this.#child
    const killed = once(child, 'message', { signal: AbortSignal.timeout(AIM_MS) })
    child.send(aim)
    const isMet = await killed.then(
      () => true,
      () => false,
    )
    if (!isMet) child.send('nobody')
    return isMet
  }

  end(): void {
    this.#child?.kill('SIGKILL')
  }
}

function removed(folder: string): string {
  rmSync(folder, { recursive: true })
  return 'gone'
}

function written(file: string): string {
  writeFileSync(file, '')
  return 'written'
}

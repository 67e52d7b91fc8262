import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FrontCluster } from './cluster.ts'
import type { FaultRule } from './faults.ts'
import type { Call, FrontStart, Reply } from './process.ts'
import type { Counts } from './tally.ts'

/**
 * A small ClickHouse server for tests: a process of its own that speaks ClickHouse's HTTP interface over the embedded
 * engine, fails on command, and counts. Its limits are in docs/testing.md.
 */
export interface ClickHouseFront {
  /** Of the first port. */
  readonly url: string
  /** One per port; all lead to one engine, like replicas of one table. */
  readonly urls: readonly string[]
  readonly pid: number
  /** Its data. */
  readonly folder: string
  /** Faults for the next requests, or for all from now on with some probability. */
  inject(...rules: readonly FaultRule[]): Promise<void>
  /** No more faults. */
  heal(): Promise<void>
  counts(): Promise<Counts>
  /** Closes a port and its connections; `openPort` opens it again. */
  closePort(index: number): Promise<void>
  openPort(index: number): Promise<void>
  /** Sends SIGKILL, and waits until the process has ended. */
  kill(): Promise<void>
  /** Starts it again on the same ports and data, after `kill` or `stop`. Faults and counts restart. */
  restart(): Promise<void>
  /** Ends it in order; data is kept. */
  stop(): Promise<void>
  /** Ends it and removes its data. */
  destroy(): Promise<void>
}

export interface FrontOptions {
  /** Ports for the one engine; 1 if absent. */
  readonly ports?: number
  /** For faults with a probability. */
  readonly seed?: number
  readonly user?: string
  readonly password?: string
  /** A cluster that it knows and represents completely. */
  readonly cluster?: FrontCluster
}

const ENTRY = new URL('./process.ts', import.meta.url).pathname
const START_TIMEOUT_MS = 60_000

export async function startClickHouseFront(options: FrontOptions = {}): Promise<ClickHouseFront> {
  const folder = await mkdtemp(join(tmpdir(), 'wattline-clickhouse-front-'))
  const { user = 'default', password = '', seed = 1, cluster = null } = options
  const start = (ports: readonly number[]) =>
    FrontProcess.start({ folder, ports, seed, user, password, cluster })
  let running = await start(Array.from({ length: options.ports ?? 1 }, () => 0))
  const urls = running.ports.map(port => `http://127.0.0.1:${port}`)
  const end = async (): Promise<void> => {
    await running.call({ name: 'stop' }).catch(() => undefined)
    await running.ended()
  }
  return {
    url: urls[0] ?? '',
    urls,
    folder,
    get pid() {
      return running.pid
    },
    inject: async (...rules) => {
      await running.call({ name: 'inject', rules })
    },
    heal: async () => {
      await running.call({ name: 'heal' })
    },
    counts: async () => (await running.call({ name: 'counts' })) as Counts,
    closePort: async port => {
      await running.call({ name: 'close', port })
    },
    openPort: async port => {
      await running.call({ name: 'open', port })
    },
    kill: () => running.kill(),
    restart: async () => {
      running = await start(running.ports)
    },
    stop: end,
    destroy: async () => {
      await end()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

type Request = Call extends infer C ? (C extends Call ? Omit<C, 'id'> : never) : never

class FrontProcess {
  readonly ports: readonly number[]
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  #calls = 0

  private constructor(child: ChildProcess, ports: readonly number[]) {
    this.#child = child
    this.ports = ports
    child.on('message', (reply: Reply) => {
      if (!('id' in reply)) return
      this.#waiting.get(reply.id)?.resolve(reply.result)
      this.#waiting.delete(reply.id)
    })
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the front has ended'))
    })
  }

  static async start(start: FrontStart): Promise<FrontProcess> {
    const child = spawn(process.execPath, [ENTRY, JSON.stringify(start)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, UV_THREADPOOL_SIZE: '48', NODE_OPTIONS: '' },
    })
    const ports = await new Promise<readonly number[]>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the front did not start in time')), START_TIMEOUT_MS)
      child.once('message', (reply: Reply) => {
        clearTimeout(timer)
        resolve('ports' in reply ? reply.ports : [])
      })
      child.once('error', reject)
      child.once('exit', code => reject(new Error(`the front ended with ${code} before it was ready`)))
    }).catch(error => {
      child.kill('SIGKILL')
      throw error
    })
    return new FrontProcess(child, ports)
  }

  get pid(): number {
    return this.#child.pid as number
  }

  call(request: Request): Promise<unknown> {
    this.#calls += 1
    const id = this.#calls
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ ...request, id }, error => {
        if (error !== null) reject(error)
      })
    })
  }

  async ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit')
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended()
  }
}

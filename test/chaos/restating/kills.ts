/** Late readings and revised intensities are restated by processes that are killed at random moments. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { openRig, type Rig } from '../../processors/recompute/rig.ts'
import { COMPILED } from '../../support/compiled.ts'
import { seededRandom } from '../../support/random.ts'
import { audit } from './audit.ts'

export interface RestatingKills {
  readonly kills: number
  readonly scenes: number
  /** Kills while late readings and revisions were being restated. */
  readonly halfway: number
  readonly corrections: number
  /** Empty: nothing is lost or doubled. */
  readonly findings: readonly string[]
  /** What the same audit finds in the same ledger after `tamper`. */
  readonly afterTampering: readonly string[]
}

/** How often it is killed some time after a scene is begun, or after everything is delivered; else when it has appended corrections. */
const [WHILE_OPEN, BY_TIME] = [0.2, 0.4]
const AFTER_MS = 2_500
/** Records that it may append more at most, and how soon after the last of them it is killed. */
const [MOST_APPENDED, SOON_MS] = [5, 40]
/** Then a scene is left alone, so that there is another. */
const KILLS_A_SCENE = 4

/**
 * @param tamper changes the tables after the audit, for a second one: it must find that
 * @param note hears of every kill, audit and finding when it happens
 */
export async function killRestating(
  kills: number,
  seed: number,
  {
    tamper,
    note = () => undefined,
  }: { readonly tamper?: (rig: Rig) => Promise<void>; readonly note?: (line: string) => void } = {},
): Promise<RestatingKills> {
  const path = await mkdtemp(join(tmpdir(), 'wattline-restating-'))
  const run = new Run(path, kills, seed, note)
  try {
    while (run.killed < kills) await run.once()
    // What the last kill left is finished by a process that is left alone.
    await run.once()
    const rig = await openRig(path)
    try {
      await rig.settle()
      const { count: corrections } = await rig.corrections('')
      const all = { from: 0, to: run.scene - 1 }
      for (const finding of await audit(rig, seed, all)) run.found(finding)
      await tamper?.(rig)
      const afterTampering = tamper === undefined ? [] : await audit(rig, seed, all)
      const { killed, scene: scenes, halfway, findings } = run
      return { kills: killed, scenes, halfway, corrections, findings: [...findings], afterTampering }
    } finally {
      await rig.close()
    }
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

/** A scene is begun, or taken up again by a process that has opened. */
const BEGUN = 'begun'

/** When a process is to be killed: so long after so many lines of a stage. */
interface Aim {
  readonly stage: string
  count: number
  readonly afterMs: number
}

/** Processes in the same folder, one after another. */
class Run {
  readonly #path: string
  readonly #kills: number
  readonly #seed: number
  readonly #note: (line: string) => void
  readonly #random: () => number
  readonly findings = new Set<string>()
  killed = 0
  halfway = 0
  /** The scene at hand: all before it are settled and audited. */
  scene = 0
  /** Its readings and revisions are in the log. */
  #isDelivered = false
  /** Records of its readings that the log has confirmed. */
  #acknowledged = 0
  #killsOfScene = 0

  constructor(path: string, kills: number, seed: number, note: (line: string) => void) {
    this.#path = path
    this.#kills = kills
    this.#seed = seed
    this.#note = note
    this.#random = seededRandom(seed)
  }

  found(finding: string): void {
    if (this.findings.has(finding)) return
    this.findings.add(finding)
    this.#note(`FINDING ${finding}`)
  }

  /** Opens the books and restates scene after scene until the process is killed, or has done the last one. */
  async once(): Promise<void> {
    const isLast = this.killed >= this.#kills
    const startedMs = performance.now()
    const child = this.#start(isLast ? this.scene : Number.MAX_SAFE_INTEGER)
    const exited = new Promise<{ code: number | null; signal: string | null }>(resolve =>
      child.once('exit', (code, signal) => resolve({ code, signal })),
    )
    const killer = new Killer(child)
    let [stage, appended] = ['starting', 0]
    for await (const line of createInterface({ input: child.stdout! })) {
      if (line.startsWith('finding ')) {
        this.found(line.slice('finding '.length))
        continue
      }
      if (line === 'acknowledged') this.#acknowledged += 1
      if (line === 'appended') appended += 1
      if (line !== 'appended' && line !== 'acknowledged') stage = line
      if (line === 'open') killer.begin(this.#aim(isLast))
      killer.hear(line)
      if (line === 'delivered') this.#isDelivered = true
      // Nothing is restated during an audit.
      if (line === 'settled') killer.spare()
      if (line !== 'audited') continue
      this.#note(`scene ${this.scene + 1} is restated and audited (${this.findings.size} findings so far)`)
      this.#next()
      killer.begin(this.#aim(isLast))
    }
    const { code, signal } = await exited
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    if (signal !== 'SIGKILL') {
      if (isLast && code === 0) return
      throw new Error(`the restating process ended by ${signal ?? code}`)
    }
    this.killed += 1
    this.#killsOfScene += 1
    this.halfway += this.#isDelivered ? 1 : 0
    this.#note(
      `kill ${this.killed} of ${this.#kills} in scene ${this.scene + 1}: ${stage}, ${appended} records of the ledger, after ${seconds} s`,
    )
  }

  #next(): void {
    this.scene += 1
    this.#isDelivered = false
    this.#acknowledged = 0
    this.#killsOfScene = 0
  }

  #aim(isLast: boolean): Aim | null {
    if (isLast || this.#killsOfScene >= KILLS_A_SCENE) return null
    const by = this.#random()
    const [count, after] = [1 + Math.floor(this.#random() * MOST_APPENDED), this.#random()]
    if (by >= BY_TIME) return { stage: 'appended', count, afterMs: after * SOON_MS }
    const stage = by < WHILE_OPEN || this.#isDelivered ? BEGUN : 'delivered'
    return { stage, count: 1, afterMs: after * AFTER_MS }
  }

  #start(last: number): ChildProcess {
    const script = fileURLToPath(new URL('./restater.ts', import.meta.url))
    const known = this.#isDelivered ? 'delivered' : ''
    return spawn(
      process.execPath,
      [script, this.#path, ...[this.#seed, this.scene, known, last, this.#acknowledged].map(String)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: COMPILED },
      },
    )
  }
}

/** Kills a process at what it is aimed at. */
class Killer {
  readonly #child: ChildProcess
  #aim: Aim | null = null
  #timer: NodeJS.Timeout | undefined

  constructor(child: ChildProcess) {
    this.#child = child
  }

  /** At the beginning of a scene. Null: it is left alone. */
  begin(aim: Aim | null): void {
    this.#aim = aim
    this.hear(BEGUN)
  }

  spare(): void {
    clearTimeout(this.#timer)
    this.#aim = null
  }

  hear(line: string): void {
    if (this.#aim === null || line !== this.#aim.stage) return
    this.#aim.count -= 1
    if (this.#aim.count === 0) this.#timer = setTimeout(() => this.#child.kill('SIGKILL'), this.#aim.afterMs)
  }
}

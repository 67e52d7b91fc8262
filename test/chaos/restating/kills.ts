/** Late readings and revised intensities are restated by processes that are killed at random moments. */
import { spawn } from 'node:child_process'
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

/** How often it is killed some time after it opened, or after everything is delivered; else when it has appended corrections. */
const [WHILE_OPEN, BY_TIME] = [0.2, 0.4]
const AFTER_MS = 2_500
/** Records that it may append more at most, and how soon after the last of them it is killed. */
const [MOST_APPENDED, SOON_MS] = [5, 40]
/** Then a scene is left alone, so that there is another. */
const KILLS_A_SCENE = 8

/** @param tamper changes the tables after the audit, for a second one: it must find that */
export async function killRestating(
  kills: number,
  seed: number,
  tamper?: (rig: Rig) => Promise<void>,
): Promise<RestatingKills> {
  const path = await mkdtemp(join(tmpdir(), 'wattline-restating-'))
  const random = seededRandom(seed)
  let [killed, halfway, scenes] = [0, 0, 0]
  try {
    do {
      let isKnown = false
      let left = KILLS_A_SCENE
      for (let isOver = false; !isOver; ) {
        const ended = await restateOnce(
          path,
          { seed, scene: scenes, isKnown },
          killed < kills && left > 0 ? random : null,
        )
        left -= 1
        isOver = ended.isSettled
        isKnown ||= ended.isDelivered
        killed += ended.isSettled ? 0 : 1
        halfway += !ended.isSettled && ended.isDelivered ? 1 : 0
      }
      scenes += 1
    } while (killed < kills)
    const rig = await openRig(path)
    try {
      await rig.settle()
      const { count: corrections } = await rig.corrections('')
      const findings = await audit(rig, seed, scenes)
      await tamper?.(rig)
      const afterTampering = tamper === undefined ? [] : await audit(rig, seed, scenes)
      return { kills: killed, scenes, halfway, corrections, findings, afterTampering }
    } finally {
      await rig.close()
    }
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

interface Round {
  readonly seed: number
  readonly scene: number
  readonly isKnown: boolean
}

interface Ended {
  readonly isSettled: boolean
  readonly isDelivered: boolean
}

/** @param random null: it is left alone */
async function restateOnce(
  path: string,
  { seed, scene, isKnown }: Round,
  random: (() => number) | null,
): Promise<Ended> {
  const script = fileURLToPath(new URL('./restater.ts', import.meta.url))
  const known = isKnown ? 'delivered' : ''
  const child = spawn(process.execPath, [script, path, String(seed), String(scene), known], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: COMPILED },
  })
  const exited = new Promise<{ code: number | null; signal: string | null }>(resolve =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  )
  const kill = (): boolean => child.kill('SIGKILL')
  const by = random?.() ?? 1
  const from = by < WHILE_OPEN ? 'open' : by < BY_TIME ? (isKnown ? 'open' : 'delivered') : 'appended'
  let more = from === 'appended' ? 1 + Math.floor((random?.() ?? 0) * MOST_APPENDED) : 1
  let [isDelivered, isSettled] = [isKnown, false]
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === from) more -= 1
    const afterMs = from === 'appended' ? SOON_MS : AFTER_MS
    if (line === from && more === 0 && random !== null) setTimeout(kill, random() * afterMs)
    isDelivered ||= line === 'delivered'
    isSettled ||= line === 'settled'
  }
  const { code, signal } = await exited
  if (!isSettled && signal !== 'SIGKILL') throw new Error(`the restating process ended by ${signal ?? code}`)
  return { isSettled, isDelivered }
}

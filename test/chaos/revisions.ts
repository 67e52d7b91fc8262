/** Intensities that are revised under load, and what is in force after them. */
import { drawOne, type Fault, pause } from './topology.ts'

/** Grid zone of all hosts. */
export const ZONE = 'DE'

/** A value that holds for minutes `[from, to)` since 1970. */
export interface Revision {
  readonly from: number
  readonly to: number
  readonly gramsPerKwh: string
}

/** Base address of the API; undefined while it is down. */
type Api = () => string | undefined

const [MINUTE_MS, DAY_MINUTES] = [60_000, 1_440]
const RETRY_MS = 200
const LONGEST_MS = 90_000

/** The value of the newest revision that holds in a minute. */
export const inForce = (revisions: readonly Revision[], minute: number): Revision | undefined =>
  revisions.findLast(({ from, to }) => minute >= from && minute < to)

/** For all minutes that hosts can report. Whatever was in force before, or was lost with files, plays no part any more. */
export async function reviseAll(api: Api, revisions: Revision[], random: () => number): Promise<void> {
  const today = Math.floor(Date.now() / MINUTE_MS / DAY_MINUTES) * DAY_MINUTES
  await put(api, revisions, {
    from: today - 9 * DAY_MINUTES,
    to: today + 4 * DAY_MINUTES,
    gramsPerKwh: gramsPerKwh(random),
  })
}

/** Repeated until it is acknowledged: putting the same values again changes nothing. */
async function put(api: Api, revisions: Revision[], revision: Revision): Promise<void> {
  const { from, to, gramsPerKwh: g_per_kwh } = revision
  const iso = (minute: number): string => new Date(minute * MINUTE_MS).toISOString()
  const body = {
    zone: ZONE,
    source: 'chaos',
    values: [{ from: iso(from), to: iso(to), g_per_kwh }],
  }
  const deadline = Date.now() + LONGEST_MS
  for (;;) {
    const answer = await send(api(), body)
    if (answer === null) {
      revisions.push(revision)
      return
    }
    if (Date.now() > deadline) throw new Error(`the revision was not acknowledged in time: ${answer}`)
    await pause(RETRY_MS)
  }
}

/** Null: acknowledged. */
async function send(api: string | undefined, body: unknown): Promise<string | null> {
  if (api === undefined) return 'nobody to ask'
  try {
    const response = await fetch(`${api}/api/v1/factors/intensity`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    })
    const text = await response.text()
    return response.ok ? null : `${response.status}: ${text}`
  } catch (error) {
    return String(error)
  }
}

const gramsPerKwh = (random: () => number): string => (random() * 900).toFixed(3)

/** From a revision until what it concerns is restated takes some seconds: the process may be killed at any moment of them. */
const KILL_WITHIN_MS = 9_000
const MOST_KILLS = 2

/** The intensity of minutes that hosts have reported is revised. `kill`: of who restates them. */
export const revise = (weight: number, api: Api, kill: () => Promise<string>): Fault => ({
  name: 'revise',
  weight,
  inject: async ({ random, client: { acknowledged } }) => {
    const { meters, revisions } = acknowledged
    const minutes = [...meters.values()].flatMap(({ minutes: counted }) => [...counted.keys()])
    const around = minutes.length === 0 ? Math.floor(Date.now() / MINUTE_MS) : drawOne(minutes, random)
    const from = around - Math.floor(random() * 60)
    const to = from + 1 + Math.floor(random() * 240)
    await put(api, revisions, { from, to, gramsPerKwh: gramsPerKwh(random) })
    const kills = Math.floor(random() * (MOST_KILLS + 1))
    let what = `${to - from} minutes from ${from}`
    for (let killed = 0; killed < kills; killed += 1) {
      await pause(random() * KILL_WITHIN_MS)
      what += `, ${await kill()}`
    }
    return what
  },
})

/**
 * Random hosts of which some readings come late, through the real log and engine: what the ledger holds once it is restated, beside
 * the books of all readings at once, row by row.
 */
import { openRig } from '../processors/recompute/rig.ts'
import { seededRandom } from '../support/random.ts'
import { type Arrival, randomHost } from './scenes.ts'

/** Late by this many seconds: minutes are closed by then. */
const [LEAST, MOST] = [60, 900]

export interface LateBooks {
  readonly hostMinutes: number
  readonly readings: number
  readonly late: number
  /** Rows of the ledger that were wrong, or missing, before restating. */
  readonly wrongBefore: number
  readonly corrections: number
  /** The same afterwards: none, if all is right. */
  readonly wrong: readonly string[]
}

export async function restateLate(
  seed: number,
  { hosts, minutes, percent }: { readonly hosts: number; readonly minutes: number; readonly percent: number },
): Promise<LateBooks> {
  const random = seededRandom(seed)
  let late = 0
  const delayed = (arrival: Arrival): Arrival => {
    if (random() * 100 >= percent) return arrival
    late += 1
    return { ...arrival, arrives: arrival.arrives + LEAST + random() * (MOST - LEAST) }
  }
  const arrivals = Array.from({ length: hosts }, (_, host) =>
    randomHost(seed * 1_000 + host, `s${seed}-h${host}`, minutes).map(delayed),
  ).flat()
  const rig = await openRig()
  try {
    await rig.deliver(arrivals)
    const wrongBefore = (await rig.differences(arrivals)).length
    await rig.settle()
    const corrections = await rig.corrections('')
    return {
      hostMinutes: hosts * minutes,
      readings: arrivals.length,
      late,
      wrongBefore,
      corrections: corrections.count,
      wrong: await rig.differences(arrivals),
    }
  } finally {
    await rig.close()
  }
}

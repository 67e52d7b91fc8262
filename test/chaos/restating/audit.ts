/** What the ledger must hold once everything is restated, by arithmetic of its own: energy of all readings, carbon of all revisions. */
import { NOON_SECONDS } from '../../processors/meter/support.ts'
import type { Rig } from '../../processors/recompute/rig.ts'
import { AT_FIRST, type Revision, sceneOf } from './scene.ts'

/** Of the rig's configuration: in hundredths. */
const PUE_HUNDREDTHS = 125n

/**
 * Empty: the ledger is right.
 *
 * @param compared first and last scene whose energy is compared with all of their readings; carbon and entries are always looked at
 *   in the whole ledger, in which `to` is the last scene
 */
export async function audit(
  rig: Rig,
  seed: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly string[]> {
  const all = Array.from({ length: to + 1 }, (_, number) => sceneOf(seed, number))
  const energy = await rig.differences(all.slice(from).flatMap(({ arrivals }) => arrivals))
  const carbon = await carbonFindings(rig, [AT_FIRST, ...all.flatMap(({ revisions }) => revisions)])
  return [...energy, ...carbon, ...(await repeated(rig))]
}

async function carbonFindings(rig: Rig, revisions: readonly Revision[]): Promise<string[]> {
  const right = new Map<string, bigint>()
  for (const { thing, minute, uj } of await rig.energies()) {
    const sinceNoon = minute - NOON_SECONDS / 60
    const inForce = revisions.findLast(({ from, to }) => sinceNoon >= from && sinceNoon < to)
    if (inForce === undefined) return [`nothing is in force in minute ${minute}`]
    const key = `${thing} ${Math.floor(minute / 60)}`
    right.set(key, (right.get(key) ?? 0n) + microgramsOf(BigInt(uj), inForce.gramsPerKwh))
  }
  const booked = new Map((await rig.carbons()).map(({ thing, hour, ug }) => [`${thing} ${hour}`, BigInt(ug)]))
  return [...new Set([...right.keys(), ...booked.keys()])]
    .filter(key => (right.get(key) ?? 0n) !== (booked.get(key) ?? 0n))
    .map(key => `${key}: ${booked.get(key)} µg are booked, ${right.get(key)} are right`)
}

/** Half to even. 1 kWh is 3.6e12 µJ; the intensity has up to three decimals. */
function microgramsOf(uj: bigint, gramsPerKwh: string): bigint {
  const [whole = '0', decimals = ''] = gramsPerKwh.split('.')
  const thousandths = BigInt(whole) * 1_000n + BigInt(decimals.padEnd(3, '0'))
  const numerator = (uj < 0n ? -uj : uj) * PUE_HUNDREDTHS * thousandths
  const denominator = 3_600_000n * 100n * 1_000n
  const [floor, rest] = [numerator / denominator, 2n * (numerator % denominator)]
  const isUp = rest > denominator || (rest === denominator && floor % 2n === 1n)
  const rounded = isUp ? floor + 1n : floor
  return uj < 0n ? -rounded : rounded
}

/** Entries that are in the tables more than once: wrong at any time. */
export async function repeated(rig: Rig): Promise<string[]> {
  const rows = await rig.store.warehouse.query<{ id: string }>(
    'SELECT EntryId AS id FROM wattline.ledger GROUP BY id HAVING count() > 1 LIMIT 10',
  )
  return rows.map(({ id }) => `entry ${id} is there twice`)
}

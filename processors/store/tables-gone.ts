/** Tables of which nothing is there any more: a volume that is not mounted, or a loss that an operator accepts. */

import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { digest } from '../../core/model/digest.ts'
import type { Extent, Losses } from '../../core/runtime/losses.ts'
import type { Missing, MissingTable } from '../../core/warehouse/embedded/missing.ts'

/** How the name of a loss begins that is over once the tables are back. */
const GONE = 'gone-'

/** Tables that were gone are there again. */
export async function tellBack(losses: Losses): Promise<void> {
  for (const { id, state, accepted } of losses.all()) {
    if (!id.startsWith(GONE) || state !== 'lost' || accepted !== null) continue
    await losses.update(id, loss => ({
      ...loss,
      state: 'restored',
      what: 'The tables were gone, and are back.',
      remedy: 'Nothing is left to do.',
    }))
  }
}

/** What an operator does without is told with what the log gives back of it, and counts once. */
export async function tellStartedOver(losses: Losses): Promise<void> {
  for (const { id, state, accepted } of losses.all()) {
    if (!id.startsWith(GONE) || state !== 'lost' || accepted === null) continue
    await losses.update(id, loss => ({
      ...loss,
      state: 'noted',
      what: 'The tables were missing. After the loss was accepted, they were created again, empty.',
      remedy: 'What they had is told apart.',
      extent: [],
    }))
  }
}

/**
 * Before anything empty is made where tables were.
 * @throws tables_missing unless an operator has accepted it
 */
export async function refuseUnlessAccepted(
  losses: Losses,
  folder: string,
  { tables, known: knownTables }: Missing,
): Promise<void> {
  const lost = tables.length === 0 ? knownTables : tables.flatMap(({ uuid, parts }) => [uuid, ...parts])
  const id = GONE + digest(['gone', ...lost].join(), 16)
  const what = `The tables are gone: nothing of them is in ${folder}.`
  const remedy =
    'If a volume is not mounted there, mount it; else restore a backup. Work goes on by itself when they are back. `wattline losses --accept` starts over with empty tables and stores what the log still has.'
  const known = losses.all().findLast(loss => loss.id === id)
  if (known !== undefined && known.accepted !== null) return
  await losses.add({ id, state: 'lost', what, remedy, extent: tables.map(extentOf) })
  throw new WattlineError('tables_missing', what)
}

const isoOf = (seconds: number | null): string | null =>
  seconds === null ? null : new Date(seconds * 1000).toISOString()

/** A missing table as a loss: times become ISO 8601; the number of records is unknown (null). */
export const extentOf = ({ name, rows, from, to }: MissingTable): Extent => ({
  table: name,
  rows,
  records: null,
  from: isoOf(from),
  to: isoOf(to),
})

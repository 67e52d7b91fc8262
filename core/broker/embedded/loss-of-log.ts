/** The report for the operator when a log is older than before, or gone. */
import { digest } from '../../model/digest.ts'
import type { Extent, Loss } from '../../runtime/losses.ts'
import type { LostPartition, LostRecords } from './log-ends.ts'

/**
 * Missing records that this group had not read are lost rows; records that only other groups had not read are in the
 * tables anyway.
 */
const STORE = 'store'

const REMEDY = {
  lost: 'If you have a newer copy of the log, stop Wattline and restore that copy. Otherwise send the data of the lost records again.',
  noted: 'No acknowledged row is missing.',
} as const

/** Null: the missing log was empty. */
export function lossOfLog(
  { kind, log, partitions }: LostRecords,
  folder: string,
): Omit<Loss, 'found' | 'accepted'> | null {
  if (partitions.length === 0) return null
  const stored = unreadOf(partitions, group => group === STORE)
  const others = unreadOf(partitions, group => group !== STORE)
  const derived = [...new Set(partitions.flatMap(({ unread }) => unread.map(({ group }) => group)))]
    .filter(group => group !== STORE)
    .toSorted()
  const state = stored.length > 0 ? 'lost' : 'noted'
  const happened =
    kind === 'older'
      ? `The log in ${folder} was replaced by an older copy`
      : `The log in ${folder} is missing`
  const missing =
    stored.length > 0
      ? ': records that were acknowledged and not stored in the tables yet are lost'
      : ', but all of its data is stored in the tables'
  const openWindows =
    'the meter starts over, so the energy of minutes that were open is missing from the ledger; their readings are in table readings'
  const unread = derived.length === 0 ? '' : `; ${derived.join(', ')} had not read all of it`
  const ends = partitions.map(({ stream, partition, end }) => `${stream}/${partition}/${end}`)
  return {
    id: digest(['log', kind, log, ...ends].join(), 16),
    state,
    what: `${happened}${missing}; ${openWindows}${unread}.`,
    remedy: `${REMEDY[state]} See docs/damage.md.`,
    extent: stored.length > 0 ? stored : others,
  }
}

/** By stream: records that one of the groups had not read, and when they arrived. */
function unreadOf(
  partitions: readonly LostPartition[],
  isMeant: (group: string) => boolean,
): readonly Extent[] {
  const found = new Map<string, { records: bigint; fromMs: number | null; toMs: number }>()
  for (const { stream, lastMs, unread } of partitions) {
    const mine = unread
      .filter(({ group }) => isMeant(group))
      .toSorted((a, b) => Number(b.records - a.records))[0]
    if (mine === undefined) continue
    const before = found.get(stream)
    const starts = [before?.fromMs, mine.readMs].filter(ms => typeof ms === 'number')
    found.set(stream, {
      records: (before?.records ?? 0n) + mine.records,
      fromMs: mine.readMs === null || before?.fromMs === null ? null : Math.min(...starts),
      toMs: Math.max(before?.toMs ?? 0, lastMs),
    })
  }
  return [...found].map(([stream, { records, fromMs, toMs }]) => ({
    stream,
    rows: null,
    records: Number(records),
    // If a clock was set back meanwhile, the arrival of the first is unknown.
    from: fromMs === null || fromMs > toMs ? null : new Date(fromMs).toISOString(),
    to: toMs === 0 ? null : new Date(toMs).toISOString(),
  }))
}

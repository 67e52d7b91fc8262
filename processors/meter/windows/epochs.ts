/**
 * One meter, one epoch at a time. Two collectors that read the same counter give it two start times: epochs that overlap are
 * alternatives, of which each moment counts one. Epochs that follow each other (a reboot) add up.
 */
import { apportion } from '../../../core/model/apportion.ts'
import type { Series } from '../samples/series.ts'
import type { HostState } from '../state/host-state.ts'
import type { Stretch, WindowSlice } from './integrate.ts'

/** Marks series that are epochs of one meter, of one source: only these need to know where in a window their slices lie. */
export function markRivals({ series }: HostState): void {
  for (const epochs of Map.groupBy(series.values(), meterOf).values()) {
    for (const one of epochs) one.hasRival = epochs.length > 1
  }
}

const meterOf = ({ place, identity: { domain, device, source, quality } }: Series): string =>
  [place, domain, device, source, quality].join('\u0000')

/** Pieces of one window, place and source, with at most one for each meter. */
export function oneEpochAtATime(slices: readonly WindowSlice[]): readonly WindowSlice[] {
  if (slices.length === 1 || slices.every(({ stretches }) => stretches === null)) return slices
  const meters = Map.groupBy(
    slices,
    ({ series: { identity } }) => `${identity.domain}\u0000${identity.device}`,
  )
  return [...meters.values()].map(some => (some.length === 1 ? some[0]! : merged(some)))
}

/** All of the epoch that covers most of the window; from the other epochs, what it does not cover. */
function merged(epochs: readonly WindowSlice[]): WindowSlice {
  const [first, ...others] = epochs.toSorted(
    (a, b) => b.coveredNs - a.coveredNs || (a.series.identity.bootId < b.series.identity.bootId ? -1 : 1),
  )
  const whole = { ...first! }
  let seen: readonly Stretch[] = first!.stretches ?? []
  for (const { stretches, interpolated } of others) {
    const more = (stretches ?? []).flatMap(stretch => unseenParts(stretch, seen))
    if (more.length === 0) continue
    for (const { amount, fromNs, toNs } of more) {
      whole.amount += amount
      whole.coveredNs += toNs - fromNs
    }
    whole.interpolated ||= interpolated
    seen = [...seen, ...more].toSorted((a, b) => a.fromNs - b.fromNs)
  }
  return whole
}

/** The parts of a stretch that none of `seen` covers; its amount is cut by time. `seen` rises. */
function unseenParts(stretch: Stretch, seen: readonly Stretch[]): Stretch[] {
  const { fromNs, toNs, amount } = stretch
  const edges = [fromNs]
  const isUnseen: boolean[] = []
  let at = fromNs
  for (const other of seen) {
    if (other.toNs <= at || other.fromNs >= toNs) continue
    if (other.fromNs > at) {
      edges.push(other.fromNs)
      isUnseen.push(true)
    }
    at = Math.min(other.toNs, toNs)
    edges.push(at)
    isUnseen.push(false)
  }
  if (at < toNs) {
    edges.push(toNs)
    isUnseen.push(true)
  }
  const spans = isUnseen.map((_, index) => BigInt(edges[index + 1]! - edges[index]!))
  const amounts = apportion(amount, spans)
  return isUnseen.flatMap((unseen, index) =>
    unseen ? [{ fromNs: edges[index]!, toNs: edges[index + 1]!, amount: amounts[index]! }] : [],
  )
}

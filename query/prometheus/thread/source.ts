/** Where the series of a selector come from: the ledger by its reserved names, everything else from metric points. */
import {
  compareLabels,
  keyOf,
  type Labels,
  type Matcher,
  type SampleSource,
  type SelectorNeed,
} from '../../promql/index.ts'
import { openLedger } from '../ledger/reader.ts'

import type { Points } from '../points/points.ts'
import type { Ask, Selected, SeriesReader } from '../reading/reader.ts'

/** Reads one caller's series. */
export interface Tables {
  readonly ask: Ask
  readonly caller: string
  readonly tellsVersions: boolean
  readonly points: Points
  /** What answers leave out. */
  readonly warnings: Set<string>
}

/** Readers of everything that matches. `isListing`: no series without samples in the span. */
async function openReaders(
  { ask, caller, tellsVersions, points, warnings }: Tables,
  need: Selected,
  isListing: boolean,
): Promise<readonly SeriesReader[]> {
  const warn = (text: string): void => void warnings.add(text)
  const readers = [
    ...(await openLedger(ask, need)),
    await points.open({ ask, caller, tellsVersions, isListing, warn }, need),
  ]
  return readers.filter(({ series }) => series.length > 0)
}

interface OpenedReader {
  readonly reader: SeriesReader
  /** Position of its first series in those of the selector. */
  readonly offset: number
}

/** The source of an evaluation. */
export function sourceOf(tables: Tables): SampleSource {
  const opened = new Map<number, readonly OpenedReader[]>()
  return {
    async series(need: SelectorNeed): Promise<readonly Labels[]> {
      const readers = await openReaders(tables, need, false)
      const all: Labels[] = []
      const placed: OpenedReader[] = []
      for (const reader of readers) {
        placed.push({ reader, offset: all.length })
        for (const labels of reader.series) all.push(labels)
      }
      opened.set(need.id, placed)
      return all
    },
    async samples(need, fromMs, toMs, push) {
      for (const { reader, offset } of opened.get(need.id) ?? []) {
        await reader.samples(fromMs, toMs, chunk =>
          push(offset === 0 ? chunk : { ...chunk, series: chunk.series.map(one => one + offset) }),
        )
      }
    },
  }
}

/** Label sets that match any of the selectors, each once. */
export async function labelSets(
  tables: Tables,
  selections: readonly (readonly Matcher[])[],
  range: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly Labels[]> {
  const found = new Map<string, Labels>()
  for (const matchers of selections) {
    for (const { series } of await openReaders(tables, { matchers, ...range }, true))
      for (const labels of series) found.set(keyOf(labels), labels)
  }
  return [...found.values()].sort(compareLabels)
}

/** Lists the ledger's series, all names at once. */
import { type Labels, labelsOf, type Matcher, matcherTest } from '../../promql/index.ts'
import { numbersOf, textAt } from '../native/columns.ts'
import type { Ask, Selected } from '../reading/reader.ts'
import { LEDGER_SERIES, type LedgerPart, type LedgerSeries } from './series.ts'
import { LISTED_COLUMNS, labelColumns, listingStatement } from './statement.ts'

/** A part of a ledger series that matchers may select. */
export interface LedgerChoice {
  readonly series: LedgerSeries
  readonly part: LedgerPart
}

/** Parts that may match: by name, and by labels that all of their series have or lack. */
export function ledgerChoices(matchers: readonly Matcher[]): readonly LedgerChoice[] {
  const tests = matchers.map(matcher => ({ name: matcher.name, test: matcherTest(matcher) }))
  return [...LEDGER_SERIES.values()].flatMap(series =>
    series.parts
      .filter(part => {
        const names = ledgerLabelNames(part)
        return tests.every(({ name, test }) => {
          if (name === '__name__') return test(series.name)
          const fixed = part.labels[name]
          return fixed === undefined ? names.includes(name) || test('') : test(fixed)
        })
      })
      .map(part => ({ series, part })),
  )
}

/** Series of one part, and what finds them in the rows of its samples. */
export interface ListedPart extends LedgerChoice {
  readonly labels: readonly Labels[]
  readonly hosts: readonly string[]
  /** Position of a series by its columns (`partKey`). */
  readonly places: ReadonlyMap<string, number>
}

/** Values of label columns as a key. */
export const partKey = (values: readonly string[]): string => JSON.stringify(values)

/**
 * The series of all choices that match, by one statement, from sums by the hour: those of the hours that the span touches.
 */
export async function listLedger(
  ask: Ask,
  choices: readonly LedgerChoice[],
  need: Selected,
): Promise<readonly ListedPart[]> {
  if (choices.length === 0) return []
  const tests = need.matchers.map(matcher => ({ name: matcher.name, test: matcherTest(matcher) }))
  const parts = choices.map(({ series, part }) => ({
    series,
    part,
    labels: [] as Labels[],
    hosts: [] as string[],
    places: new Map<string, number>(),
    width: labelColumns(part).length,
  }))
  const longestMs = 1000 * Math.max(...choices.map(({ series }) => series.seconds))
  const hours = { from: secondsOf(need.fromMs - longestMs), to: secondsOf(need.toMs) + 1 }
  for await (const block of ask(
    listingStatement(
      choices.map(({ part }) => part),
      need.matchers,
      hours,
    ),
  )) {
    const flags = parts.map((_, index) => numbersOf(block, LISTED_COLUMNS.length + index))
    for (let row = 0; row < block.rows; row += 1) {
      const values = LISTED_COLUMNS.map((_, column) => textAt(block, column, row))
      for (const [index, one] of parts.entries()) {
        if (flags[index]![row] === 0) continue
        const record = recordOf(one.series, one.part, values)
        const key = partKey(values.slice(0, one.width))
        if (one.places.has(key) || !tests.every(({ name, test }) => test(record[name] ?? ''))) continue
        one.places.set(key, one.labels.length)
        one.labels.push(labelsOf(record))
        one.hosts.push(record['host'] ?? '')
      }
    }
  }
  return parts.filter(({ labels }) => labels.length > 0)
}

/** Times of the ledger are 32 bits wide. */
const secondsOf = (ms: number): number => Math.min(Math.max(0, Math.floor(ms / 1000)), 4_294_962_000)

function recordOf(series: LedgerSeries, part: LedgerPart, values: readonly string[]): Record<string, string> {
  const record: Record<string, string> = { __name__: series.name, ...part.labels }
  for (const [column, [label]] of LISTED_COLUMNS.entries()) {
    if (label !== 'currency' || part.columns['currency'] !== undefined) record[label] = values[column]!
  }
  if (record['workload'] === '') record['workload'] = record['workload_id'] ?? ''
  return record
}

/** Names of the labels of a ledger series. */
const ledgerLabelNames = (part: LedgerPart): readonly string[] => [
  '__name__',
  ...labelColumns(part).map(([label]) => label),
  ...Object.keys(part.labels),
]

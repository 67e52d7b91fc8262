/** Answers which exemplars the series of an expression have. */
import { formatValue, type Labels, type Matcher, prepare } from '../../promql/index.ts'
import { jsonList, labelsText, success, timeText } from '../encode/results.ts'
import type { SeriesExemplar } from '../points/exemplars.ts'
import type { Question } from '../wire/messages.ts'
import type { Tables } from './source.ts'

type ExemplarsQuestion = Extract<Question, { kind: 'exemplars' }>

/** The body of `query_exemplars`: those of all selectors of the expression, whatever is done with them. */
export async function exemplars(tables: Tables, asked: ExemplarsQuestion): Promise<Iterable<string>> {
  const { startMs, endMs } = asked
  const query = prepare(asked.text, { startMs, endMs: startMs, stepMs: 0 })
  const selections = query.selectors.map(({ matchers }) => matchers)
  const found = await foundIn(tables, selections, { fromMs: startMs - 1, toMs: endMs })
  return success(jsonList(found, seriesText))
}

interface OfSeries {
  readonly labels: Labels
  readonly exemplars: readonly SeriesExemplar[]
}

async function foundIn(
  { ask, caller, tellsVersions, points, warnings }: Tables,
  selections: readonly (readonly Matcher[])[],
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<readonly OfSeries[]> {
  const warn = (text: string): void => void warnings.add(text)
  const asked = { ask, caller, tellsVersions, isListing: true, warn }
  const all: OfSeries[] = []
  for (const matchers of selections) all.push(...(await points.exemplars(asked, { matchers, ...span })))
  return all
}

const seriesText = ({ labels, exemplars }: OfSeries): string =>
  `{"seriesLabels":${labelsText(labels)},"exemplars":[${exemplars.map(exemplarText).join(',')}]}`

const exemplarText = ({ labels, value, timeMs }: SeriesExemplar): string =>
  `{"labels":${labelsText(labels)},"value":"${formatValue(value)}","timestamp":${timeText(timeMs)}}`

/** Answers federation: the newest samples of selectors, as text that Prometheus scrapes. */
import {
  formatValue,
  keyOf,
  type Labels,
  labelValue,
  type Matcher,
  parseSelector,
  recordOf,
} from '../../promql/index.ts'
import type { Question, Task } from '../wire/messages.ts'
import { evaluateInstant } from './evaluate.ts'
import { TaskError } from './port.ts'
import type { Tables } from './source.ts'

type FederateQuestion = Extract<Question, { kind: 'federate' }>

/** The body of `federate`. Native histograms have no form in this text. */
export async function federate(
  tables: Tables,
  task: Task,
  asked: FederateQuestion,
): Promise<Iterable<string>> {
  const lines = new Map<string, string>()
  for (const match of asked.match) {
    const text = selectorText(parseSelector(match))
    const { timeMs, lookbackMs } = asked
    const now = await evaluateInstant(tables, task, { text, timeMs, lookbackMs })
    // A series that has ended has samples, and no value now.
    const before = await evaluateInstant(tables, task, {
      text: `${text}[${lookbackMs}ms]`,
      timeMs,
      lookbackMs,
    })
    if (now.resultType !== 'vector' || before.resultType !== 'matrix')
      throw new TaskError('internal', 'a selector is not a vector')
    const times = new Map(before.matrix.map(({ labels, times: all }) => [keyOf(labels), all.at(-1)]))
    for (const { labels, value, histogram } of now.vector) {
      const at = times.get(keyOf(labels))
      if (histogram !== undefined || at === undefined) continue
      lines.set(seriesText(labels), ` ${formatValue(value)} ${at}\n`)
    }
  }
  return [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([series, value]) => series + value)
}

/** A selector in the form that needs no name. */
const selectorText = (matchers: readonly Matcher[]): string =>
  `{${matchers.map(({ name, op, value }) => `${JSON.stringify(name)}${op}${JSON.stringify(value)}`).join(',')}}`

const PLAIN = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const escaped = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

function seriesText(labels: Labels): string {
  const name = labelValue(labels, '__name__')
  const pairs = Object.entries(recordOf(labels))
    .filter(([label]) => label !== '__name__')
    .map(([label, value]) => `${PLAIN.test(label) ? label : `"${escaped(label)}"`}="${escaped(value)}"`)
  if (PLAIN.test(name)) return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
  return `{${[`"${escaped(name)}"`, ...pairs].join(',')}}`
}

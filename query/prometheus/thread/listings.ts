/** Answers questions about which series, labels and values there are. */
import { type Labels, type Matcher, parseSelector } from '../../promql/index.ts'
import { jsonList, labelsText, success } from '../encode/results.ts'
import type { Question } from '../wire/messages.ts'
import { TRUNCATED } from './evaluate.ts'
import { labelSets, type Tables } from './source.ts'

type ListingQuestion = Extract<Question, { kind: 'series' | 'labels' | 'values' }>

/** The body of `series`, `labels` and `label/NAME/values`. */
export async function listing(tables: Tables, question: ListingQuestion): Promise<Iterable<string>> {
  const found = await labelSets(tables, selectionsOf(question), {
    // Samples at the start count.
    fromMs: question.startMs - 1,
    toMs: question.endMs,
  })
  switch (question.kind) {
    case 'series':
      return listed(found, labelsText, question.limit)
    case 'labels':
      return listed(sorted(namesOf(found)), JSON.stringify, question.limit)
    case 'values':
      return listed(sorted(valuesOf(found, question.name)), JSON.stringify, question.limit)
  }
}

/** Without a selector: everything. */
const selectionsOf = ({ match }: ListingQuestion): readonly (readonly Matcher[])[] =>
  match.length === 0 ? [[]] : match.map(text => parseSelector(text))

function listed<T>(all: readonly T[], text: (one: T) => string, limit: number): Iterable<string> {
  const isCut = limit > 0 && all.length > limit
  return success(jsonList(isCut ? all.slice(0, limit) : all, text), isCut ? { warnings: [TRUNCATED] } : {})
}

function namesOf(series: readonly Labels[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const labels of series) for (let at = 0; at < labels.length; at += 2) names.add(labels[at]!)
  return names
}

function valuesOf(series: readonly Labels[], name: string): ReadonlySet<string> {
  const values = new Set<string>()
  for (const labels of series) {
    for (let at = 0; at < labels.length; at += 2) if (labels[at] === name) values.add(labels[at + 1]!)
  }
  return values
}

const sorted = (texts: ReadonlySet<string>): readonly string[] => [...texts].sort()

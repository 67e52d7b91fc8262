/** Answers what metrics are: type, help and unit by name. */
import { jsonList, success } from '../encode/results.ts'
import { LEDGER_SERIES } from '../ledger/series.ts'
import { type Metric, metadataNames } from '../points/catalogue.ts'
import type { Question } from '../wire/messages.ts'
import type { Tables } from './source.ts'

type MetadataQuestion = Extract<Question, { kind: 'metadata' }>

interface MetricMetadata {
  readonly type: string
  readonly help: string
  readonly unit: string
}

/** As far back as metrics that no longer have points are described. */
const BACK_MS = 86_400_000

/** The body of `metadata`. */
export async function metadata(tables: Tables, asked: MetadataQuestion): Promise<Iterable<string>> {
  const found = new Map<string, MetricMetadata[]>()
  const add = (name: string, one: MetricMetadata): void => {
    if (asked.metric !== '' && asked.metric !== name) return
    const known = found.get(name) ?? []
    if (!known.some(({ type, help, unit }) => type === one.type && help === one.help && unit === one.unit))
      known.push(one)
    found.set(name, known)
  }
  for (const { name, help, unit } of LEDGER_SERIES.values()) add(name, { type: 'gauge', help, unit })
  const { ask, caller, tellsVersions, points, warnings } = tables
  const span = { fromMs: asked.nowMs - BACK_MS, toMs: asked.nowMs + 3_600_000 }
  const metrics = await points.metrics(
    { ask, caller, tellsVersions, isListing: true, warn: text => warnings.add(text) },
    span,
  )
  for (const metric of metrics) {
    for (const name of metadataNames(metric)) add(name, describedOf(metric))
  }
  const names = [...found.keys()].sort()
  const shown = asked.limit > 0 ? names.slice(0, asked.limit) : names
  return success(
    object(shown, name => jsonList(limited(found.get(name)!, asked.limitPerMetric), JSON.stringify)),
  )
}

const limited = <T>(all: readonly T[], limit: number): readonly T[] => (limit > 0 ? all.slice(0, limit) : all)

const describedOf = ({ type, description, unit }: Metric): MetricMetadata => ({
  type,
  help: description,
  unit,
})

function* object(names: readonly string[], content: (name: string) => Iterable<string>): Generator<string> {
  yield '{'
  for (const [index, name] of names.entries()) {
    yield `${index === 0 ? '' : ','}${JSON.stringify(name)}:`
    yield* content(name)
  }
  yield '}'
}

/** `GET /v2/dataframes`: what every workload used in each hour, and its cost. */
import type { FencedReader } from '../../fence/fenced-reader.ts'
import type { Summed } from '../../usage/answer.ts'
import type { UsageDimension } from '../../usage/request.ts'
import { nothingFound } from './failure.ts'
import { moneyNumber, quantityNumber, RATED_TYPES, type RatedType, ratedAmount } from './rated.ts'
import type { RatedQuestion, RowPage } from './request.ts'
import { isoOffset } from './times.ts'
import { readRatedUsage } from './usage.ts'

const HOUR_S = 3_600
/** Attributes of a point by the dimension of the ledger. */
const GROUPS: Readonly<Record<string, UsageDimension>> = {
  id: 'workload_id',
  project_id: 'account',
  namespace: 'namespace',
  kind: 'kind',
  host: 'host',
  zone: 'zone',
}
const METADATA: Readonly<Record<string, UsageDimension>> = { name: 'workload', currency: 'currency' }

interface Point {
  readonly start: number
  readonly type: RatedType
  readonly summed: Summed
}

/** A page of points, by their hours. `total`: points, all pages together. @throws CloudKittyError */
export async function dataframesOf(
  reader: FencedReader,
  question: RatedQuestion,
  { offset, limit }: RowPage,
): Promise<object> {
  const dimensions = [...Object.values(GROUPS), ...Object.values(METADATA)]
  const found = await readRatedUsage(reader, question, dimensions, HOUR_S)
  const types = RATED_TYPES.filter(({ name }) => question.types.length === 0 || question.types.includes(name))
  const points = found
    .flatMap(summed => types.map((type): Point => ({ start: summed.start ?? 0, type, summed })))
    .filter(({ type, summed }) => ratedAmount(type, summed.amounts) !== undefined)
    .toSorted(comparePoints)
  if (points.length === 0) throw nothingFound()
  const hours = Map.groupBy(points.slice(offset, offset + limit), ({ start }) => start)
  return {
    total: points.length,
    dataframes: [...hours].map(([start, some]) => ({
      usage: Object.fromEntries(
        [...Map.groupBy(some, ({ type }) => type.name)].map(([name, of]) => [name, of.map(pointShape)]),
      ),
      period: {
        begin: isoOffset(Math.max(question.from, start)),
        end: isoOffset(Math.min(question.to, start + HOUR_S)),
      },
    })),
  }
}

function comparePoints(a: Point, b: Point): number {
  if (a.start !== b.start) return a.start - b.start
  if (a.type.name !== b.type.name) return a.type.name < b.type.name ? -1 : 1
  const [one, other] = [a, b].map(({ summed }) => JSON.stringify(summed.group))
  return one! < other! ? -1 : 1
}

const named = (summed: Summed, names: Readonly<Record<string, UsageDimension>>): object =>
  Object.fromEntries(Object.entries(names).map(([name, dimension]) => [name, summed.group[dimension] ?? '']))

function pointShape({ type, summed }: Point): object {
  const amount = ratedAmount(type, summed.amounts)!
  return {
    vol: { unit: type.unit, qty: quantityNumber(amount.quantity) },
    rating: { price: moneyNumber(amount.nano) },
    groupby: named(summed, GROUPS),
    metadata: named(summed, METADATA),
  }
}

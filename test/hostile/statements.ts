import type { ScalarKind } from '../../core/model/streams/stream.ts'
import { ROLLUP_VIEWS, TRACE_INDEX, TRACE_INDEX_VIEW } from '../../core/warehouse/tables/ddl-derived.ts'
import { METRIC_VIEWS } from '../../core/warehouse/tables/ddl-metrics.ts'
import { seededRandom } from '../support/random.ts'
import { NUMBER_SHAPES, PLACES, TEXT_SHAPES, TIME_SHAPES } from './shapes.ts'
import { OWNED_STREAMS } from './worlds.ts'

/** A table or view, and columns for conditions. */
interface Target {
  readonly name: string
  readonly isView: boolean
  readonly texts: readonly string[]
  readonly numbers: readonly string[]
  readonly times: readonly string[]
}

const TEXTS: readonly ScalarKind[] = ['string', 'lowCardinality']
const NUMBERS: readonly ScalarKind[] = ['int64', 'int64?', 'uint64', 'int32', 'uint32', 'uint8']
const TIMES: readonly ScalarKind[] = ['timestampNs', 'seconds']

/** For tables without texts. Visible numbers have one digit. */
const textOfNumber = (name: string): string => `if(${name} > 9, concat('SECRET', toString(${name})), '1')`

const STREAM_TARGETS: readonly Target[] = OWNED_STREAMS.map(({ table, columns }) => {
  const of = (kinds: readonly ScalarKind[]): readonly string[] =>
    columns
      .filter(
        ({ kind, list, stored }) =>
          kinds.includes(kind) && list !== true && (stored ?? 'String') === 'String',
      )
      .map(column => column.name)
      .filter(name => name !== 'Tenant')
  const [texts, numbers] = [of(TEXTS), of(NUMBERS)]
  return {
    name: table?.name ?? '',
    isView: false,
    texts: texts.length > 0 ? texts : numbers.map(textOfNumber),
    numbers,
    times: of(TIMES),
  }
})

const ROLLUP_TARGETS: readonly Target[] = ROLLUP_VIEWS.map(({ name }) => ({
  name,
  isView: true,
  texts: ['Account', 'Host', 'WorkloadId'],
  numbers: ['EnergyUj', 'CpuUs', 'Entries'],
  times: ['WindowStart'],
}))

const METRIC_TARGETS: readonly Target[] = METRIC_VIEWS.map(({ name }) => ({
  name,
  isView: true,
  texts: ['ServiceName', 'MetricName'],
  numbers: ['Flags'],
  times: ['StartTimeUnix', 'TimeUnix'],
}))

const TRACE_TARGETS: readonly Target[] = [TRACE_INDEX, TRACE_INDEX_VIEW].map((name, index) => ({
  name,
  isView: index === 1,
  // The last digit of a visible id is a digit; hidden ids begin with another letter.
  texts: [`if(startsWith(TraceId, 'f'), concat('SECRET', TraceId), '1')`],
  numbers: [],
  times: ['Start', 'End'],
}))

export const TARGETS: readonly Target[] = [
  ...STREAM_TARGETS,
  ...ROLLUP_TARGETS,
  ...METRIC_TARGETS,
  ...TRACE_TARGETS,
]

export interface HostileStatement {
  readonly table: string
  readonly place: string
  readonly sql: string
  /** The other tenant runs the same statement before. */
  readonly isAskedByOthers: boolean
}

/** Every shape on every table, each in this number of places; the seed selects places and columns. */
export function hostileStatements(options: {
  readonly seed: number
  readonly places: number
  readonly tables?: readonly string[]
  /** This number for each table, at random; all if absent. */
  readonly perTable?: number
}): readonly HostileStatement[] {
  const random = seededRandom(options.seed)
  const drawn = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  return TARGETS.filter(({ name }) => options.tables?.includes(name) ?? true).flatMap(target => {
    const kinds = [
      [target.texts, TEXT_SHAPES],
      [target.numbers, NUMBER_SHAPES],
      [target.times, TIME_SHAPES],
    ] as const
    const places = PLACES.filter(place => !(target.isView && place.isForTables === true))
    const all = kinds.flatMap(([columns, shapes]) =>
      columns.length === 0
        ? []
        : shapes.flatMap(shape =>
            shuffled(places, random)
              .slice(0, options.places)
              .map(place => {
                const column = drawn(columns)
                return {
                  table: target.name,
                  place: place.name,
                  isAskedByOthers: random() < 0.2,
                  sql: place.text(target.name, column, shape(column)),
                }
              }),
          ),
    )
    return options.perTable === undefined ? all : shuffled(all, random).slice(0, options.perTable)
  })
}

function shuffled<T>(list: readonly T[], random: () => number): readonly T[] {
  return list
    .map(item => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/**
 * Guarantees: a list of attributes with a repeated key becomes a map with that key once and its last value, at every
 * place, in every decoder, in protobuf and in JSON.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonToProtobuf } from '../../../../collector/otlp/json/json.ts'
import { createBuilders, SIGNAL_BUILDERS, type Signal } from '../../../../collector/otlp/signals.ts'
import type { ListView, MapView } from '../../../../core/columns/column-views.ts'
import { readRecord } from '../../../../core/columns/record-reader.ts'
import type { Column } from '../../../../core/model/streams/stream.ts'
import { runs } from '../../../support/runs.ts'
import { oddJson } from '../json/odd-json.ts'
import { encode } from './otlp-proto.ts'
import { decodeIntoBuilders } from './ours.ts'
import { REQUEST_MESSAGES } from './reference.ts'
import { CONTEXT } from './support.ts'
import { seededRandom } from './wire.ts'

type Pair = readonly [key: string, value: string | number | readonly string[]]
type Entries = readonly (readonly [key: string, value: string])[]

const anyValue = (value: Pair[1]): object => {
  if (typeof value === 'string') return { string_value: value }
  if (typeof value === 'number') return { int_value: String(value) }
  return { array_value: { values: value.map(anyValue) } }
}
const attributesOf = (pairs: readonly Pair[]): object[] =>
  pairs.map(([key, value]) => ({ key, value: anyValue(value) }))

/** The result of one list: keys in order of their first occurrence, with their last values. */
const once = (pairs: readonly Pair[]): Entries =>
  [...new Map(pairs)].map(([key, value]) => [
    key,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ])

const TIME = '1700000000000000000'

/** A request with the same lists at each place, in two resources and two items each. */
function requestOf(signal: Signal, own: readonly Pair[], outer: readonly Pair[]): object {
  const attributes = attributesOf(own)
  const resource = { attributes: attributesOf(outer) }
  const scope = { name: 's', attributes: attributesOf(outer) }
  const ids = { trace_id: new Uint8Array(16).fill(1), span_id: new Uint8Array(8).fill(2) }
  if (signal === 'traces') {
    const inner = { ...ids, attributes }
    const events = [{ name: 'e', attributes }, { name: 'e' }, { name: 'e', attributes }]
    const span = { ...ids, start_time_unix_nano: TIME, attributes, events, links: [inner, inner] }
    const scopeSpans = { scope, spans: [span, span] }
    return { resource_spans: [0, 1].map(() => ({ resource, scope_spans: [scopeSpans] })) }
  }
  if (signal === 'logs') {
    const record = { time_unix_nano: TIME, attributes }
    const scopeLogs = { scope, log_records: [record, record] }
    return { resource_logs: [0, 1].map(() => ({ resource, scope_logs: [scopeLogs] })) }
  }
  const exemplars = [{ time_unix_nano: TIME, as_double: 1, filtered_attributes: attributes }]
  const point = { time_unix_nano: TIME, as_double: 1, attributes, exemplars }
  const scopeMetrics = { scope, metrics: [{ name: 'm', gauge: { data_points: [point, point] } }] }
  return { resource_metrics: [0, 1].map(() => ({ resource, scope_metrics: [scopeMetrics] })) }
}

/** Entries of every map of every row as the record contains them: an object would hide a duplicate key. */
function mapsIn(signal: Signal, body: Uint8Array): { readonly service: string; readonly maps: Entries[] }[] {
  const builders = createBuilders()
  decodeIntoBuilders(signal, body, CONTEXT, builders)
  const name = SIGNAL_BUILDERS[signal][0]!
  const { stream } = builders[name]
  const record = readRecord(stream, builders[name].finish())
  const declared: readonly Column[] = stream.columns
  const columns = record.columns as Readonly<Record<string, unknown>>
  const textAt = (column: string, row: number): string =>
    (columns[column] as { get(row: number): string }).get(row)
  if (signal === 'metrics') {
    return Array.from({ length: record.rows }, (_, row) => {
      const scope = /"scopeAttributes":("(?:[^"\\]|\\.)*")/.exec(textAt('Meta', row))?.[1] ?? '"{}"'
      const exemplars = [...textAt('Exemplars', row).matchAll(/"attributes":(\{.*?\}),"time"/g)]
      const texts = [textAt('Resource', row), JSON.parse(scope), textAt('Labels', row)]
      return {
        service: textAt('ServiceName', row),
        maps: [...texts, ...exemplars.map(match => match[1]!)].map(entriesIn),
      }
    })
  }
  return Array.from({ length: record.rows }, (_, row) => ({
    service: textAt('ServiceName', row),
    maps: declared
      .filter(({ kind }) => kind === 'stringMap')
      .flatMap(({ name: column, list }) => {
        if (list !== true) return [entriesOf(columns[column] as MapView, row)]
        const { offsets, items } = columns[column] as ListView<MapView, unknown>
        return Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_, at) =>
          entriesOf(items, offsets[row]! + at),
        )
      }),
  }))
}

/** The members of a JSON object as its text contains them. */
const entriesIn = (text: string): Entries =>
  [...text.matchAll(/("(?:[^"\\]|\\.)*"):("(?:[^"\\]|\\.)*")/g)].map(([, key, value]) => [
    JSON.parse(key!),
    JSON.parse(value!),
  ])

const entriesOf = ({ offsets, keys, values }: MapView, row: number): Entries =>
  Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_, at) => {
    const entry = offsets[row]! + at
    return [keys.get(entry), values.get(entry)]
  })

const pairs = fc.array(
  fc.tuple(
    fc.constantFrom('a', 'b', 'c', 'service.name', 'a key of more than eight bytes', ''),
    fc.oneof(fc.constantFrom('x', 'y', ''), fc.nat(3), fc.array(fc.constantFrom('x', 'y'), { maxLength: 2 })),
  ),
  { maxLength: 40 },
)

test.each(['traces', 'logs', 'metrics'] as const)('%s', signal => {
  fc.assert(
    fc.property(pairs, pairs, fc.nat(1_000), (own, outer, seed) => {
      const request = requestOf(signal, own, outer)
      const message = REQUEST_MESSAGES[signal]
      const rows = mapsIn(signal, encode(message, request))
      const service = new Map(once(outer)).get('service.name') ?? ''
      expect(rows.map(row => row.service)).toEqual(Array(4).fill(service))
      const nested = signal === 'traces' ? [once(own), [], once(own), once(own), once(own)] : [once(own)]
      const expected: Record<Signal, Entries[]> = {
        // In the order of the stream's columns.
        traces: [once(outer), once(own), ...nested],
        logs: [once(outer), once(outer), once(own)],
        metrics: [once(outer), once(outer), once(own), ...nested],
      }
      expect(rows.map(row => row.maps)).toEqual(Array(4).fill(expected[signal]))
      const text = oddJson(message, request, seededRandom(seed))
      expect(mapsIn(signal, jsonToProtobuf(signal, Buffer.from(text)))).toEqual(rows)
    }),
    { numRuns: runs(20), seed: 20261130 },
  )
})

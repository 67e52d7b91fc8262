/**
 * Data that clients accept in their API but do not send: found by comparing, confirmed in their encoders, and expected
 * exactly, so that a client that stops losing it fails here.
 */
import type { Row, Table } from './sent.ts'

export interface Loss {
  readonly client: string
  /** Absent: on all. */
  readonly protocol?: string
  readonly what: string
  /** The columns that are stored differently from the client's objects. */
  stored(table: Table, row: Row): Row
}

const withoutLinkStates: Loss['stored'] = (table, row) =>
  table === 'otel_traces' ? { 'Links.TraceState': (row['Links.TraceState'] as string[]).map(() => '') } : {}

export const LOSSES: readonly Loss[] = [
  { client: 'python', what: 'the trace state of links', stored: withoutLinkStates },
  { client: 'go', what: 'the trace state of links', stored: withoutLinkStates },
  {
    client: 'javascript',
    protocol: 'http/json',
    what: 'NaN and infinities in attributes: JSON.stringify makes them null',
    stored: (_, row) => ({
      ...Object.fromEntries(
        ['SpanAttributes', 'LogAttributes']
          .filter(column => column in row)
          .map(column => [column, withoutNonFinite(row[column] as Readonly<Record<string, string>>)]),
      ),
      ...('AttributeTypes' in row ? { AttributeTypes: typesWithoutNonFinite(row) } : {}),
    }),
  },
]

const isNonFinite = (text: string): boolean => ['NaN', '+Inf', '-Inf'].includes(text)

const withoutNonFinite = (attributes: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([key, text]) => [key, isNonFinite(text) ? '' : text]))

/** Types of attributes are separated by `/`: those of the resource, of the span, of its events and links. */
function typesWithoutNonFinite(row: Row): string {
  const [resource = '', own, ...rest] = (row['AttributeTypes'] as string).split('/')
  if (own === undefined) return resource
  const texts = Object.values(row['SpanAttributes'] as Readonly<Record<string, string>>)
  const types = [...own].map((type, at) => (isNonFinite(texts[at] ?? '') ? 'n' : type))
  return [resource, types.join(''), ...rest].join('/')
}

export const lossesOf = (client: string, protocol: string): readonly Loss[] =>
  LOSSES.filter(loss => loss.client === client && (loss.protocol ?? protocol) === protocol)

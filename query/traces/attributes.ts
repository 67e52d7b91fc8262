/**
 * Attributes with their types. The tables keep values as text, as the OpenTelemetry Collector's exporter does, and beside them the
 * types: a letter for each attribute that is not text.
 */

import { ATTRIBUTE_TYPES } from '../../core/model/streams/traces.ts'

/** The type that an attribute was sent with, as OTLP names it. */
export type AttributeType = keyof typeof ATTRIBUTE_TYPES

/** An attribute as it was sent: its value is the text of the exporter. */
export interface Attribute {
  readonly key: string
  readonly type: AttributeType
  readonly text: string
}

const TYPES = new Map<string, AttributeType>(
  Object.entries(ATTRIBUTE_TYPES).map(([type, letter]) => [letter, type as AttributeType]),
)

/** The types of a span's attributes: column AttributeTypes. */
export interface SpanTypes {
  readonly resource: string
  readonly span: string
  readonly events: readonly string[]
  readonly links: readonly string[]
}

/** Parts that are left out are of attributes that are all text. */
export function typesOf(text: string): SpanTypes {
  const [resource = '', span = '', events = '', links = ''] = text.split('/')
  return { resource, span, events: events.split(','), links: links.split(',') }
}

/** @param types a letter for each attribute; '' where all are text, or where types were not stored yet */
export function typedAttributes(
  keys: readonly string[],
  values: readonly string[],
  types: string,
): readonly Attribute[] {
  return keys.map((key, index) => ({
    key,
    type: TYPES.get(types[index] ?? '') ?? 'string',
    text: values[index] ?? '',
  }))
}

/** The value of an attribute by its key. */
export const attributeText = (attributes: readonly Attribute[], key: string): string | undefined =>
  attributes.find(attribute => attribute.key === key)?.text

/** The number of a double's text: Go writes infinities as `+Inf` and `-Inf`. */
export function doubleOf(text: string): number {
  if (text === '+Inf') return Infinity
  return text === '-Inf' ? -Infinity : Number(text)
}

/** The parsed JSON of an array or kvlist; undefined when its text was cut at a limit. */
export function structureOf(text: string): unknown {
  try {
    // Integers beyond 2^53 stay exact.
    return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
      typeof value === 'number' && Number.isInteger(value) && /^-?\d+$/.test(context?.source ?? '')
        ? BigInt(context!.source!)
        : value,
    )
  } catch {
    return undefined
  }
}

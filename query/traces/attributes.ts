/**
 * Attributes with their types. The tables keep values as text, as the OpenTelemetry Collector's exporter does, and beside them the
 * types: a letter for each attribute that is not text.
 */

/** The type that an attribute was sent with, as OTLP names it. */
export type AttributeType = 'string' | 'bool' | 'int' | 'double' | 'bytes' | 'array' | 'kvlist' | 'empty'

/** An attribute as it was sent: its value is the text of the exporter. */
export interface Attribute {
  readonly key: string
  readonly type: AttributeType
  readonly text: string
}

const TYPES: Readonly<Record<string, AttributeType>> = {
  s: 'string',
  b: 'bool',
  i: 'int',
  d: 'double',
  y: 'bytes',
  a: 'array',
  m: 'kvlist',
  n: 'empty',
}

/** @param types a letter for each attribute; '' where all are text, or where types were not stored yet */
export function attributesOf(
  keys: readonly string[],
  values: readonly string[],
  types: string,
): readonly Attribute[] {
  return keys.map((key, index) => ({
    key,
    type: TYPES[types[index] ?? 's'] ?? 'string',
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

/**
 * Values and attributes as in rows, from protobufjs objects: text by the rules of the OpenTelemetry Collector's
 * ClickHouse exporter, cut by our limits.
 */
import type { DecodeLimits } from '../../../../collector/otlp/decode/decode-context.ts'

export type Node = { readonly [field: string]: unknown }

export const list = (node: Node | undefined, field: string): Node[] =>
  (node?.[field] as Node[] | undefined) ?? []
export const node = (parent: Node | undefined, field: string): Node | undefined =>
  parent?.[field] as Node | undefined
export const raw = (parent: Node | undefined, field: string): Buffer =>
  Buffer.from((parent?.[field] as Uint8Array | undefined) ?? [])
/** Invalid UTF-8 becomes U+FFFD. */
export const text = (parent: Node | undefined, field: string): string => raw(parent, field).toString('utf8')
export const number = (parent: Node | undefined, field: string): number => (parent?.[field] as number) ?? 0
export const bigint = (parent: Node | undefined, field: string): bigint =>
  BigInt((parent?.[field] as string) ?? '0')
export const signed = (parent: Node | undefined, field: string): bigint =>
  BigInt.asIntN(64, bigint(parent, field))
export const bigints = (parent: Node | undefined, field: string): bigint[] =>
  ((parent?.[field] as string[]) ?? []).map(BigInt)

/** Hex of an id, '' for a missing or zero one; null for a wrong length. */
export function hex(parent: Node | undefined, field: string, bytes: number): string | null {
  const id = raw(parent, field)
  if (id.length !== 0 && id.length !== bytes) return null
  return id.every(byte => byte === 0) ? '' : id.toString('hex')
}

/** Converts values to text and counts what the limits remove. */
export class ReferenceValues {
  cut = 0
  readonly #limits: DecodeLimits

  constructor(limits: DecodeLimits) {
    this.#limits = limits
  }

  attributes(parent: Node | undefined, field = 'attributes'): Record<string, string> {
    return Object.fromEntries(this.#entries(parent, field))
  }

  /** The last `service.name`, as for every key, and all attributes. */
  resource(resource: Node | undefined): { ServiceName: string; ResourceAttributes: Record<string, string> } {
    const attributes = this.attributes(resource)
    return { ServiceName: attributes['service.name'] ?? '', ResourceAttributes: attributes }
  }

  /** A letter for each attribute, as of stream `traces`; '' if all are text. */
  types(parent: Node | undefined): string {
    const { cut } = this
    const pairs = list(parent, 'attributes').slice(0, this.#limits.attributes)
    const letters = new Map(
      pairs.map(pair => [this.#cutText(raw(pair, 'key')), letterOf(node(pair, 'value'))]),
    )
    this.cut = cut
    const joined = [...letters.values()].join('')
    return /^s*$/.test(joined) ? '' : joined
  }

  /** A value of any length as text. */
  asString(value: Node | undefined): string {
    if (value === undefined) return ''
    if (value['string_value'] !== undefined) return text(value, 'string_value')
    if (value['bytes_value'] !== undefined) return raw(value, 'bytes_value').toString('base64')
    if (value['double_value'] !== undefined) {
      return goDouble(number(value, 'double_value'))
    }
    const json = this.#asJson(value, 1)
    return isEmpty(value) ? '' : json
  }

  #entries(parent: Node | undefined, field: string): [key: string, value: string][] {
    const pairs = list(parent, field)
    this.cut += Math.max(0, pairs.length - this.#limits.attributes)
    return pairs.slice(0, this.#limits.attributes).map(pair => {
      const value = node(pair, 'value')
      const bytes =
        value?.['string_value'] === undefined ? Buffer.from(this.asString(value)) : raw(value, 'string_value')
      return [this.#cutText(raw(pair, 'key')), this.#cutText(bytes)]
    })
  }

  #cutText(bytes: Buffer): string {
    const limit = this.#limits.attributeBytes
    if (bytes.length <= limit) return bytes.toString('utf8')
    this.cut += 1
    return wholeCharacters(Buffer.from(wholeCharacters(bytes, limit).toString('utf8')), limit).toString(
      'utf8',
    )
  }

  #asJson(value: Node | undefined, depth: number): string {
    if (value === undefined) return 'null'
    if (value['string_value'] !== undefined) return quote(text(value, 'string_value'))
    if (value['bool_value'] !== undefined) return String(value['bool_value'])
    if (value['int_value'] !== undefined) return value['int_value'] as string
    if (value['bytes_value'] !== undefined) return quote(raw(value, 'bytes_value').toString('base64'))
    if (value['double_value'] !== undefined) {
      const double = number(value, 'double_value')
      return Number.isFinite(double) ? goDouble(double) : `"${goDouble(double)}"`
    }
    const array = node(value, 'array_value')
    const map = node(value, 'kvlist_value')
    if (array === undefined && map === undefined) return 'null'
    if (depth > this.#limits.maxDepth) {
      this.cut += 1
      return 'null'
    }
    if (map === undefined) return `[${list(array, 'values').map(item => this.#asJson(item, depth + 1))}]`
    const entries = new Map(
      list(map, 'values').map(pair => [text(pair, 'key'), this.#asJson(node(pair, 'value'), depth + 1)]),
    )
    const keys = [...entries.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return `{${keys.map(key => `${quote(key)}:${entries.get(key)}`)}}`
  }
}

const LETTERS = {
  string_value: 's',
  bool_value: 'b',
  int_value: 'i',
  double_value: 'd',
  array_value: 'a',
  kvlist_value: 'm',
  bytes_value: 'y',
}
const letterOf = (value: Node | undefined): string =>
  Object.entries(LETTERS).find(([field]) => value?.[field] !== undefined)?.[1] ?? 'n'

const isEmpty = (value: Node): boolean => Object.keys(value).length === 0

/** At most `limit` bytes, without a character that the cut would split. */
function wholeCharacters(bytes: Buffer, limit: number): Buffer {
  if (bytes.length <= limit) return bytes
  let end = limit
  while (end > Math.max(0, limit - 3) && (bytes[end]! & 0xc0) === 0x80) end -= 1
  return bytes.subarray(0, end)
}

function goDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return Object.is(value, -0) ? '-0' : `${value}`
}

const quote = (unquoted: string): string =>
  JSON.stringify(unquoted)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')

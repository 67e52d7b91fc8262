import {
  OTLP_ENUMS,
  OTLP_MESSAGES,
  SCALAR_WIRE,
  type ScalarType,
} from '../../../core/protobuf/otlp/messages.ts'

/**
 * Messages that contain the items of a request, directly or indirectly. Ignored fields in these may contain items,
 * which is reported. In all other messages, unknown fields belong to a later version.
 */
const HOLDERS: ReadonlySet<string> = new Set([
  ...['ExportTraceServiceRequest', 'ResourceSpans', 'ScopeSpans'],
  ...['ExportMetricsServiceRequest', 'ResourceMetrics', 'ScopeMetrics', 'Metric'],
  ...['Gauge', 'Sum', 'Histogram', 'ExponentialHistogram', 'Summary'],
  ...['ExportLogsServiceRequest', 'ResourceLogs', 'ScopeLogs'],
])

type Fields = Readonly<Record<string, readonly [number: number, type: string, repeated?: string]>>

/** The specification requires integers; names are tolerated, since protobuf's own JSON writers send them. */
export type EnumNames = ReadonlyMap<string, number>

type FieldType =
  | { readonly kind: 'scalar'; readonly scalar: ScalarType }
  | { readonly kind: 'enum'; readonly names: EnumNames }
  | { readonly kind: 'message'; readonly message: MessageTable }

/** One field of an OTLP message, under its lowerCamelCase name. */
export interface JsonField {
  readonly name: string
  readonly number: number
  readonly repeated: boolean
  readonly type: FieldType
  /** A unique bit among the fields of its message. */
  readonly bit: number
}

/** As protobuf declares it: `timeUnixNano` is `time_unix_nano`. */
const protobufName = (name: string): string =>
  name.replaceAll(/[A-Z]/g, capital => `_${capital.toLowerCase()}`)

/**
 * The fields of a message by their JSON names and by their protobuf names, which protobuf's JSON readers accept as
 * well.
 */
export class MessageTable {
  /** Whether it contains items, directly or indirectly. */
  readonly holdsItems: boolean
  /**
   * By the length of the name: few names share one, so a name is found by comparing bytes, without creating a string.
   */
  readonly #byLength: { readonly name: Buffer; readonly field: JsonField }[][] = []
  #size = 0

  constructor(holdsItems: boolean) {
    this.holdsItems = holdsItems
  }

  add(declared: Omit<JsonField, 'bit'>): void {
    const field = { ...declared, bit: 1 << this.#size }
    for (const text of new Set([field.name, protobufName(field.name)])) {
      const name = Buffer.from(text)
      this.#byLength[name.length] ??= []
      this.#byLength[name.length]!.push({ name, field })
    }
    this.#size += 1
  }

  /** The field with the name in this range. */
  find(bytes: Uint8Array, from: number, to: number): JsonField | undefined {
    const candidates = this.#byLength[to - from]
    if (candidates === undefined) return undefined
    for (const { name, field } of candidates) if (isAt(name, bytes, from)) return field
    return undefined
  }
}

function isAt(name: Buffer, bytes: Uint8Array, from: number): boolean {
  for (let index = 0; index < name.length; index += 1) if (name[index] !== bytes[from + index]) return false
  return true
}

const isScalar = (type: string): type is ScalarType => Object.hasOwn(SCALAR_WIRE, type)

function buildTables(): ReadonlyMap<string, MessageTable> {
  const tables = new Map(Object.keys(OTLP_MESSAGES).map(name => [name, new MessageTable(HOLDERS.has(name))]))
  const enums = new Map<string, EnumNames>(
    Object.entries(OTLP_ENUMS).map(([name, { prefix, names }]) => [
      name,
      new Map(names.map((value, number) => [prefix + value, number])),
    ]),
  )
  const typeOf = (name: string): FieldType => {
    if (isScalar(name)) return { kind: 'scalar', scalar: name }
    const names = enums.get(name)
    if (names !== undefined) return { kind: 'enum', names }
    const message = tables.get(name)
    if (message !== undefined) return { kind: 'message', message }
    throw new Error(`Unknown type ${name} in the table of OTLP messages.`)
  }
  for (const [message, fields] of Object.entries<Fields>(OTLP_MESSAGES)) {
    for (const [name, [number, type, repeated]] of Object.entries(fields)) {
      tables.get(message)!.add({ name, number, repeated: repeated !== undefined, type: typeOf(type) })
    }
  }
  return tables
}

const TABLES = buildTables()

/** The request of each signal, from which everything else is reached. */
export const REQUEST_TABLES = {
  traces: TABLES.get('ExportTraceServiceRequest')!,
  metrics: TABLES.get('ExportMetricsServiceRequest')!,
  logs: TABLES.get('ExportLogsServiceRequest')!,
} as const

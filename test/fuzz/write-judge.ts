/**
 * Remote write read independently: protobufjs over bytes and bits, snappyjs, and a simple implementation of the rules.
 */
import protobuf from 'protobufjs'
import { uncompress } from 'snappyjs'
import type { DecodeContext } from '../../collector/otlp/decode/decode-context.ts'
import { FamilyMemory } from '../../collector/prometheus/remote-write/families.ts'
import { snappyHeader, unsnap } from '../../collector/prometheus/remote-write/snappy.ts'
import type { Translated } from '../../collector/prometheus/remote-write/translate.ts'
import type { Expected } from '../collector/otlp/decode/reference.ts'
import { sameBothWays } from '../collector/prometheus/remote-write/support.ts'
import { RAW_WRITE_TYPES } from '../support/remote-write.ts'
import type { FuzzCase } from './cases.ts'

const versionOf = ({ encoding }: FuzzCase): 1 | 2 => (encoding === 'write1' ? 1 : 2)

/** Our result for a block: OTLP, and what was left out. `families` is where it may learn. */
export const translatedBlock = (
  payload: FuzzCase,
  context: DecodeContext,
  families = new FamilyMemory(),
): Translated => sameBothWays(versionOf(payload), unsnapped(payload.bytes), context, families)

function unsnapped(block: Uint8Array): Uint8Array {
  const header = snappyHeader(block)
  const body = new Uint8Array(header.decodedBytes)
  unsnap(block, header, body)
  return body
}

/** Three bytes of a block give at most 64; a wrong length would allocate gibibytes. */
const MAX_GROWTH = 64

/** What must be stored of a request, as far as possible without the mapping of native histograms. */
export interface ExpectedWrite {
  readonly items: number
  /** Every stored sample, as `pointText` has it. */
  readonly samples: readonly string[]
  readonly exemplars: number
  /** Those with valid labels and times; some cannot be stored because of their content. */
  readonly maxHistograms: number
}

/** @throws Error if the independent decoders refuse the block or the message */
export function expectedWrite(payload: FuzzCase, context: DecodeContext): ExpectedWrite {
  const body = uncompress(Uint8Array.from(payload.bytes), payload.bytes.length * MAX_GROWTH)
  if (!Buffer.from(body).equals(unsnapped(payload.bytes))) throw new Error('Other bytes than snappyjs.')
  requireOwnFields(body, versionOf(payload))
  const type = RAW_WRITE_TYPES[versionOf(payload)]
  const message = type.toObject(type.decode(body), { arrays: true, defaults: true, longs: String }) as Message
  if ((message.symbols?.[0]?.length ?? 0) > 0) throw new Error('The first symbol is not empty.')
  const rules = new Rules(context, message.symbols)
  const samples: string[] = []
  let [items, exemplars, maxHistograms] = [0, 0, 0]
  for (const series of message.timeseries) {
    items += series.samples.length + series.histograms.length + series.exemplars.length
    const labels = rules.labels(series)
    if (labels === null || !rules.isSeries(series, labels)) continue
    for (const { value, timestamp } of series.samples) {
      if (rules.isTime(timestamp)) samples.push(sampleText(labels, BigInt(value), BigInt(timestamp)))
    }
    maxHistograms += series.histograms.filter(({ timestamp }) => rules.isTime(timestamp)).length
    exemplars += series.exemplars.filter(
      exemplar => rules.labels(exemplar) !== null && rules.isTime(exemplar.timestamp),
    ).length
  }
  return { items, samples, exemplars, maxHistograms }
}

/** Fields that only the message of the other version has. */
const FOREIGN = { 1: [4, 5], 2: [1, 3] } as const

function requireOwnFields(body: Uint8Array, version: 1 | 2): void {
  const reader = protobuf.Reader.create(body)
  const foreign: readonly number[] = FOREIGN[version].map(field => field * 8 + 2)
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if (foreign.includes(tag)) throw new Error(`The message is of the other version than ${version}.`)
    reader.skipType(tag & 7)
  }
}

/** Throws an Error that explains the difference. */
export function requireWritten(ours: Expected, { tally }: Translated, expected: ExpectedWrite): void {
  const counts = { ...tally, histograms: Math.min(tally.histograms, expected.maxHistograms) }
  const { samples, histograms, exemplars, rejected } = counts
  const stored = expected.samples.length + histograms + expected.exemplars
  const wanted = [expected.samples.length, tally.histograms, expected.exemplars, expected.items - stored]
  const got = [samples, histograms, exemplars, rejected]
  if (got.join() !== wanted.join()) throw new Error(`Counted ${got}, not ${wanted}.`)
  if (ours.result.rejected > 0) throw new Error('The decoder rejects what was translated.')
  const rows = [...(ours.rows['gauge'] ?? []), ...(ours.rows['sum'] ?? [])] as unknown as PointRow[]
  const left = new Map<string, number>()
  for (const text of expected.samples) left.set(text, (left.get(text) ?? 0) + 1)
  for (const row of rows) {
    const text = pointText(row)
    const missing = left.get(text) ?? 0
    if (missing > 0) left.set(text, missing - 1)
    // An exemplar without a sample has its own row, without a value.
    else if (row.Flags !== 1 || row['Exemplars.TimeUnix'].length === 0)
      throw new Error(`Nobody sent ${text}.`)
  }
  for (const [text, missing] of left) if (missing > 0) throw new Error(`Not stored: ${text}.`)
}

interface Labelled {
  readonly labels?: readonly { readonly name: Uint8Array; readonly value: Uint8Array }[]
  readonly labels_refs?: readonly number[]
}

/** 64-bit numbers come as decimal text. */
interface Item {
  readonly timestamp: string
}

interface Series extends Labelled {
  readonly samples: readonly (Item & { readonly value: string })[]
  readonly histograms: readonly Item[]
  readonly exemplars: readonly (Item & Labelled)[]
  readonly metadata?: readonly { readonly help_ref: number; readonly unit_ref: number }[]
}

interface Message {
  readonly timeseries: readonly Series[]
  readonly symbols?: readonly Uint8Array[]
}

type Labels = ReadonlyMap<string, string>

const SPECIAL = ['__name__', 'job', 'instance']

class Rules {
  readonly #context: DecodeContext
  readonly #symbols: readonly Uint8Array[]

  constructor(context: DecodeContext, symbols: readonly Uint8Array[] = []) {
    this.#context = context
    this.#symbols = symbols
  }

  /** null: these are invalid labels. A label without a value is none. */
  labels(of: Labelled): Labels | null {
    const { attributes, attributeBytes } = this.#context.limits
    const pairs =
      of.labels?.map(({ name, value }) => [name, value] as const) ?? this.#referred(of.labels_refs ?? [])
    if (pairs === null) return null
    const found = new Map<string, string>()
    const kept = pairs.filter(([name, value]) => value.length > 0 || name.length === 0)
    for (const pair of kept) {
      const [name, value] = pair.map(utf8)
      if (name === null || value === null || name === undefined || value === undefined) return null
      if (name === '' || found.has(name)) return null
      if (pair.some(({ length }) => length > attributeBytes)) return null
      found.set(name, value)
    }
    const special = SPECIAL.filter(name => found.has(name)).length
    return found.size - special > attributes ? null : found
  }

  #referred(refs: readonly number[]): (readonly [Uint8Array, Uint8Array])[] | null {
    if (refs.length % 2 !== 0 || refs.some(ref => ref >= this.#symbols.length)) return null
    return Array.from({ length: refs.length / 2 }, (_, at) => [
      this.#symbols[refs[2 * at]!]!,
      this.#symbols[refs[2 * at + 1]!]!,
    ])
  }

  isSeries({ samples, histograms, metadata }: Series, labels: Labels): boolean {
    if (!labels.has('__name__') || (samples.length > 0 && histograms.length > 0)) return false
    if (metadata === undefined) return true
    // Pieces of one message: the last one with a value counts.
    const refs = (['help_ref', 'unit_ref'] as const).map(
      name => metadata.findLast(piece => piece[name] !== 0)?.[name] ?? 0,
    )
    return refs.every(ref => ref < this.#symbols.length)
  }

  isTime(timestamp: string): boolean {
    const ms = Number(timestamp)
    const { nowUnixNano, limits } = this.#context
    const nano = ms * 1e6
    return (
      ms > 0 &&
      nano >= Number(nowUnixNano - limits.pastNano) &&
      nano <= Number(nowUnixNano + limits.futureNano)
    )
  }
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

interface PointRow {
  readonly MetricName: string
  readonly ServiceName: string
  readonly ResourceAttributes: Readonly<Record<string, string>>
  readonly Attributes: Readonly<Record<string, string>>
  readonly Value: number
  readonly Flags: number
  readonly TimeUnix: bigint
  readonly 'Exemplars.TimeUnix': readonly bigint[]
}

const STALE_BITS = 0x7ff0000000000002n

function sampleText(labels: Labels, bits: bigint, ms: bigint): string {
  const value = new Float64Array(new BigUint64Array([bits]).buffer)[0]!
  const own = [...labels].filter(([name]) => !SPECIAL.includes(name))
  const [name, job = '', instance = ''] = SPECIAL.map(special => labels.get(special))
  return parts(name!, job, instance, own, bits === STALE_BITS ? null : value, ms * 1_000_000n)
}

function pointText({
  MetricName,
  ServiceName,
  ResourceAttributes,
  Attributes,
  Value,
  Flags,
  TimeUnix,
}: PointRow): string {
  const instance = ResourceAttributes['service.instance.id'] ?? ''
  return parts(
    MetricName,
    ServiceName,
    instance,
    Object.entries(Attributes),
    Flags === 1 ? null : Value,
    TimeUnix,
  )
}

function parts(
  name: string,
  job: string,
  instance: string,
  labels: readonly (readonly [string, string])[],
  value: number | null,
  nano: bigint,
): string {
  const sorted = labels.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([
    name,
    job,
    instance,
    sorted,
    Object.is(value, -0) ? '-0' : String(value),
    String(nano),
  ])
}

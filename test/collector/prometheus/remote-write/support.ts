import assert from 'node:assert/strict'
import { decodeInto } from '../../../../collector/intake/decode-into.ts'
import type { DecodeContext } from '../../../../collector/otlp/decode/decode-context.ts'
import { type Builders, createBuilders, SIGNAL_BUILDERS } from '../../../../collector/otlp/signals.ts'
import { type DirectResult, decodeDirect } from '../../../../collector/prometheus/remote-write/direct.ts'
import { FamilyMemory } from '../../../../collector/prometheus/remote-write/families.ts'
import type { WriteTally } from '../../../../collector/prometheus/remote-write/problems.ts'
import { SeriesMemory } from '../../../../collector/prometheus/remote-write/series-memory.ts'
import {
  type Translated,
  type TranslateOptions,
  translation,
  type WriteVersion,
} from '../../../../collector/prometheus/remote-write/translate.ts'
import { decodeRows } from '../../../../core/columns/rows.ts'
import { metricExpHistograms, metricHistograms } from '../../../../core/model/streams/index.ts'
import { ProtobufWriter } from '../../../../core/protobuf/writer.ts'
import { encodeWrite1, encodeWrite2, type SentSeries } from '../../../support/remote-write.ts'
import { decoders, recogniser } from '../../intake/fakes.ts'
import { CONTEXT, rowsOf } from '../../otlp/rows.ts'

export const NOW_MS = Number(CONTEXT.nowUnixNano / 1_000_000n)
export const at = (ms: number): bigint => BigInt(ms) * 1_000_000n

export interface Stored {
  /** Number of turns of the event loop that its translation takes. */
  readonly steps: number
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly tally: WriteTally
}

/** The whole translation at once, and its number of steps. */
export function translated(body: Uint8Array, options: TranslateOptions): Translated & { steps: number } {
  const work = translation(body, options)
  for (let steps = 1; ; steps++) {
    const step = work.next()
    if (step.done === true) return { ...step.value, steps }
  }
}

/** As a collector with these limits translates. */
export function optionsOf(
  version: WriteVersion,
  { limits, nowUnixNano, tenant }: DecodeContext,
  families: FamilyMemory,
): TranslateOptions {
  return {
    version,
    limits: {
      attributes: limits.attributes,
      attributeBytes: limits.attributeBytes,
      earliestNano: Number(nowUnixNano - limits.pastNano),
      latestNano: Number(nowUnixNano + limits.futureNano),
    },
    tenant,
    families,
    writer: new ProtobufWriter(),
    reserve: () => {},
  }
}

/**
 * The result of an uncompressed request: through the translation and the decoder of every request. Straight into columns it
 * must be the same.
 */
export function stored(version: WriteVersion, body: Uint8Array, families = new FamilyMemory()): Stored {
  const { otlp, tally, steps } = sameBothWays(version, body, CONTEXT, families)
  return { rows: rowsOf('metrics', otlp), tally, steps }
}

/** Shared by all requests, as in a collector. */
const memory = new SeriesMemory()
const builders = createBuilders()
const otherBuilders = createBuilders()

/** The translation, once it is clear that reading straight into columns stores, counts and refuses the same. */
export function sameBothWays(
  version: WriteVersion,
  body: Uint8Array,
  context: DecodeContext,
  families: FamilyMemory,
): ReturnType<typeof translated> {
  const direct = (): DirectResult | null => {
    const options = { ...optionsOf(version, context, families), memory }
    return decodeDirect(body, options, context, builders, recogniser.begin(context))
  }
  let translation: ReturnType<typeof translated>
  try {
    translation = translated(body, optionsOf(version, context, families))
  } catch (error) {
    assert.throws(direct, error as Error)
    assert.deepEqual(rawRows(builders), [])
    throw error
  }
  const result = direct()
  if (result === null) return translation
  const { tally, accepted } = result
  assert.deepEqual(tally, translation.tally)
  const rows = rawRows(builders)
  assert.equal(accepted, rows.length)
  decodeInto({ decoders, recogniser }, 'metrics', translation.otlp, context, otherBuilders)
  assert.deepEqual(rows, rawRows(otherBuilders))
  return translation
}

/** All rows as texts in a fixed order, values by their bits; the builders are empty afterwards. */
function rawRows(from: Builders): readonly string[] {
  const bits = new DataView(new ArrayBuffer(8))
  const text = (_: string, value: unknown): unknown => {
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'number') return value
    bits.setFloat64(0, value)
    return bits.getBigUint64(0).toString(16)
  }
  return SIGNAL_BUILDERS.metrics
    .filter(name => from[name].rows > 0)
    .flatMap(name => decodeRows(from[name].stream, from[name].finish()) as readonly object[])
    .map(row => JSON.stringify(row, text))
    .sort()
}

/** The columns of histograms in the two tables, as they are stored. */
export function storedHistograms(version: WriteVersion, ...series: readonly SentSeries[]) {
  const { otlp } = translated(encoders[version](series), optionsOf(version, CONTEXT, new FamilyMemory()))
  const builders = createBuilders()
  decodeInto({ decoders, recogniser }, 'metrics', otlp, CONTEXT, builders)
  return {
    custom: decodeRows(metricHistograms, builders.histograms.finish()),
    native: decodeRows(metricExpHistograms, builders.expHistograms.finish()),
  }
}

export const encoders = { 1: encodeWrite1, 2: encodeWrite2 } as const

export const storedSeries = (version: WriteVersion, ...series: readonly SentSeries[]): Stored =>
  stored(version, encoders[version](series))

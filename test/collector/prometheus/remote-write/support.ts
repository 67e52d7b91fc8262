import { decodeInto } from '../../../../collector/intake/decode-into.ts'
import type { DecodeContext } from '../../../../collector/otlp/decode/decode-context.ts'
import { createBuilders } from '../../../../collector/otlp/signals.ts'
import { FamilyMemory } from '../../../../collector/prometheus/remote-write/families.ts'
import type { WriteTally } from '../../../../collector/prometheus/remote-write/problems.ts'
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

/** The result of an uncompressed request: through the translation and the decoder of every request. */
export function stored(version: WriteVersion, body: Uint8Array, families = new FamilyMemory()): Stored {
  const { otlp, tally, steps } = translated(body, optionsOf(version, CONTEXT, families))
  return { rows: rowsOf('metrics', otlp), tally, steps }
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

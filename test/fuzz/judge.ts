/** The rules for one payload, compared with the independent decoder. */
import { isDeepStrictEqual } from 'node:util'
import type { DecodeContext } from '../../collector/otlp/decode/decode-context.ts'
import { jsonToProtobuf } from '../../collector/otlp/json/json.ts'
import type { Signal } from '../../collector/otlp/signals.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { decodedOf } from '../collector/otlp/decode/ours.ts'
import { type Expected, expectedOf } from '../collector/otlp/decode/reference.ts'
import { CONTEXT } from '../collector/otlp/decode/support.ts'
import { jsonIndependently } from '../collector/otlp/json/json-reference.ts'
import type { FuzzCase } from './cases.ts'
import { holdsMoreThanResources, passesOver } from './warnings.ts'
import { expectedWrite, requireWritten, translatedBlock } from './write-judge.ts'

export const FUZZ_RETENTION_DAYS = 20_255

/** As in a collector that keeps data for this long. */
export const FUZZ_CONTEXT: DecodeContext = {
  ...CONTEXT,
  limits: { ...CONTEXT.limits, maxDepth: 32, pastNano: BigInt(FUZZ_RETENTION_DAYS) * 86_400_000_000_000n },
}

/**
 * `same`: both decoders gave the same; `refused`: both refused, or ours did for its own reason; `unread`: ours accepted
 * what the other refuses, because the fault is in a part that no row needs.
 */
export interface Verdict {
  readonly kind: 'same' | 'refused' | 'unread'
  /** Our result; null if it was refused. */
  readonly ours: Expected | null
}

/** Throws an Error that explains what is wrong. */
export function judge(signal: Signal, payload: FuzzCase): Verdict {
  if (isWrite(payload)) return judgeWrite(payload)
  const ours = attempt(() => decodedOf(signal, protobufOf(signal, payload), FUZZ_CONTEXT))
  const other = attempt(() => expectedOf(signal, independently(signal, payload), FUZZ_CONTEXT))
  if (ours.error !== undefined) {
    requireRefusal(ours.error)
    if (other.error === undefined && !isOwnReason(ours.error, payload)) {
      throw new Error(`Refused, though the independent decoder takes it: ${ours.error}`)
    }
    return { kind: 'refused', ours: null }
  }
  if (other.error !== undefined) return { kind: 'unread', ours: ours.value }
  if (!isDeepStrictEqual(ours.value, other.value)) {
    throw new Error(
      `Other rows than the independent decoder:\n${show(ours.value)}\nnot\n${show(other.value)}`,
    )
  }
  return { kind: 'same', ours: ours.value }
}

function judgeWrite(payload: FuzzCase): Verdict {
  const ours = attempt(() => {
    const write = translatedBlock(payload, FUZZ_CONTEXT)
    return { write, decoded: decodedOf('metrics', write.otlp, FUZZ_CONTEXT) }
  })
  const other = attempt(() => expectedWrite(payload, FUZZ_CONTEXT))
  if (ours.error !== undefined) {
    requireRefusal(ours.error)
    if (other.error === undefined && !isOwnReason(ours.error, payload)) {
      throw new Error(`Refused, though the independent decoder takes it: ${ours.error}`)
    }
    return { kind: 'refused', ours: null }
  }
  const { write, decoded } = ours.value
  if (other.error !== undefined) return { kind: 'unread', ours: decoded }
  requireWritten(decoded, write, other.value)
  return { kind: 'same', ours: decoded }
}

const isWrite = ({ encoding }: FuzzCase): boolean => encoding === 'write1' || encoding === 'write2'

/** OTLP in protobuf. */
export function protobufOf(signal: Signal, payload: FuzzCase): Uint8Array {
  if (isWrite(payload)) return translatedBlock(payload, FUZZ_CONTEXT).otlp
  return payload.encoding === 'json' ? jsonToProtobuf(signal, payload.bytes) : payload.bytes
}

/** Whether only part of a payload is accepted, or it needs a warning. */
export function isTold(signal: Signal, payload: FuzzCase, { result }: Expected): boolean {
  if (isWrite(payload)) return translatedBlock(payload, FUZZ_CONTEXT).tally.rejected > 0
  const { accepted, rejected, cutAttributes } = result
  if (rejected > 0 || cutAttributes > 0) return true
  if (payload.encoding === 'json' && passesOver(signal, textOf(payload))) return true
  return accepted === 0 && holdsMoreThanResources(independently(signal, payload))
}

/** The only way to refuse a payload. */
export function requireRefusal(error: unknown): void {
  const fine = error instanceof WattlineError && /^body_(undecodable|too_large)$/.test(error.code)
  if (!fine) throw new Error(`Failed instead of refusing: ${describe(error)}`, { cause: error })
}

function independently(signal: Signal, payload: FuzzCase): Uint8Array {
  return payload.encoding === 'json' ? jsonIndependently(signal, textOf(payload)) : payload.bytes
}

const textOf = ({ bytes }: FuzzCase): string => new TextDecoder().decode(bytes)

/**
 * Where ours is intentionally stricter: a known field of another wire type is a broken sender and not an extension;
 * JSON of another type than the field's is not converted; a small body may not become a huge record.
 */
function isOwnReason(error: unknown, { encoding }: FuzzCase): boolean {
  return (
    encoding === 'json' ||
    /does not fit the field|more than ten bytes|decoded: its resources apply|not snappy in block format/.test(
      String(error),
    )
  )
}

type Attempt<T> = { readonly value: T; readonly error?: undefined } | { readonly error: Error }

function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { value: work() }
  } catch (error) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_key, item) => {
    if (typeof item === 'bigint') return `${item}n`
    return item instanceof Map ? [...item] : Object.is(item, -0) ? '-0' : item
  })

const describe = (error: unknown): string =>
  error instanceof Error ? `${error.stack} ${error.cause ? describe(error.cause) : ''}` : String(error)

/** The questions of Jaeger's query service, whichever way they come: remote storage over gRPC, or the HTTP API. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { BoundValues } from '../traces/conditions.ts'
import { type FoundTrace, findTraces } from '../traces/find.ts'
import type { JaegerSearch } from './requests.ts'
import { searchCondition } from './search.ts'

/** Traces of a search that does not say how many. */
const DEPTH = 100
const DAY_MS = 86_400_000
/** A search that does not say since when looks as far back as Jaeger's query service does. */
const LOOK_BACK_MS = 2 * DAY_MS
const AHEAD_MS = DAY_MS / 24

/** @throws WattlineError `parameter_invalid` when the search cannot be answered */
export async function findJaegerTraces(
  reader: FencedReader,
  tenant: string,
  query: JaegerSearch,
  nowMs: number,
): Promise<readonly FoundTrace[]> {
  const { minDurationNano, maxDurationNano, depth } = query
  if (maxDurationNano > 0n && maxDurationNano < minDurationNano) {
    throw new WattlineError('parameter_invalid', 'The longest duration is shorter than the shortest.')
  }
  if (depth < 0) throw new WattlineError('parameter_invalid', `${depth} is not a number of traces.`)
  const values = new BoundValues()
  const toMs = query.endNano === 0n ? nowMs + AHEAD_MS : millis(query.endNano) + 1
  return await findTraces(reader, {
    tenant,
    window: { fromMs: query.startNano === 0n ? toMs - LOOK_BACK_MS : millis(query.startNano), toMs },
    condition: searchCondition(query, values),
    values,
    limit: Math.min(depth === 0 ? DEPTH : depth, FIXED_LIMITS.tracesFound),
  })
}

const millis = (nano: bigint): number => Number(nano / 1_000_000n)

/** The id as the table has it; undefined if it is none. Short ids are those of 64 bits. */
export function traceIdOf(text: string): string | undefined {
  return /^[0-9a-f]{1,32}$/i.test(text) ? text.toLowerCase().padStart(32, '0') : undefined
}

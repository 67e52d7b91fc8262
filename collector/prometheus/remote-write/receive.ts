import type { IncomingMessage } from 'node:http'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Access, holdsToTheEnd } from '../../../core/auth/access.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { Events } from '../../../core/catalogue/events/events.ts'
import type { BufferPool } from '../../../core/http/buffer-pool.ts'
import { withBody } from '../../../core/http/read-body.ts'
import { ProtobufWriter, type WriterMemory } from '../../../core/protobuf/writer.ts'
import type { Admission, Intake, ItemLimits, Sender } from '../../intake/intake.ts'
import type { IngestResult } from '../../otlp/signals.ts'
import { DIRECT_BYTES, type DirectOptions, decodeDirect } from './direct.ts'
import type { FamilyMemory } from './families.ts'
import { requireWrite } from './media.ts'
import type { WriteTally } from './problems.ts'
import type { SeriesLimits } from './series.ts'
import type { SeriesMemory } from './series-memory.ts'
import { type SnappyHeader, snappyHeader, unsnap } from './snappy.ts'
import { translation, type WriteVersion } from './translate.ts'

/** Route to which Prometheus sends scraped series. */
export const WRITE_ROUTE = '/api/v1/write'

/** Extra space, because a small request grows: types, times and the framing of messages. */
const HEADROOM_BYTES = 1024

interface WriteParts {
  readonly intake: Intake
  readonly access: Access
  readonly events: Events
  readonly pool: BufferPool
  readonly maxBodyBytes: number
  readonly families: FamilyMemory
  readonly series: SeriesMemory
}

/** What was stored, and why the rest was not. */
interface Written {
  readonly status: 204 | 400
  readonly headers: Readonly<Record<string, string>>
  /** For people; empty when everything is stored. */
  readonly text: string
}

/**
 * Handles a remote write request, 1.0 or 2.0, and resolves when everything in it that can be stored is durable. Throws
 * the same errors as other endpoints; then nothing is stored, or the same request may safely be sent again.
 */
export async function receiveWrite(
  parts: WriteParts,
  request: IncomingMessage,
  beforeBody: () => void,
): Promise<Written> {
  const sender = parts.access.authenticate(request.headers, 'ingest')
  const version = requireWrite(request.headers)
  const checkAgain = holdsToTheEnd(parts.access, request.headers, 'ingest')
  const admission = parts.intake.open('metrics', request.socket)
  return withBody(request, parts, admission, { coding: 'identity', beforeBody }, bytes => {
    checkAgain()
    return store(parts, admission, version, bytes, sender)
  })
}

async function store(
  parts: WriteParts,
  admission: Admission,
  version: WriteVersion,
  received: Uint8Array,
  sender: Sender,
): Promise<Written> {
  const { pool, maxBodyBytes, families, series } = parts
  const memory = boundedMemory(admission, pool, maxBodyBytes)
  const header = snappyHeader(received)
  if (header.decodedBytes > maxBodyBytes) throw tooLarge(maxBodyBytes)
  const options: WriteOptions = {
    version,
    limits: seriesLimits(admission.limits()),
    tenant: sender.tenant,
    families,
    memory: series,
    maxTextBytes: 2 * maxBodyBytes,
    reserve: bytes => admission.reserve(bytes),
  }
  const { tally, result } = await decoded(received, header, memory, async body => {
    const direct = await storeDirect(body, options, memory, admission, sender)
    return direct ?? storeTranslated(body, options, memory, admission, sender)
  })
  return answered(parts, version, tally, result)
}

type WriteOptions = Omit<DirectOptions, 'writer'>

interface StoredRequest {
  readonly tally: WriteTally
  readonly result: IngestResult
}

/** The usual case; null: the request is too large for it, and nothing is stored. */
async function storeDirect(
  body: Uint8Array,
  options: WriteOptions,
  memory: WriterMemory,
  admission: Admission,
  sender: Sender,
): Promise<StoredRequest | null> {
  if (body.length > DIRECT_BYTES) return null
  const writer = new ProtobufWriter(HEADROOM_BYTES, memory)
  try {
    const result = await admission.ingestPoints(body.length, sender, (context, builders, sink) =>
      decodeDirect(body, { ...options, writer }, context, builders, sink),
    )
    return result === null ? null : { tally: result.tally, result }
  } finally {
    writer.release()
  }
}

async function storeTranslated(
  body: Uint8Array,
  options: WriteOptions,
  memory: WriterMemory,
  admission: Admission,
  sender: Sender,
): Promise<StoredRequest> {
  const writer = new ProtobufWriter(body.length + HEADROOM_BYTES, memory)
  try {
    const { otlp, tally } = await inTurns(translation(body, { ...options, writer }))
    return { tally, result: await admission.ingest('protobuf', otlp, sender) }
  } finally {
    writer.release()
  }
}

/** The answer, once all that is accepted is durable. */
function answered(
  { events }: WriteParts,
  version: WriteVersion,
  tally: WriteTally,
  result: IngestResult,
): Written {
  for (const [reason, amount] of tally.reasons) {
    events.emit('itemsRejected', { signal: 'metrics', reason, amount })
  }
  // Times and ids have passed the same limits already, so nothing should be rejected here. If something is, it must
  // be counted.
  for (const reason of result.reasons.keys()) tally.example ||= reason
  tally.rejected += result.rejected
  tally.samples = Math.max(0, tally.samples - result.rejected)
  return answerOf(version, tally)
}

/** Runs one step of the work per turn of the event loop. */
async function inTurns<Result>(work: Generator<void, Result>): Promise<Result> {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
    await nextTurn()
  }
}

/** Passes the decoded block to `use`; its buffer is released afterwards. */
async function decoded<Result>(
  received: Uint8Array,
  header: SnappyHeader,
  memory: WriterMemory,
  use: (body: Uint8Array) => Promise<Result>,
): Promise<Result> {
  const buffer = memory.acquire(header.decodedBytes)
  try {
    unsnap(received, header, buffer)
    return await use(buffer.subarray(0, header.decodedBytes))
  } finally {
    memory.release(buffer)
  }
}

/**
 * Pooled buffers that are reserved before they are allocated. A request may expand to at most twice the largest body.
 */
function boundedMemory(admission: Admission, pool: BufferPool, maxBodyBytes: number): WriterMemory {
  return {
    acquire(bytes) {
      if (bytes > 2 * maxBodyBytes) throw tooLarge(maxBodyBytes)
      admission.reserve(bytes)
      return pool.acquire(bytes)
    },
    release: buffer => pool.release(buffer),
  }
}

function seriesLimits({ nowUnixNano, limits }: ItemLimits): SeriesLimits {
  return {
    attributes: limits.attributes,
    attributeBytes: limits.attributeBytes,
    earliestNano: Number(nowUnixNano - limits.pastNano),
    latestNano: Number(nowUnixNano + limits.futureNano),
  }
}

function answerOf(version: WriteVersion, tally: WriteTally): Written {
  const headers = writtenHeaders(version, tally)
  if (tally.rejected === 0) return { status: 204, headers, text: '' }
  const stored = tally.samples + tally.histograms + tally.exemplars
  const reasons = [...tally.reasons].map(([reason, count]) => `${reason}: ${count}`).join(', ')
  const error = new WattlineError(
    'series_invalid',
    `${tally.rejected} samples, histograms and exemplars were rejected (${reasons}), ${stored} stored. First rejected item: ${tally.example}.`,
  )
  return { status: 400, headers, text: error.toString() }
}

/**
 * Required by 2.0 in every answer: a sender takes a 204 without them for the answer of a receiver that only supports
 * 1.0. Counts are 0 when nothing is known to be stored.
 */
export function writtenHeaders(
  version: WriteVersion | undefined,
  { samples, histograms, exemplars }: Pick<WriteTally, 'samples' | 'histograms' | 'exemplars'> = NOTHING,
): Record<string, string> {
  if (version !== 2) return {}
  return {
    'x-prometheus-remote-write-samples-written': String(samples),
    'x-prometheus-remote-write-histograms-written': String(histograms),
    'x-prometheus-remote-write-exemplars-written': String(exemplars),
  }
}

const NOTHING = { samples: 0, histograms: 0, exemplars: 0 }

const tooLarge = (maxBytes: number): WattlineError =>
  new WattlineError('body_too_large', `The request is larger than ${maxBytes} bytes, received or decoded.`)

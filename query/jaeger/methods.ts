/** The methods of Jaeger's remote storage API: `jaeger.storage.v2.TraceReader`, `DependencyReader` and `Capabilities`. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import type { GrpcCaller, GrpcMethod } from '../../core/grpc/server.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { serviceGraph } from '../traces/dependencies.ts'
import { namesWindow, operationsOf, serviceNames } from '../traces/names.ts'
import { tracesProtobuf } from '../traces/otlp-protobuf.ts'
import { readTraces, type TraceChunk, type WantedTrace } from '../traces/read-spans.ts'
import type { Span } from '../traces/span.ts'
import type { JaegerCaller } from './caller.ts'
import { findJaegerTraces } from './questions.ts'
import { readFindTraces, readGetDependencies, readGetOperations, readGetTraces } from './requests.ts'
import {
  capabilitiesResponse,
  dependenciesResponse,
  operationsResponse,
  servicesResponse,
  traceIdsResponse,
} from './responses.ts'

/** What the methods work with. */
export interface JaegerMethodParts {
  readonly callerOf: (caller: GrpcCaller) => JaegerCaller
  /** Reads rows of the tenant until the signal aborts. */
  readonly readerOf: (caller: JaegerCaller, signal: AbortSignal) => FencedReader
  readonly now: () => number
}

const READER = '/jaeger.storage.v2.TraceReader/'
const DAY_MS = 86_400_000
/** Go clients refuse messages of more than 4 MiB. */
const MESSAGE_BYTES = 2 * 1024 * 1024
/** Spans of one message. */
const SPANS_OF_MESSAGE = 256

type MethodHandler = (reader: FencedReader, tenant: string) => AsyncIterable<Uint8Array>

/** By HTTP/2 path. */
export function jaegerMethods({
  callerOf,
  readerOf,
  now,
}: JaegerMethodParts): ReadonlyMap<string, GrpcMethod> {
  const method = (read: (body: Uint8Array) => MethodHandler): GrpcMethod => ({
    kind: 'messages',
    begin: (body, caller) => {
      const who = callerOf(caller)
      const answer = read(body)
      return signal => whileLetIn(answer(readerOf(who, signal), who.tenant), who)
    },
  })
  const single = (
    read: (body: Uint8Array) => (reader: FencedReader, tenant: string) => Promise<Uint8Array>,
  ) =>
    method(body => {
      const answer = read(body)
      return async function* (reader, tenant) {
        yield await answer(reader, tenant)
      }
    })
  return new Map<string, GrpcMethod>([
    [
      `${READER}GetServices`,
      single(
        () => async (reader, tenant) =>
          servicesResponse(await serviceNames(reader, tenant, namesWindow(now()))),
      ),
    ],
    [
      `${READER}GetOperations`,
      single(body => {
        const { service, kind } = readGetOperations(body)
        if (service === '') throw new WattlineError('parameter_invalid', 'The request names no service.')
        return async (reader, tenant) =>
          operationsResponse(
            await operationsOf(reader, tenant, namesWindow(now()), {
              service,
              kind: kind < 0 ? undefined : kind,
            }),
          )
      }),
    ],
    [
      `${READER}FindTraceIDs`,
      single(body => {
        const query = readFindTraces(body)
        return async (reader, tenant) =>
          traceIdsResponse(await findJaegerTraces(reader, tenant, query, now()))
      }),
    ],
    [
      `${READER}FindTraces`,
      method(body => {
        const query = readFindTraces(body)
        return async function* (reader, tenant) {
          yield* traceMessages(reader, tenant, await findJaegerTraces(reader, tenant, query, now()))
        }
      }),
    ],
    [
      `${READER}GetTraces`,
      method(body => {
        const ids = idsOf(body)
        return (reader, tenant) => traceMessages(reader, tenant, ids)
      }),
    ],
    [
      '/jaeger.storage.v2.DependencyReader/GetDependencies',
      single(body => {
        const { startNano, endNano } = readGetDependencies(body)
        const toMs = endNano === 0n ? now() : Number(endNano / 1_000_000n)
        const fromMs = startNano === 0n ? toMs - DAY_MS : Number(startNano / 1_000_000n)
        return async (reader, tenant) =>
          dependenciesResponse((await serviceGraph(reader, tenant, { fromMs, toMs })).edges)
      }),
    ],
    ['/jaeger.storage.v2.Capabilities/GetCapabilities', single(() => async () => capabilitiesResponse())],
  ])
}

function idsOf(body: Uint8Array): readonly WantedTrace[] {
  const ids = [...new Set(readGetTraces(body))]
  if (ids.length > FIXED_LIMITS.tracesFound) {
    throw new WattlineError(
      'parameter_invalid',
      `The request names ${ids.length} traces; ask for at most ${FIXED_LIMITS.tracesFound} at once.`,
    )
  }
  const wrong = ids.find(id => id.length !== 32)
  if (wrong !== undefined)
    throw new WattlineError('parameter_invalid', `A trace id has ${wrong.length / 2} bytes instead of 16.`)
  return ids.map(id => ({ id }))
}

/** A token can be revoked while the answer is sent. */
async function* whileLetIn(
  messages: AsyncIterable<Uint8Array>,
  caller: JaegerCaller,
): AsyncGenerator<Uint8Array> {
  for await (const message of messages) {
    if (!caller.stillHolds()) throw new WattlineError('unauthenticated', 'The token is not valid any more.')
    yield message
  }
}

/** Each message has spans of one trace, and those of a trace follow each other, as Jaeger requires. */
async function* traceMessages(
  reader: FencedReader,
  tenant: string,
  wanted: readonly WantedTrace[],
): AsyncGenerator<Uint8Array> {
  for await (const chunk of readTraces(reader, tenant, wanted)) {
    const spans = warned(chunk)
    for (let from = 0; from < spans.length; from += SPANS_OF_MESSAGE)
      yield* small(spans.slice(from, from + SPANS_OF_MESSAGE))
  }
}

function* small(spans: readonly Span[]): Generator<Uint8Array> {
  const message = tracesProtobuf(spans)
  if (message.length <= MESSAGE_BYTES || spans.length === 1) {
    yield message
    return
  }
  const half = Math.ceil(spans.length / 2)
  yield* small(spans.slice(0, half))
  yield* small(spans.slice(half))
}

/** Jaeger shows warnings of a span; the last one of a trace that is cut says so. */
function warned({ spans, isCut }: TraceChunk): readonly Span[] {
  const last = spans.at(-1)
  if (!isCut || last === undefined) return spans
  const text = JSON.stringify([cutWarning()])
  return [
    ...spans.slice(0, -1),
    { ...last, attributes: [...last.attributes, { key: '@jaeger@warnings', type: 'array', text }] },
  ]
}

/** What is said about a trace that has more spans than an answer. */
export const cutWarning = (): string =>
  `Only the first ${FIXED_LIMITS.spansOfTrace} spans of this trace are shown. Use SQL to see the others.`

/**
 * Spans of a simulated fleet: traces of eight spans through several services, with the attributes of instrumented web
 * services. A few requests are encoded in advance; each time one is sent, new ids, times and users are written into it.
 */
import { containerOf, type FleetOptions, machineOf, serviceOf } from './fleet.ts'
import type { Lane, Payload } from './lanes.ts'
import { fleetContainerAttributes, machineAttributes } from './metrics.ts'
import { BitStream, draw } from './random.ts'
import {
  attributes,
  integerField,
  join,
  keyValueField,
  type MessageTemplate,
  message,
  RequestBody,
  slot64,
  slotBytes,
  stringField,
} from './template.ts'

interface SpanOptions {
  /** Rate of the whole fleet. */
  readonly spansPerSecond: number
  readonly spansPerRequest: number
}

/** opentelemetry.proto.trace.v1: field numbers. */
const SPAN = {
  traceId: 1,
  spanId: 2,
  parentSpanId: 4,
  name: 5,
  kind: 6,
  start: 7,
  end: 8,
  attributes: 9,
  events: 11,
  status: 15,
} as const
const EVENT = { time: 1, name: 2, attributes: 3 } as const
const KIND = { server: 2, client: 3 } as const
const TRACE_SPANS = 8
const USER_DIGITS = 7
/** Requests that are encoded in advance. */
const VARIANTS = 8
const NANO_PER_MILLI = 1_000_000n

/** Position of a span in its trace: its caller, and its part of the whole duration. */
interface SpanShape {
  readonly parent: number
  readonly begins: number
  readonly ends: number
}

const SHAPES: readonly SpanShape[] = [
  { parent: -1, begins: 0, ends: 1 },
  { parent: 0, begins: 0.05, ends: 0.55 },
  { parent: 1, begins: 0.08, ends: 0.5 },
  { parent: 2, begins: 0.1, ends: 0.2 },
  { parent: 2, begins: 0.22, ends: 0.45 },
  { parent: 0, begins: 0.58, ends: 0.95 },
  { parent: 5, begins: 0.6, ends: 0.9 },
  { parent: 6, begins: 0.65, ends: 0.85 },
]

/** Positions of a span's values in the template; `eventTime` and `parentSpanId` are -1 if it has none. */
interface SpanPlace {
  readonly shape: number
  readonly trace: number
  readonly traceId: number
  readonly spanId: number
  readonly parentSpanId: number
  readonly start: number
  readonly end: number
  readonly user: number
  readonly eventTime: number
}

interface Variant {
  readonly bytes: Uint8Array
  readonly spans: readonly SpanPlace[]
  readonly traces: number
}

/** Sends the spans of a fleet, evenly over its time. */
export class SpanLane implements Lane {
  readonly #variants: readonly Variant[]
  readonly #bits: BitStream
  readonly #body = new RequestBody()
  readonly #fromMs: number
  readonly #msPerRequest: number
  readonly #requests: number
  #sent = 0

  /** Lane `lane` of `lanes` sends its part of the fleet's spans. */
  constructor(options: FleetOptions, spans: SpanOptions, lane: number, lanes: number) {
    const perRequest = Math.max(TRACE_SPANS, spans.spansPerRequest - (spans.spansPerRequest % TRACE_SPANS))
    const perSecond = spans.spansPerSecond / lanes
    this.#msPerRequest = (perRequest / perSecond) * 1000
    this.#requests = Math.max(1, Math.round((options.minutes * 60_000) / this.#msPerRequest))
    this.#fromMs = options.fromMs
    this.#bits = new BitStream(options.seed, 1000 + lane)
    this.#variants = Array.from({ length: VARIANTS }, (_, variant) =>
      variantOf(options, perRequest / TRACE_SPANS, lane * VARIANTS + variant),
    )
  }

  get dueMs(): number {
    return this.#fromMs + (this.#sent + 1) * this.#msPerRequest
  }

  next(): Payload | null {
    if (this.#sent >= this.#requests) return null
    const variant = this.#variants[this.#sent % VARIANTS]!
    this.#body.clear()
    this.#body.append(variant.bytes)
    this.#fill(variant, this.dueMs)
    this.#sent += 1
    return { signal: 'traces', body: this.#body.bytes(), points: 0, spans: variant.spans.length }
  }

  acknowledged(): void {}

  #fill({ spans, traces }: Variant, endMs: number): void {
    const bits = this.#bits
    const traceIds = Int32Array.from({ length: traces * 4 }, () => bits.next())
    const spanIds = Int32Array.from({ length: traces * TRACE_SPANS * 2 }, () => bits.next())
    const lengthsNs = Float64Array.from({ length: traces }, () => durationNs(bits))
    const users = Int32Array.from({ length: traces }, () => (bits.next() >>> 0) % 10_000_000)
    const endNano = BigInt(Math.floor(endMs)) * NANO_PER_MILLI
    for (const span of spans) {
      const shape = SHAPES[span.shape]!
      const ids = span.trace * 4
      for (let word = 0; word < 4; word++) this.#body.int32(span.traceId + 4 * word, traceIds[ids + word]!)
      this.#id(span.spanId, spanIds, span.trace, span.shape)
      if (span.parentSpanId >= 0) this.#id(span.parentSpanId, spanIds, span.trace, shape.parent)
      const wholeNs = lengthsNs[span.trace]!
      const beginsNano = endNano - BigInt(Math.floor(wholeNs * (1 - shape.begins)))
      this.#time(span.start, beginsNano)
      this.#time(span.end, endNano - BigInt(Math.floor(wholeNs * (1 - shape.ends))))
      if (span.eventTime >= 0) this.#time(span.eventTime, beginsNano)
      this.#digits(span.user, users[span.trace]!)
    }
  }

  #id(at: number, ids: Int32Array, trace: number, shape: number): void {
    const from = (trace * TRACE_SPANS + shape) * 2
    this.#body.int64Parts(at, ids[from]!, ids[from + 1]! | 1)
  }

  #time(at: number, nano: bigint): void {
    this.#body.int64Parts(at, Number(nano & 0xffff_ffffn), Number(nano >> 32n))
  }

  #digits(at: number, value: number): void {
    let rest = value
    for (let digit = USER_DIGITS - 1; digit >= 0; digit--) {
      this.#body.byte(at + digit, 0x30 + (rest % 10))
      rest = Math.floor(rest / 10)
    }
  }
}

/** Most requests take a few milliseconds, some take seconds. */
function durationNs(bits: BitStream): number {
  const uniform = ((bits.next() >>> 0) + 1) / 4_294_967_297
  return 2e6 * Math.exp(4 * uniform ** 2) * (1 + uniform)
}

/** The spans of `traces` traces, grouped by the service that sends them. */
function variantOf(options: FleetOptions, traces: number, variant: number): Variant {
  const groups: MessageTemplate[] = []
  const places: { readonly shape: number; readonly trace: number; readonly slots: number }[] = []
  for (let shape = 0; shape < SHAPES.length; shape++) {
    const host = Math.floor(draw(options.seed, variant, shape, 51) * options.hosts)
    const place = Math.floor(draw(options.seed, variant, shape, 52) * Math.max(1, options.workloads))
    const spans: MessageTemplate[] = []
    for (let trace = 0; trace < traces; trace++) {
      const span = spanTemplate(options.seed, variant, shape, trace)
      spans.push(message(2, span))
      places.push({ shape, trace, slots: span.slots.length })
    }
    const container = containerOf(options.seed, host, place, 0)
    const resource = {
      'service.name': serviceOf(host + place),
      'service.version': '1.4.2',
      'deployment.environment.name': 'simulated',
      ...fleetContainerAttributes(container),
      ...machineAttributes(options, machineOf(options, host)),
    }
    const scope = message(1, stringField(1, 'wattline/simulate'), stringField(2, '1'))
    groups.push(message(1, message(1, ...attributes(1, resource)), message(2, scope, ...spans)))
  }
  const { bytes, slots } = join(groups)
  let at = 0
  const spans = places.map(({ shape, trace, slots: count }) => {
    const place = placeOf(slots.slice(at, at + count), shape, trace)
    at += count
    return place
  })
  return { bytes, spans, traces }
}

/** In the order in which `spanTemplate` writes them. */
function placeOf(slots: readonly number[], shape: number, trace: number): SpanPlace {
  const isRoot = SHAPES[shape]!.parent < 0
  const [traceId, spanId, ...rest] = slots
  const parentSpanId = isRoot ? -1 : rest.shift()!
  const [start, end, user, eventTime = -1] = rest
  return {
    shape,
    trace,
    traceId: traceId!,
    spanId: spanId!,
    parentSpanId,
    start: start!,
    end: end!,
    user: user!,
    eventTime,
  }
}

function spanTemplate(seed: number, variant: number, shape: number, trace: number): MessageTemplate {
  const isRoot = SHAPES[shape]!.parent < 0
  const isServer = shape % 2 === 0
  const chance = draw(seed, variant, shape, 53, trace)
  const route = `/api/v1/${serviceOf(shape + variant)}/{id}`
  const failed = chance < 0.02
  const user = message(SPAN.attributes, stringField(1, 'user.id'), message(2, slotBytes(1, USER_DIGITS)))
  return join([
    slotBytes(SPAN.traceId, 16),
    slotBytes(SPAN.spanId, 8),
    ...(isRoot ? [] : [slotBytes(SPAN.parentSpanId, 8)]),
    stringField(SPAN.name, `GET ${route}`),
    integerField(SPAN.kind, isServer ? KIND.server : KIND.client),
    slot64(SPAN.start),
    slot64(SPAN.end),
    keyValueField(SPAN.attributes, 'http.request.method', 'GET'),
    keyValueField(SPAN.attributes, 'http.route', route),
    keyValueField(SPAN.attributes, 'http.response.status_code', failed ? 500 : 200),
    keyValueField(SPAN.attributes, 'server.address', `${serviceOf(shape)}.simulated.example`),
    keyValueField(SPAN.attributes, 'client.address', `10.${variant % 256}.${shape}.${trace % 256}`),
    keyValueField(SPAN.attributes, 'url.scheme', 'https'),
    keyValueField(SPAN.attributes, 'network.protocol.version', '1.1'),
    user,
    ...(chance > 0.9 ? [eventTemplate()] : []),
    ...(failed ? [message(SPAN.status, stringField(2, 'upstream timed out'), integerField(3, 2))] : []),
  ])
}

const eventTemplate = (): MessageTemplate =>
  message(
    SPAN.events,
    slot64(EVENT.time),
    stringField(EVENT.name, 'retry'),
    keyValueField(EVENT.attributes, 'retry.count', 1),
  )

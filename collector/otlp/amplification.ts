import { ENVELOPE_TAG, FIELD, METRIC_KINDS, TAG } from '../../core/protobuf/otlp/fields.ts'
import { ProtobufReader } from '../../core/protobuf/reader.ts'
import type { DecodeLimits } from './decode/decode-context.ts'
import type { Signal } from './signals.ts'

type AttributeLimits = Pick<DecodeLimits, 'attributes' | 'attributeBytes'>

const { resources: RESOURCES, description: DESCRIPTION, members: MEMBERS } = ENVELOPE_TAG
const KINDS = new Set(METRIC_KINDS)
/** Fields of Metric that describe it. */
const DESCRIBING = new Set([FIELD.Metric.name, FIELD.Metric.description, FIELD.Metric.unit])
/** A smaller body repeats no more than two megabytes: each of its items takes at least 11 bytes. */
const HARMLESS_BYTES = 8 * 1024

/**
 * Bytes that the rows of a request repeat because each contains what the request states once: its resource, its scope,
 * its metric's name, unit and description. The log keeps them once per record, the engine once per row: a body of three
 * mebibytes could be hundreds of gigabytes to the engine. This is roughly what the engine sees: attributes count after
 * the limits are applied.
 *
 * Throws `body_undecodable`.
 */
export function repeatedBytes(signal: Signal, body: Uint8Array, limits: AttributeLimits): number {
  if (body.length < HARMLESS_BYTES) return 0
  const reader = new ProtobufReader(body)
  reader.message = `a request of ${signal}`
  return new AmplificationCount(reader, signal === 'metrics', limits).ofRequest(body.length)
}

class AmplificationCount {
  readonly #reader: ProtobufReader
  readonly #hasPoints: boolean
  readonly #limits: AttributeLimits
  /** For the ResourceX or ScopeX whose head was read last. */
  #members = 0

  constructor(reader: ProtobufReader, hasPoints: boolean, limits: AttributeLimits) {
    this.#reader = reader
    this.#hasPoints = hasPoints
    this.#limits = limits
  }

  ofRequest(end: number): number {
    const reader = this.#reader
    let bytes = 0
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag !== RESOURCES) reader.skip(tag, end, 0)
      else bytes += this.#ofResource(reader.length(end))
    }
    return bytes
  }

  #ofResource(end: number): number {
    const reader = this.#reader
    const start = reader.position
    const head = this.#headBytes(end, TAG.Resource.attributes)
    reader.position = start
    let bytes = 0
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag !== MEMBERS) reader.skip(tag, end, 0)
      else bytes += this.#ofScope(reader.length(end), head)
    }
    return bytes
  }

  #ofScope(end: number, resourceBytes: number): number {
    const reader = this.#reader
    const start = reader.position
    const head = resourceBytes + this.#headBytes(end, TAG.InstrumentationScope.attributes)
    if (!this.#hasPoints) return head * this.#members
    reader.position = start
    let bytes = 0
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag !== MEMBERS) reader.skip(tag, end, 0)
      else bytes += this.#ofMetric(reader.length(end), head)
    }
    return bytes
  }

  /** All fields of a ResourceX or ScopeX except its members; attributes count after the limits are applied. */
  #headBytes(end: number, attributeTag: number): number {
    const reader = this.#reader
    const { attributes, attributeBytes } = this.#limits
    let bytes = 0
    let count = 0
    let members = 0
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === MEMBERS) {
        reader.position = reader.length(end)
        members += 1
        continue
      }
      if (tag !== DESCRIPTION) {
        const start = reader.position
        reader.skip(tag, end, 0)
        bytes += reader.position - start
        continue
      }
      const stop = reader.length(end)
      for (let field = reader.tag(stop); field !== 0; field = reader.tag(stop)) {
        const from = reader.position
        reader.skip(field, stop, 0)
        const size = reader.position - from
        if (field !== attributeTag) bytes += size
        else if (count < attributes) bytes += Math.min(size, 2 * attributeBytes)
        if (field === attributeTag) count += 1
      }
    }
    this.#members = members
    return bytes
  }

  #ofMetric(end: number, scopeBytes: number): number {
    const reader = this.#reader
    const start = reader.position
    let head = scopeBytes
    // If there are several kinds, the last counts.
    let kind = 0
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      const from = reader.position
      reader.skip(tag, end, 0)
      if (DESCRIBING.has(tag >>> 3)) head += reader.position - from
      if (KINDS.has(tag >>> 3) && tag % 8 === 2) kind = tag
    }
    if (kind === 0) return 0
    reader.position = start
    let points = 0
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      if (tag === kind) points += this.#pointsIn(reader.length(end))
      else reader.skip(tag, end, 0)
    }
    return points * head
  }

  #pointsIn(end: number): number {
    const reader = this.#reader
    let points = 0
    for (let tag = reader.tag(end); tag !== 0; tag = reader.tag(end)) {
      reader.skip(tag, end, 0)
      if (tag === TAG.Gauge.dataPoints) points += 1
    }
    return points
  }
}

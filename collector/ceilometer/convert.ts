/** From what Ceilometer's OpenTelemetry publisher posts to OTLP/JSON. Pure; unknown parts are left to the decoder. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import type { JsonObject } from '../../core/model/json.ts'
import { CUMULATIVE } from '../../core/protobuf/otlp/fields.ts'

/** Seconds until the year 33658; nanoseconds from the 17th minute of 1970 on. */
const LARGEST_SECONDS = 1e12
const SERVICE = 'ceilometer'

/** `host`: the machine that the samples are of, if the sender names it; ''. @throws WattlineError `body_undecodable` */
export function ceilometerToOtlp(body: Uint8Array, host: string): Uint8Array {
  const sent = parsed(body)
  const resource = resourceOf(host)
  const resources = listOf(sent['resource_metrics']).map(one => ({
    resource,
    scope_metrics: listOf(one['scope_metrics']).map(scope => ({
      ...scope,
      metrics: listOf(scope['metrics']).map(metricOf),
    })),
  }))
  return Buffer.from(JSON.stringify({ ...sent, resource_metrics: resources }))
}

function parsed(body: Uint8Array): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(body).toString())
  } catch (error) {
    throw new WattlineError('body_undecodable', `The body is not JSON: ${(error as Error).message}.`, {
      cause: error,
    })
  }
  if (isObject(value) && Array.isArray(value['resource_metrics'])) return value
  throw new WattlineError(
    'body_undecodable',
    'The body has no list resource_metrics: send what the publisher opentelemetryhttp of Ceilometer posts.',
  )
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const listOf = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : [])

function resourceOf(host: string): JsonObject {
  const attributes = { 'service.name': SERVICE, ...(host === '' ? {} : { 'host.name': host }) }
  return {
    attributes: Object.entries(attributes).map(([key, text]) => ({ key, value: { string_value: text } })),
  }
}

/** A cumulative sample says its own time as the start of the counter, which would make each sample a new counter. */
function metricOf(metric: JsonObject): JsonObject {
  const { counter, gauge, ...rest } = metric
  const out: Record<string, unknown> = { ...rest }
  if (isObject(gauge)) out['gauge'] = { ...gauge, data_points: listOf(gauge['data_points']).map(pointOf) }
  if (isObject(counter)) {
    const points = listOf(counter['data_points']).map(pointOf)
    out['sum'] = {
      aggregation_temporality: CUMULATIVE,
      is_monotonic: true,
      data_points: points.map(point => ({ ...point, start_time_unix_nano: 0 })),
    }
  }
  return out
}

function pointOf(point: JsonObject): JsonObject {
  const { start_time_unix_nano: start, time_unix_nano: time, attributes } = point
  return {
    ...point,
    start_time_unix_nano: nanoOf(start),
    time_unix_nano: nanoOf(time),
    attributes: listOf(attributes).filter(({ value }) => isObject(value) && value['string_value'] !== null),
  }
}

/** As text: nanoseconds are beyond the integers of JSON numbers. */
const nanoOf = (time: unknown): unknown =>
  typeof time === 'number' && time > 0 && time < LARGEST_SECONDS
    ? `${BigInt(Math.round(time * 1e6)) * 1000n}`
    : time

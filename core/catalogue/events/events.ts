/**
 * Self-telemetry: components report typed events (noun, past verb). The list of their stage declares the log line and
 * the counter on `/metrics` for each. Labels are bounded sets; a drop is an event with a reason.
 */
import { FACTOR_EVENTS, INTAKE_EVENTS, KUBERNETES_EVENTS, SCRAPE_EVENTS, SENSOR_EVENTS } from './collector.ts'
import { SCALING_EVENTS } from './decisions.ts'
import { LISTENER_EVENTS, REQUEST_EVENTS } from './listeners.ts'
import { PROCESS_EVENTS } from './process.ts'
import {
  ALERT_EVENTS,
  ERASURE_EVENTS,
  EXPORT_EVENTS,
  FACTOR_FILE_EVENTS,
  FORWARD_EVENTS,
  INVOICE_EVENTS,
  METER_EVENTS,
  REQUESTS_EVENTS,
  RESTATE_EVENTS,
  STORE_EVENTS,
} from './processors.ts'
import { QUERY_EVENTS } from './query.ts'
import { AUTOSCALER_EVENTS } from './scaling.ts'
import { LOG_EVENTS, WAREHOUSE_EVENTS } from './storage.ts'

/** The closed list of events, in the order of docs/reference/metrics.md, which is generated from it. */
export const EVENTS = {
  ...PROCESS_EVENTS,
  ...INTAKE_EVENTS,
  ...LISTENER_EVENTS,
  ...SCRAPE_EVENTS,
  ...FACTOR_EVENTS,
  ...FACTOR_FILE_EVENTS,
  ...REQUEST_EVENTS,
  ...LOG_EVENTS,
  ...STORE_EVENTS,
  ...RESTATE_EVENTS,
  ...INVOICE_EVENTS,
  ...REQUESTS_EVENTS,
  ...FORWARD_EVENTS,
  ...METER_EVENTS,
  ...ERASURE_EVENTS,
  ...EXPORT_EVENTS,
  ...ALERT_EVENTS,
  ...SCALING_EVENTS,
  ...SENSOR_EVENTS,
  ...KUBERNETES_EVENTS,
  ...WAREHOUSE_EVENTS,
  ...QUERY_EVENTS,
  ...AUTOSCALER_EVENTS,
} as const

/** Name of a declared event. */
export type EventName = keyof typeof EVENTS
/** The facts of one event; `amount` is the increment of its counter. */
export type Facts = Readonly<Record<string, string | number | bigint | boolean | null | undefined>> & {
  readonly amount?: number
}

/** Passed to every component that reports events. */
export interface Events {
  emit(name: EventName, facts?: Facts, error?: unknown): void
}

/** For tests and tools that ignore events. */
export const silentEvents: Events = { emit() {} }

/**
 * kafkajs without one of its faults: when a request is sent at once it sets a timer to its time of throttling, which is
 * -1, minus the current time. Node warns about the negative number. Nothing waits then, so no timer is needed.
 */
import { createRequire } from 'node:module'

interface RequestQueue {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  scheduleCheckPendingRequests(): void
}

const queue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue/index.js')
const { prototype } = queue as { readonly prototype: RequestQueue }
const schedule = prototype.scheduleCheckPendingRequests
prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
  if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this)
}

export { type Admin, Kafka, logLevel } from 'kafkajs'

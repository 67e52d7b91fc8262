/** Asks for a period to be closed, and waits for the answer. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ClosingAnswer } from '../../core/api/answers.ts'
import { encodeCloseRequest } from '../../core/billing/request.ts'
import { type Broker, RECORD_KIND } from '../../core/broker/broker.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { billing, CLOSE_REQUEST } from '../../core/model/streams/invoices.ts'
import type { FencedReader } from '../fence/fenced-reader.ts'
import { tableName } from '../fence/tables.ts'

/** Longest wait; then the closing goes on by itself. */
const WAIT_MS = 75_000
const POLL_MS = 250

/** @throws WattlineError `closing_refused` with what is missing */
export async function closePeriod(
  log: Pick<Broker, 'append'>,
  reader: FencedReader,
  { tenant, period, nowMs }: { readonly tenant: string; readonly period: string; readonly nowMs: number },
  waitMs = WAIT_MS,
): Promise<ClosingAnswer> {
  const id = randomUUID()
  const value = encodeCloseRequest({ id, tenant, period, origin: 'api', requestedMs: nowMs })
  const headers = { [RECORD_KIND]: CLOSE_REQUEST }
  await log.append(billing.name, 0, [{ key: `request/${id}`, value, headers, timestampMs: nowMs }])
  for (const untilMs = performance.now() + waitMs; performance.now() < untilMs; await delay(POLL_MS)) {
    const [found] = await reader.query<{ State: string; Reason: string; Invoices: number }>(
      `SELECT State, Reason, Invoices FROM ${tableName('invoice_closings')} ` +
        'WHERE Tenant = {tenant:String} AND Period = {period:String} AND RequestId = {id:String}',
      { tenant, period, id },
    )
    if (found?.State === 'refused') throw new WattlineError('closing_refused', found.Reason)
    if (found !== undefined) return { request_id: id, period, state: 'closed', invoices: found.Invoices }
  }
  return { request_id: id, period, state: 'closing', invoices: 0 }
}

/** Bills of the month that is restated, closed by the real processor. */
import { encodeCloseRequest } from '../../../core/billing/request.ts'
import { type Broker, RECORD_KIND } from '../../../core/broker/broker.ts'
import type { Config } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { billing, CLOSE_REQUEST } from '../../../core/model/streams/invoices.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { createInvoice } from '../../../processors/invoice/processor.ts'
import type { Runner } from '../../../processors/loop/runner.ts'
import { pause } from '../costs/process.ts'

interface BillingOptions {
  readonly broker: Broker
  readonly runner: Runner
  readonly warehouse: Warehouse
  readonly config: Config
  readonly now: () => number
}

export async function openBilling({ broker, runner, warehouse, config, now }: BillingOptions) {
  const { statements } = warehouse
  if (statements === undefined) throw new Error('the engine takes no statements')
  await runner.start(
    createInvoice({
      config: config.billing,
      ask: ({ text, params }) => statements.query(text, params),
      ledgerDays: config.retention.ledger_days,
      openSeconds: 0,
      broker,
      events: silentEvents,
      now,
    }),
  )
  return {
    /** Closes a month; resolves with the number of its bills once they are in the tables. */
    async close(month: string): Promise<number> {
      const id = `close-${month}`
      const request = { id, tenant: 'default', period: month, origin: 'api', requestedMs: now() } as const
      const headers = { [RECORD_KIND]: CLOSE_REQUEST }
      await broker.append(billing.name, 0, [
        { key: `request/${id}`, value: encodeCloseRequest(request), headers, timestampMs: now() },
      ])
      for (;;) {
        const [found] = await warehouse.query<{ State: string; Reason: string; Invoices: number }>(
          'SELECT State, Reason, Invoices FROM wattline.invoice_closings FINAL WHERE RequestId = {id:String}',
          { id },
        )
        if (found?.State === 'closed') return found.Invoices
        if (found !== undefined) throw new Error(`${month} is not closed: ${found.Reason}`)
        await pause(200)
      }
    },
  }
}

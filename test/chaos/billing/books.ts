/** Log and tables of a folder, with the processors that close periods, and its booked entries. */
import { join } from 'node:path'
import { encodeCloseRequest } from '../../../core/billing/request.ts'
import { type Broker, RECORD_KIND } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { billing, ledger, STREAMS } from '../../../core/model/streams/index.ts'
import { CLOSE_REQUEST } from '../../../core/model/streams/invoices.ts'
import { openEmbeddedWarehouse } from '../../../core/warehouse/embedded/embedded.ts'
import type { Warehouse } from '../../../core/warehouse/warehouse.ts'
import { createInvoice } from '../../../processors/invoice/processor.ts'
import { Runner } from '../../../processors/loop/runner.ts'
import { streamSettings } from '../../../processors/processors.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import { createStore } from '../../../processors/store/store.ts'
import { energyRow } from '../../processors/rate/energy-row.ts'
import { rateRows } from '../../processors/rate/rate-rows.ts'
import { seededRandom } from '../../support/random.ts'

export const ACCOUNTS = 24
/** Small enough that a closing has many transactions. */
const TOGETHER = 2
/** After all closed periods. */
const NOW_MS = Date.parse('2027-06-01T00:00:00Z')

const config = configSchema.parse({
  factors: { zone: 'DE', pue: '1.2' },
  tariffs: { price_per_kwh: '0.31' },
  workloads: { rules: [{ match: {}, account: '${namespace}' }] },
  billing: {
    first_period: '2026-01',
    credits: [{ name: 'welcome', currency: 'EUR', amount: '7.5' }],
    taxes: [{ name: 'VAT', percent: '19' }],
  },
  retention: { ledger_days: 4_000 },
})

export interface Books {
  readonly broker: Broker
  readonly warehouse: Warehouse
  /** Entries of each account in a month; `seed` decides amounts. */
  book(month: string, seed: number): Promise<void>
  /** Waits until the tables have everything in the log. */
  settle(): Promise<void>
  request(month: string): Promise<void>
  close(): Promise<void>
}

export async function openBooks(path: string): Promise<Books> {
  const warehouse = await openEmbeddedWarehouse({
    path: join(path, 'engine'),
    maxMemoryBytes: 1_073_741_824,
    events: silentEvents,
  })
  await warehouse.migrate(STREAMS, { signalsDays: 30, ledgerDays: 4_000 })
  const broker = await openEmbeddedBroker({ path: join(path, 'log'), maxBytes: 1e9, events: silentEvents })
  await broker.createStreams(streamSettings(config))
  const runner = new Runner({ broker, events: silentEvents, now: () => NOW_MS })
  const { statements } = warehouse
  if (statements === undefined) throw new Error('the engine takes no statements')
  await runner.start(createStore({ streams: [ledger, billing], warehouse, events: silentEvents }))
  await runner.start(
    createInvoice({
      config: config.billing,
      ask: ({ text, params }) => statements.query(text, params),
      ledgerDays: config.retention.ledger_days,
      openSeconds: 0,
      together: TOGETHER,
      broker,
      events: silentEvents,
      now: () => NOW_MS,
    }),
  )
  return {
    broker,
    warehouse,
    async book(month, seed) {
      const random = seededRandom(seed)
      const start = Date.parse(`${month}-01T00:00:00Z`) / 1000
      const rows = Array.from({ length: ACCOUNTS * 5 }, (_, index) =>
        energyRow({
          Namespace: `account-${index % ACCOUNTS}`,
          WindowStart: start + 60 * Math.floor(random() * 40_000),
          EnergyUj: BigInt(Math.floor(random() * 9e12)),
          WorkloadId: `${seed}-${index}`,
        }),
      )
      const entries = rateRows(createRate(config), rows)
      await broker.append(ledger.name, 0, [{ value: encodeRows(ledger, entries), timestampMs: NOW_MS }])
    },
    async settle() {
      const isRead = async (stream: string): Promise<boolean> =>
        (await broker.lag('store', stream)).every(({ committed, end }) => committed === end)
      for (;;) {
        if ((await isRead(ledger.name)) && (await isRead(billing.name))) return
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    },
    async request(month) {
      const request = {
        id: `close-${month}`,
        tenant: 'default',
        period: month,
        origin: 'api',
        requestedMs: NOW_MS,
      } as const
      const headers = { [RECORD_KIND]: CLOSE_REQUEST }
      const record = {
        key: `request/${request.id}`,
        value: encodeCloseRequest(request),
        headers,
        timestampMs: NOW_MS,
      }
      await broker.append(billing.name, 0, [record])
    },
    async close() {
      await runner.stop()
      await broker.close()
      await warehouse.close()
    },
  }
}

/** Whether the tables say that a month is closed. */
export async function isClosed(warehouse: Pick<Warehouse, 'query'>, month: string): Promise<boolean> {
  const rows = await warehouse.query<{ n: number }>(
    "SELECT toUInt32(count()) AS n FROM wattline.invoice_closings WHERE Period = {month:String} AND State = 'closed'",
    { month },
  )
  return (rows[0]?.n ?? 0) > 0
}

/** Bills of a month in the tables. */
export async function billsOf(warehouse: Pick<Warehouse, 'query'>, month: string): Promise<number> {
  const rows = await warehouse.query<{ n: number }>(
    'SELECT toUInt32(count()) AS n FROM wattline.invoices WHERE Period = {month:String}',
    { month },
  )
  return rows[0]?.n ?? 0
}

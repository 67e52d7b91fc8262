import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeCloseRequest } from '../../../core/billing/request.ts'
import { type Broker, RECORD_KIND } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { type Config, configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../core/columns/rows.ts'
import { billing, factors, ledger } from '../../../core/model/streams/index.ts'
import { CLOSE_REQUEST } from '../../../core/model/streams/invoices.ts'
import type { EnergyRow, LedgerRow } from '../../../core/model/streams/ledger.ts'
import { createInvoice } from '../../../processors/invoice/processor.ts'
import { Runner } from '../../../processors/loop/runner.ts'
import { streamSettings } from '../../../processors/processors.ts'
import { publishFactors } from '../../../processors/rate/publish.ts'
import { createRate } from '../../../processors/rate/rate.ts'
import { createStore } from '../../../processors/store/store.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'
import { energyRow } from '../rate/energy-row.ts'
import { rateRows } from '../rate/rate-rows.ts'

export interface Closed {
  readonly State: string
  readonly Reason: string
  readonly Invoices: number
}

/** A log and tables with the processors that close periods. Time is what `now` says. */
export interface BillingRig {
  readonly store: TestWarehouse
  readonly broker: Broker
  now: number
  config: Config
  /** Rates energy rows by a configuration, and books them. */
  book(rows: readonly Partial<EnergyRow>[], config?: Config): Promise<readonly LedgerRow[]>
  /** Books entries as they are. */
  append(rows: readonly LedgerRow[]): Promise<void>
  close(period: string, tenant?: string): Promise<Closed>
  query<Row>(sql: string): Promise<readonly Row[]>
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function startBillingRig(settings: object, nowIso: string): Promise<BillingRig> {
  const store = await openTestWarehouse()
  const folder = await mkdtemp(join(tmpdir(), 'wattline-bills-'))
  const broker = await openEmbeddedBroker({ path: join(folder, 'log'), maxBytes: 1e9, events: silentEvents })
  const config = configSchema.parse(settings)
  await broker.createStreams(streamSettings(config))
  let runner: Runner
  const rig: BillingRig = {
    store,
    broker,
    now: Date.parse(nowIso),
    config,
    async book(rows, by = rig.config) {
      const entries = rateRows(createRate(by), rows.map(energyRow))
      await rig.append(entries)
      return entries
    },
    async append(rows) {
      await broker.append(ledger.name, 0, [{ value: encodeRows(ledger, rows), timestampMs: rig.now }])
    },
    async close(period, tenant = 'default') {
      const id = randomUUID()
      const value = encodeCloseRequest({ id, tenant, period, origin: 'api', requestedMs: rig.now })
      const headers = { [RECORD_KIND]: CLOSE_REQUEST }
      await broker.append(billing.name, 0, [{ key: `request/${id}`, value, headers, timestampMs: rig.now }])
      for (let tries = 0; tries < 3_000; tries += 1) {
        const [found] = await rig.query<Closed>(
          `SELECT State, Reason, Invoices FROM wattline.invoice_closings WHERE RequestId = '${id}'`,
        )
        if (found !== undefined) return found
        await new Promise(resolve => setTimeout(resolve, 20))
      }
      throw new Error(`no answer: ${runner.problems().join()}`)
    },
    query: sql => store.warehouse.query(sql),
    async restart() {
      await runner?.stop()
      await start()
    },
    async stop() {
      await runner.stop()
      await broker.close()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  async function start(): Promise<void> {
    runner = new Runner({ broker, events: silentEvents, now: () => rig.now })
    const { statements } = store.warehouse
    if (statements === undefined) throw new Error('the engine takes no statements')
    await runner.start(
      createStore({ streams: [ledger, factors, billing], warehouse: store.warehouse, events: silentEvents }),
    )
    await runner.start(
      createInvoice({
        config: rig.config.billing,
        ask: ({ text, params }) => statements.query(text, params),
        ledgerDays: rig.config.retention.ledger_days,
        openSeconds: 210,
        broker,
        events: silentEvents,
        now: () => rig.now,
      }),
    )
  }
  await publishFactors(broker, config, rig.now)
  await start()
  return rig
}

export interface StoredLine {
  readonly Account: string
  readonly Currency: string
  readonly Period: string
  readonly Number: string
  readonly Line: number
  readonly ServicePeriod: string
  readonly Category: string
  readonly Class: string
  readonly Sku: string
  readonly Zone: string
  readonly Quantity: string
  readonly Unit: string
  readonly ListUnitPrice: string
  readonly ListCost: string
  readonly ContractedCost: string
  readonly BilledCost: string
  readonly EnergyUj: string
  readonly CarbonOperationalUg: string
}

export const linesOf = (rig: BillingRig, condition = '1'): Promise<readonly StoredLine[]> =>
  rig.query<StoredLine>(
    `SELECT Account, Currency, Period, Number, Line, ServicePeriod, Category, Class, Sku, Zone, Quantity, Unit,
       ListUnitPrice, toString(ListCost) AS ListCost, toString(ContractedCost) AS ContractedCost,
       toString(BilledCost) AS BilledCost, toString(EnergyUj) AS EnergyUj,
       toString(CarbonOperationalUg) AS CarbonOperationalUg
     FROM wattline.invoice_lines WHERE ${condition} ORDER BY Period, Account, Currency, Line`,
  )

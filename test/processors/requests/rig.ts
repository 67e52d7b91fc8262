/** Log, tables, `store` and `requests`, as a process runs them, with a clock that tests set. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Broker } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { requestEnergy, requestMinutes, STREAMS } from '../../../core/model/streams/index.ts'
import { Runner } from '../../../processors/loop/runner.ts'
import { streamSettings } from '../../../processors/processors.ts'
import { createRequests, type RequestsProcessorOptions } from '../../../processors/requests/processor.ts'
import { sharingRules } from '../../../processors/requests/statement.ts'
import { createStore } from '../../../processors/store/store.ts'
import { openTestWarehouse, type TestWarehouse } from '../../query/support/warehouse.ts'

export interface RequestsRig {
  readonly store: TestWarehouse
  readonly broker: Broker
  /** Unix ms. */
  nowMs: number
  /** Stops the processors in whatever they do, and starts them again. */
  restart(): Promise<void>
  /** Waits until a look has found nothing more to share. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** At fresh minutes, at entries, at the last hour, at the last day and at an old day. */
const LOOKS_AN_HOUR = 5

export async function openRig(
  startMs: number,
  options: Partial<RequestsProcessorOptions> = {},
): Promise<RequestsRig> {
  const store = await openTestWarehouse()
  const folder = await mkdtemp(join(tmpdir(), 'wattline-requests-'))
  const broker = await openEmbeddedBroker({ path: join(folder, 'log'), maxBytes: 1e9, events: silentEvents })
  await broker.createStreams(streamSettings(configSchema.parse({})))
  const { statements } = store.warehouse
  if (statements === undefined) throw new Error('the engine takes no statements')
  let [looks, found] = [0, 0]
  let failure = ''
  const counted: typeof statements = {
    ...statements,
    query: async (sql, params) => {
      const rows = await statements.query(sql, params).catch((error: unknown) => {
        failure = String(error)
        throw error
      })
      if (sql.includes('SpansThen')) {
        looks += 1
        found += rows.length
      }
      return rows as never
    },
  }
  const start = async (): Promise<Runner> => {
    const runner = new Runner({ broker, events: silentEvents, now: () => rig.nowMs })
    await runner.start(createStore({ streams: STREAMS, warehouse: store.warehouse, events: silentEvents }))
    await runner.start(
      createRequests({
        broker,
        statements: counted,
        folder,
        sharing: sharingRules(),
        enabled: true,
        delaySeconds: 60,
        keptSeconds: 29 * 86_400,
        events: silentEvents,
        now: () => rig.nowMs,
        ...options,
      }),
    )
    return runner
  }
  let runner: Runner
  const rig: RequestsRig = {
    store,
    broker,
    nowMs: startMs,
    async restart() {
      await runner.stop()
      runner = await start()
    },
    async settled() {
      // An hour later every kind of look is due again, each once; the next look waits until what was found has been shared.
      do {
        rig.nowMs += 3_600_000
        looks = 0
        found = 0
        for (let tries = 0; looks < LOOKS_AN_HOUR; tries++) {
          if (tries > 6_000) throw new Error(`not settled: ${failure} ${runner.problems().join()}`)
          await new Promise(resolve => setTimeout(resolve, 20))
        }
      } while (found > 0)
      for (const { name } of [requestEnergy, requestMinutes]) {
        const lags = await broker.lag('store', name)
        if (lags.some(({ committed, end }) => committed !== end)) return await rig.settled()
      }
    },
    async close() {
      await runner.stop()
      await broker.close()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  runner = await start()
  return rig
}

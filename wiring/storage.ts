/** Opens what keeps data, and has it say what of it is missing. */
import { join } from 'node:path'
import type { Broker } from '../core/broker/broker.ts'
import { lossOfLog } from '../core/broker/embedded/loss-of-log.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import { WattlineError } from '../core/catalogue/errors/errors.ts'
import type { EventBus } from '../core/catalogue/events/event-bus.ts'
import { STREAMS } from '../core/model/streams/index.ts'
import { tablesOf } from '../core/model/streams/stream.ts'
import type { Lifecycle } from '../core/runtime/lifecycle.ts'
import { LOSSES_FILE, Losses, type Restoring } from '../core/runtime/losses.ts'
import { type KafkaPatience, type LogOptions, openBrokerOfKind } from '../core/storage/open-broker.ts'
import { type EmbeddedOptions, openWarehouseOfKind, TABLES_FOLDER } from '../core/storage/open-warehouse.ts'
import { retentionDays } from '../core/warehouse/ddl.ts'
import { TRACE_INDEX } from '../core/warehouse/ddl-derived.ts'
import type { CustodyOptions } from '../core/warehouse/embedded/custody.ts'
import { surveyEngine } from '../core/warehouse/embedded/survey.ts'
import type { Retention, Warehouse } from '../core/warehouse/warehouse.ts'
import { streamSettings } from '../processors/processors.ts'
import { recover } from '../processors/store/recover.ts'
import { STORE } from '../processors/store/token.ts'

/** Who would book again, from an older copy of the log, what the ledger has. */
const DONE_ELSEWHERE = ['meter', 'rate']

/** How often an operator is listened to. */
const LISTEN_MS = 1_000

/** What files have lost so far, and an ear for the operator who says that it is known. */
export function startLosses({
  lifecycle,
  config,
  events,
}: {
  readonly lifecycle: Lifecycle
  readonly config: Config
  readonly events: EventBus
}): Promise<Losses> {
  let timer: NodeJS.Timeout | undefined
  return lifecycle.start(
    'losses',
    async () => {
      const losses = openLosses(config.data, events)
      await losses.takeAcceptance()
      const listen = (): void => void losses.takeAcceptance().catch(() => undefined)
      timer = setInterval(listen, LISTEN_MS).unref()
      return losses
    },
    async () => clearInterval(timer),
  )
}

function openLosses(data: string, events: EventBus): Losses {
  try {
    return new Losses(data, events)
  } catch (error) {
    throw new WattlineError(
      'data_unusable',
      `The list of losses ${join(data, LOSSES_FILE)} cannot be read: ${String(error)}. Move the file away and keep it.`,
      { cause: error },
    )
  }
}

/** Opens the log with its streams. `losses`: hears of records that are gone; null where another process keeps the log. */
export async function openLog(
  config: Config,
  events: EventBus,
  losses: Losses | null,
  patience: KafkaPatience,
): Promise<Broker> {
  const history: LogOptions =
    losses === null
      ? {}
      : {
          doneElsewhere: DONE_ELSEWHERE,
          onLost: async lost => {
            const loss = lossOfLog(lost, `${config.data}/log`)
            // A record that a kill kept from the index of traces is not read again.
            const restoring = { [TRACE_INDEX]: { table: TRACE_INDEX, rows: null, isDone: false } }
            if (loss !== null) await losses.add({ ...loss, restoring })
          },
        }
  const broker = await openBrokerOfKind(config, events, { ...patience, ...history })
  try {
    await broker.createStreams(streamSettings(config))
    return broker
  } catch (error) {
    await broker.close()
    throw error
  }
}

interface Parts {
  readonly lifecycle: Lifecycle
  readonly config: Config
  readonly events: EventBus
  readonly engine?: EmbeddedOptions | undefined
  readonly losses: Losses | null
  readonly broker: Broker | null
}

/**
 * Opens the tables, made or changed to what the declarations say. Null while tables that were there are gone: a volume that
 * is not mounted must not be taken for an empty one.
 */
export async function openTables(parts: Parts): Promise<Warehouse | null> {
  const { config, events, engine, losses, broker } = parts
  const { signals_days: signalsDays, ledger_days: ledgerDays } = config.retention
  const retention = { signalsDays, ledgerDays }
  const custody =
    losses === null || config.warehouse.kind !== 'embedded'
      ? null
      : custodyOf(config, losses, broker, retention)
  try {
    const options = custody === null ? engine : { ...engine, custody }
    const warehouse = await openWarehouseOfKind(config, events, options)
    try {
      await warehouse.migrate(STREAMS, retention)
      if (custody === null) return warehouse
      noteAll(warehouse, broker)
      if (losses !== null) remakeWhenDue(parts, warehouse, losses)
      return warehouse
    } catch (error) {
      await warehouse.close()
      throw error
    }
  } catch (error) {
    if (!(error instanceof WattlineError) || error.code !== 'tables_missing') throw error
    events.emit('processFailed', { part: 'warehouse' }, error)
    await watchForTables(parts)
    return null
  }
}

function custodyOf(
  { data }: Config,
  losses: Losses,
  broker: Broker | null,
  retention: Retention,
): CustodyOptions {
  const declared = STREAMS.flatMap(tablesOf).flatMap(({ table }) => (table === undefined ? [] : [table]))
  const days = declared.map(table => [table.name, retentionDays(table, retention)] as const)
  return {
    inventoryFile: join(data, 'tables.json'),
    definitionsFile: join(data, 'tables.definitions.json'),
    days: new Map([...days, [TRACE_INDEX, retention.signalsDays]]),
    onMissing: (missing, stored) =>
      recover(
        {
          broker,
          streams: STREAMS,
          losses,
          folder: join(data, TABLES_FOLDER),
          derived: [TRACE_INDEX],
        },
        missing,
        stored,
      ),
  }
}

/** Notes of partitions of which nothing was noted yet, that the tables have what is committed. */
function noteAll(warehouse: Warehouse, broker: Broker | null): void {
  const isNoted = warehouse.files?.isNoted() ?? true
  if (isNoted || broker?.holdings === undefined) return
  for (const { name } of STREAMS.filter(stream => tablesOf(stream).length > 0)) {
    for (const { partition, committed, originOf } of broker.holdings(STORE, name)) {
      if (committed > 0n) {
        warehouse.files?.noteStored(`${name}/${partition}`, {
          origin: originOf(committed - 1n),
          next: committed,
        })
      }
    }
  }
  warehouse.files?.notedAll()
}

/** What `store` says of rows that come back. */
export const restoredOf =
  (losses: Losses | null) =>
  async (place: string, progress: Restoring): Promise<void> =>
    losses?.restored(place, progress)

/** Spans of so long before are put into the index of traces again where the log was lost. */
const REMADE_MS = 2 * 86_400_000

/** Makes the index of traces again once the spans are back that the log still has. */
function remakeWhenDue({ lifecycle, events }: Parts, warehouse: Warehouse, losses: Losses): void {
  let isRemaking = false
  const remake = async (): Promise<void> => {
    const loss = losses.all().find(one => one.restoring?.[TRACE_INDEX]?.isDone === false)
    if (loss === undefined) return
    const others = Object.entries(loss.restoring ?? {}).filter(([place]) => place.startsWith('traces/'))
    if (others.some(([, { isDone }]) => !isDone)) return
    const extent = loss.extent.find(({ table }) => table === TRACE_INDEX)
    const recently = new Date(Date.parse(loss.found) - REMADE_MS).toISOString()
    const from = loss.state === 'restoring' ? (extent?.from ?? null) : recently
    await warehouse.files?.remakeTraceIndex(from, extent?.to ?? null)
    await losses.restored(TRACE_INDEX, { table: TRACE_INDEX, rows: null, isDone: true })
  }
  const timer = setInterval(() => {
    if (isRemaking) return
    isRemaking = true
    void remake()
      .catch((error: unknown) => events.emit('processFailed', { part: 'index of traces' }, error))
      .finally(() => {
        isRemaking = false
      })
  }, LISTEN_MS).unref()
  void lifecycle.start(
    'index of traces',
    () => timer,
    () => clearInterval(timer),
  )
}

/** Ends the wait for tables that are gone: they are back, or an operator does without them. */
async function watchForTables({ lifecycle, config, engine, losses }: Parts): Promise<void> {
  const enginePath = join(config.data, TABLES_FOLDER, 'engine')
  // Tables without rows are what was missing only where there was none.
  const areBack = (await lookForTables(enginePath)) === 'none' ? ['bare', 'filled'] : ['filled']
  const timer = setInterval(async () => {
    const isAccepted = losses?.reasons().length === 0
    if (!isAccepted && !areBack.includes(await lookForTables(enginePath))) return
    clearInterval(timer)
    engine?.onTablesBack?.()
  }, LISTEN_MS).unref()
  void lifecycle.start(
    'missing tables',
    () => timer,
    () => clearInterval(timer),
  )
}

async function lookForTables(enginePath: string): Promise<'none' | 'bare' | 'filled'> {
  try {
    const { tables } = await surveyEngine(enginePath)
    if (tables.some(({ parts }) => parts.length > 0)) return 'filled'
    return tables.length > 0 ? 'bare' : 'none'
  } catch {
    return 'none'
  }
}

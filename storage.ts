/** Opens what keeps data, and has it say what of it is missing. */
import { join } from 'node:path'
import type { Broker } from './core/broker/broker.ts'
import { lossOfLog } from './core/broker/embedded/loss-of-log.ts'
import { type KafkaPatience, type LogOptions, openBrokerOfKind } from './core/broker/open-broker.ts'
import { STREAMS } from './core/model/streams/index.ts'
import type { Config } from './core/runtime/config/schema.ts'
import { WattlineError } from './core/runtime/errors.ts'
import type { EventBus } from './core/runtime/events.ts'
import type { Lifecycle } from './core/runtime/lifecycle.ts'
import { LOSSES_FILE, Losses } from './core/runtime/losses.ts'
import { type EmbeddedOptions, openWarehouseOfKind } from './core/warehouse/open-warehouse.ts'
import type { Warehouse } from './core/warehouse/warehouse.ts'
import { streamSettings } from './processors/processors.ts'

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
            if (loss !== null) await losses.add(loss)
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

/** Opens the tables, made or changed to what the declarations say. */
export async function openTables(
  config: Config,
  events: EventBus,
  engine: EmbeddedOptions | undefined,
): Promise<Warehouse> {
  const warehouse = await openWarehouseOfKind(config, events, engine)
  try {
    const { signals_days: signalsDays, ledger_days: ledgerDays } = config.retention
    await warehouse.migrate(STREAMS, { signalsDays, ledgerDays })
    return warehouse
  } catch (error) {
    await warehouse.close()
    throw error
  }
}

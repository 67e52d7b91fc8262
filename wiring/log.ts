import type { Broker } from '../core/broker/broker.ts'
import { lossOfLog } from '../core/broker/embedded/loss-of-log.ts'
import type { Config } from '../core/catalogue/config/schema.ts'
import type { EventBus } from '../core/catalogue/events/event-bus.ts'
import type { Losses } from '../core/runtime/losses.ts'
import { type KafkaPatience, type LogOptions, openBrokerOfKind } from '../core/storage/open-broker.ts'
import { TRACE_INDEX } from '../core/warehouse/tables/ddl-derived.ts'
import { streamSettings } from '../processors/processors.ts'

/** Groups that, from an older copy of the log, would book again what the ledger has. */
const DONE_ELSEWHERE = ['meter', 'rate']

/** Opens the log with its streams. `losses`: gets the missing records; null when another process keeps the log. */
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
            // A record whose spans a kill kept from the trace index is not read again.
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

/** Readers of the log as values: how long the oldest record that each has not processed has been waiting. */
import type { AlertSample } from '../../core/alerts/rule.ts'
import type { Broker } from '../../core/broker/broker.ts'
import type { LogReader } from '../../core/model/streams/readers.ts'

/** Seconds by reader and stream, 0 for one that has read everything. */
export async function lagValues(
  broker: Pick<Broker, 'lag'>,
  readers: readonly LogReader[],
  nowMs: number,
): Promise<readonly AlertSample[]> {
  return await Promise.all(
    readers.map(async ({ group, stream }) => {
      const oldest = (await broker.lag(group, stream)).flatMap(({ oldestPendingMs }) => oldestPendingMs ?? [])
      const value = oldest.length === 0 ? 0 : Math.max(0, nowMs - Math.min(...oldest)) / 1000
      return { labels: { reader: group, stream }, value }
    }),
  )
}

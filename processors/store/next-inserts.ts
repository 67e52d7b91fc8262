import type { Broker } from '../../core/broker/broker.ts'
import type { StreamDeclaration } from '../../core/model/streams/stream.ts'
import type { NextInserts } from '../../core/warehouse/embedded/listed-offsets.ts'
import type { StoredOffsets } from '../../core/warehouse/embedded/stored-offsets.ts'
import { insertTokenHash } from '../../core/warehouse/embedded/token-hash.ts'
import { knownUpTo } from './rewind.ts'
import { INSERTS_A_COMMIT } from './store-worker.ts'
import { STORE, tokenOf } from './token.ts'

/** Records that `store` may insert while the parts are being listed, with what it has not committed before. */
const WINDOW = 128n

/**
 * The records after the recorded offsets, with their tokens. None of streams whose versions are stored once whatever
 * their token: no rows of theirs are counted.
 */
export function nextInserts(
  broker: Pick<Broker, 'holdings'> | null,
  streams: readonly StreamDeclaration[],
  stored: StoredOffsets,
): readonly NextInserts[] {
  const tokened = streams.filter(stream => stream.table !== undefined && stream.holds === undefined)
  return tokened.flatMap(({ name, table }) =>
    (broker?.holdings?.(STORE, name) ?? []).map(holding => {
      const { partition, end, originOf } = holding
      const place = `${name}/${partition}`
      const from = knownUpTo({ holding, stored: stored.get(place), isKept: true })
      const to = from + WINDOW < end ? from + WINDOW : end
      function* records() {
        for (let offset = from; offset < to; offset++) {
          const origin = originOf(offset)
          const stored = { origin, next: offset + 1n }
          yield { stored, tokenHash: insertTokenHash(tokenOf(name, partition, offset, origin)) }
        }
      }
      return { place, table: table?.name ?? '', records: records(), atATime: INSERTS_A_COMMIT }
    }),
  )
}

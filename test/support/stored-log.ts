import { openEmbeddedBroker } from '../../core/broker/embedded/embedded-broker.ts'
import { recordKey } from '../../core/broker/embedded/keys.ts'
import { openStore } from '../../core/broker/embedded/store.ts'
import { loadStreams } from '../../core/broker/embedded/streams.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'

const MAX_BYTES = 1_000_000_000
/** Where the head of a record keeps its checksum. */
const CHECKSUM_AT = 4

/** Appends to the log of a stopped process, as intake would have done just before. */
export async function appendStored(
  log: string,
  stream: string,
  partition: number,
  values: readonly Uint8Array[],
): Promise<void> {
  const broker = await openEmbeddedBroker({ path: log, maxBytes: MAX_BYTES, events: silentEvents })
  const timestampMs = Date.now() - 400_000
  await broker.append(
    stream,
    partition,
    values.map(value => ({ value, timestampMs })),
  )
  await broker.close()
}

/** Flips one byte of a record in the log of a stopped process: of its value, or only of its checksum. */
export async function spoil(
  log: string,
  place: { readonly stream: string; readonly partition: number; readonly offset: bigint },
  what: 'value' | 'checksum',
): Promise<void> {
  const { stream, partition, offset } = place
  const store = openStore(log, MAX_BYTES)
  const found = loadStreams(store).get(stream)?.partitions[partition]
  if (found === undefined) throw new Error(`no ${stream}/${partition}`)
  const range = { start: recordKey(found, offset, 0), end: recordKey(found, offset + 1n, 0) }
  const entry = [...store.entries(range)].at(what === 'value' ? -1 : 0)
  if (entry === undefined) throw new Error(`no record ${offset}`)
  const { key, value: old } = entry
  const value = Buffer.from(old)
  value[what === 'value' ? value.length - 5 : CHECKSUM_AT]! ^= 0xff
  await store.write([{ key, value }])
  await store.close()
}

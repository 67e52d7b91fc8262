/**
 * Moves numbers until it is killed: each input number is added to a sum in the state, and `number sum` goes to the
 * output, in one transaction with the offset. Input is generated on the way.
 */
import { writeSync } from 'node:fs'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'

const [path = ''] = process.argv.slice(2)
const broker = await openEmbeddedBroker({ path, maxBytes: 4_000_000_000, events: silentEvents })
await broker.createStreams(
  ['in', 'out'].map(name => ({
    name,
    partitions: 1,
    groups: ['sum'],
    retention: { timeMs: 1e15, bytes: 1e12 },
  })),
)
writeSync(1, 'open\n')

const text = (value: Uint8Array | undefined) => Buffer.from(value ?? []).toString()

await broker.subscribe({
  group: 'sum',
  streams: ['in'],
  onFailure: (_, error) => {
    console.error(error)
    process.exit(1)
  },
  work: async partition => {
    let sum = Number(text((await partition.loadState()).get('sum')))
    while (!partition.revoked.aborted) {
      for (const record of await partition.poll({ maxRecords: 5, maxBytes: 1e6, maxWaitMs: 100 })) {
        sum += Number(text(record.value))
        const output = { value: Buffer.from(`${text(record.value)} ${sum}`), timestampMs: 1 }
        await partition.transact({
          outputs: [{ stream: 'out', partition: 0, record: output }],
          state: new Map([['sum', Buffer.from(String(sum))]]),
          nextOffset: record.offset + 1n,
        })
      }
    }
  },
})
for (let number = 1; ; number++) {
  await broker.append('in', 0, [{ value: Buffer.from(String(number)), timestampMs: 1 }])
}

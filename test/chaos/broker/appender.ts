/**
 * Appends until it is killed. Each append carries `<run>-<number>-<part>/<parts>` and a filling derived from it; its
 * `<run>-<number>` is written to stdout only when the append has resolved. A compacted stream gets the same names under
 * few keys, and is read and committed, so that it is compacted all the time.
 */
import { writeSync } from 'node:fs'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { fillingOf } from './filling.ts'

const [path = '', run = ''] = process.argv.slice(2)
const broker = await openEmbeddedBroker({ path, maxBytes: 4_000_000_000, events: silentEvents })
await broker.createStreams([
  { name: 's', partitions: 2, groups: ['audit'], retention: { timeMs: 1e15, bytes: 1e12 } },
  { name: 'kept', partitions: 1, groups: ['audit'], retention: { timeMs: 0, bytes: 0 }, compacted: true },
])
writeSync(1, 'open\n')

let number = 0
async function lane(): Promise<never> {
  for (;;) {
    const id = `${run}-${number++}`
    const parts = (number % 3) + 1
    const records = Array.from({ length: parts }, (_, part) => ({
      value: fillingOf(`${id}-${part}/${parts}`),
      timestampMs: number,
    }))
    const { partition, offset } = await broker.append('s', number % 2, records)
    writeSync(1, `${id} ${partition} ${offset} ${parts}\n`)
  }
}
async function keyedLane(): Promise<never> {
  for (let turn = 0; ; turn++) {
    const id = `${run}-k${turn}`
    const key = `key ${turn % 7}`
    const { offset } = await broker.append('kept', 0, [{ key, value: fillingOf(id), timestampMs: turn }])
    writeSync(1, `${id} kept ${offset} ${turn % 7}\n`)
  }
}
await broker.subscribe({
  group: 'audit',
  streams: ['kept'],
  work: async partition => {
    while (!partition.revoked.aborted) {
      const last = (await partition.poll({ maxRecords: 9, maxBytes: 1e6, maxWaitMs: 1000 })).at(-1)
      if (last !== undefined) await partition.commit(last.offset + 1n)
    }
  },
  onFailure: (_, error) => {
    throw error
  },
})
await Promise.all([...Array.from({ length: 4 }, lane), keyedLane()])

/**
 * Appends until it is killed. Each append carries `<run>-<number>-<part>/<parts>` and a filling that follows from it; its
 * `<run>-<number>` is written to stdout only when the append has resolved.
 */
import { writeSync } from 'node:fs'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { silentEvents } from '../../../core/runtime/events.ts'
import { fillingOf } from './filling.ts'

const [path = '', run = ''] = process.argv.slice(2)
const broker = await openEmbeddedBroker({ path, maxBytes: 4_000_000_000, events: silentEvents })
await broker.createStreams([
  { name: 's', partitions: 2, groups: ['audit'], retention: { timeMs: 1e15, bytes: 1e12 } },
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
await Promise.all(Array.from({ length: 4 }, lane))

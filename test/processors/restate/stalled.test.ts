/**
 * Guarantees: what a process rates by an intensity that is revised before it books is restated, however long it stands still in
 * between, whether it rates energy or recomputes what is late; and it is restated once.
 */
import { expect, test } from 'vitest'
import type { Broker, TransactionStep } from '../../../core/broker/broker.ts'
import { factors, ledger } from '../../../core/model/streams/index.ts'
import { RATE } from '../../../processors/rate/processor.ts'
import { RECOMPUTE } from '../../../processors/recompute/processor.ts'
import { RESTATE } from '../../../processors/restate/processor.ts'
import type { Arrival } from '../../books/scenes.ts'
import { replacing } from '../../support/impatient.ts'
import { energyAt, modeAt, type Reading, workAt } from '../meter/support.ts'
import { openRig, type Rig } from '../recompute/rig.ts'

/** By these, at the rig's PUE of 1.25, a µJ emits exactly a ten-thousandth, or two, of a µg. */
const [AT_FIRST, REVISED] = ['288', '576']
/** Every pass over the range has long gone by then. */
const LONG_MS = 1_500

const SECONDS = Array.from({ length: 37 }, (_, index) => index * 10)
const host = SECONDS.flatMap((s): Arrival[] => {
  const rows: Reading[] = [
    energyAt(s, BigInt(s) * 60_000_000n),
    modeAt(s, 'user', BigInt(s) * 2_000_000n),
    modeAt(s, 'idle', BigInt(s) * 6_000_000n),
    workAt(s, 'A', BigInt(s) * 1_000_000n),
  ]
  return rows.map(row => ({ arrives: s, row }))
})
const late = SECONDS.filter(s => s <= 200).map(
  (s): Arrival => ({ arrives: 350, row: workAt(s, 'B', BigInt(s) * 500_000n) }),
)

test.each([
  { name: RATE, arrivals: host },
  { name: RECOMPUTE, arrivals: [...host, ...late] },
])('$name stands still between rating and booking', async ({ name, arrivals }) => {
  const stall = stallOf(name)
  const rig = await openRig(undefined, {}, stall.seen)
  try {
    await rig.revise(-60, 240, AT_FIRST)
    const delivered = rig.deliver(arrivals)
    if (name === RECOMPUTE) await delivered
    rig.wait(300_000)
    await stall.reached
    await rig.revise(-60, 240, REVISED)
    await until(async () => (await rig.broker.lag(RESTATE, factors.name)).every(isRead))
    for (let past = 0; past < LONG_MS; past += 100) {
      rig.wait(60_000)
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    stall.goOn()
    await delivered
    await rig.settle()
    expect(await emitted(rig)).toEqual(await due(rig))
    const before = (await rig.corrections('')).count
    await rig.settle()
    expect((await rig.corrections('')).count).toBe(before)
  } finally {
    stall.goOn()
    await rig.close()
  }
})

const isRead = ({ committed, end }: { readonly committed: bigint; readonly end: bigint }): boolean =>
  committed === end

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(resolve => setTimeout(resolve, 20))
}

/** A log in which a group stands still when it is about to book entries; only once. */
function stallOf(group: string) {
  const [reached, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const stalls = async ({ outputs }: TransactionStep): Promise<void> => {
    if (!outputs.some(({ stream }) => stream === ledger.name)) return
    reached.resolve()
    await gate.promise
  }
  const seen = (broker: Broker): Broker =>
    replacing(broker, {
      subscribe: options =>
        broker.subscribe({
          ...options,
          work: partition => {
            if (options.group !== group) return options.work(partition)
            return options.work(
              replacing(partition, {
                async transact(step) {
                  await stalls(step)
                  await partition.transact(step)
                },
              }),
            )
          },
        }),
    })
  return { seen, reached: reached.promise, goOn: () => gate.resolve() }
}

async function emitted(rig: Rig): Promise<ReadonlyMap<string, bigint>> {
  return new Map((await rig.carbons()).map(({ thing, hour, ug }) => [`${thing} ${hour}`, BigInt(ug)]))
}

/** By the revised intensity, whatever it was rated by. */
async function due(rig: Rig): Promise<ReadonlyMap<string, bigint>> {
  const byHour = new Map<string, bigint>()
  for (const { thing, minute, uj } of await rig.energies()) {
    const key = `${thing} ${Math.floor(minute / 60)}`
    byHour.set(key, (byHour.get(key) ?? 0n) + (BigInt(uj) * 2n) / 10_000n)
  }
  return byHour
}

/**
 * Guarantees: from the same inputs the product and Kepler's formula give the differences that docs/methodology.md states, and no
 * others: Kepler loses less than a unit for each workload, and gives what ended to those that run.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drive, energyAt, modeAt, workAt } from '../processors/meter/support.ts'
import { keplerOf } from './kepler.ts'

const time = fc.bigInt({ min: 0n, max: 60_000_000n })
const minute = fc.record({
  energyUj: fc.bigInt({ min: 0n, max: 10n ** 10n }),
  workloadsUs: fc.array(time, { minLength: 1, maxLength: 8 }),
  endedUs: time,
  idleUs: fc.bigInt({ min: 1n, max: 480_000_000n }),
})

test('node, workloads and what is lost', () => {
  fc.assert(
    fc.property(minute, ({ energyUj, workloadsUs, endedUs, idleUs }) => {
      const knownUs = workloadsUs.reduce((a, b) => a + b)
      const busyUs = knownUs + endedUs
      const capacityUs = busyUs + idleUs
      const run = drive()
      run.record([
        ...[energyAt(0, 0n), energyAt(60, energyUj), modeAt(0, 'user', 0n), modeAt(60, 'user', busyUs)],
        ...[modeAt(0, 'idle', 0n), modeAt(60, 'idle', idleUs)],
        ...workloadsUs.flatMap((us, index) => [workAt(0, `w${index}`, 0n), workAt(60, `w${index}`, us)]),
      ])
      run.flush(60)
      const ours = (is: (share: string, id: string) => boolean): bigint =>
        run.energy.filter(row => is(row.Share, row.WorkloadId)).reduce((sum, row) => sum + row.EnergyUj, 0n)
      const activeUj = ours(share => share !== 'idle')

      // All that was busy still runs: the node differs by the cut, workloads by less than 2 µJ, and Kepler's never sum to more.
      const whole = keplerOf({ energyUj, busyUs, capacityUs, workloadsUs, runningUs: busyUs })
      const cut = activeUj - (energyUj - whole.idleUj)
      expect(cut === 0n || cut === 1n).toBe(true)
      for (const [index, kepler] of whole.workloadsUj.entries()) {
        const off = ours((share, id) => share === 'active' && id === `w${index}`) - kepler
        expect(off >= -1n && off <= 2n).toBe(true)
      }
      const lost =
        activeUj - ours(share => share === 'unattributed') - whole.workloadsUj.reduce((a, b) => a + b)
      expect(lost >= -1n && lost <= BigInt(workloadsUs.length) + 1n).toBe(true)

      // What ended goes to those that run: together they get what we book as theirs and as unattributed.
      const survivors = keplerOf({ energyUj, busyUs, capacityUs, workloadsUs, runningUs: knownUs })
      if (knownUs === 0n) return
      const more = activeUj - survivors.workloadsUj.reduce((a, b) => a + b)
      expect(more >= 0n && more <= BigInt(workloadsUs.length) + 1n).toBe(true)
    }),
    { numRuns: 100 },
  )
})

/**
 * Clocks that are wrong for some seconds: the machine's under the process, and the clock of a host that sends samples.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostClock } from './meter-clients.ts'
import { type OneProcess, whileDown } from './one-process.ts'
import { drawOne, type Fault, pause } from './topology.ts'

const DAY_MS = 86_400_000

/** The file through which `clock.ts` moves a process's clock. */
export const clockFile = (data: string): string => join(data, 'chaos-clock')

/** The machine's clock is a day ahead for a while: changed under the running process, or while it is down. */
export const centreClock = (system: OneProcess): Fault => ({
  name: 'clock-ahead',
  weight: 3,
  inject: async ({ random }) => {
    const file = clockFile(system.data)
    const ahead = (): void => writeFileSync(file, `${DAY_MS}`)
    const back = (): void => rmSync(file)
    const [isSetRunning, isSetBackRunning] = [random() < 0.5, random() < 0.5]
    if (isSetRunning) ahead()
    else await whileDown(system, random, ahead)
    await pause(500 + random() * 3_000)
    if (isSetBackRunning) back()
    else await whileDown(system, random, back)
    const [first, then] = [isSetRunning, isSetBackRunning].map(is => (is ? 'running' : 'down'))
    return `a day ahead (${first}), and back (${then})`
  },
})

/** Its samples are accepted two days ahead (limits.future_seconds): one day passes, three days are rejected. */
const OFFSETS = [DAY_MS, DAY_MS, DAY_MS, 3 * DAY_MS, -DAY_MS] as const
/** Longer than a host may be silent before its minutes close. */
const SILENT_MS = 14_000
const SENT = 2
const LONGEST_MS = 60_000

/** The clock of one host. `disturb`: what happens to the system meanwhile, occasionally. */
export const hostClock = (weight: number, disturb?: () => Promise<string>): Fault => ({
  name: 'host-clock',
  weight,
  inject: async ({ random, clocks }) => {
    const clock = drawOne(clocks, random)
    const offsetMs = drawOne(OFFSETS, random)
    const [isDisturbed, isSilent] = [random() < 0.3, random() < 0.25]
    try {
      set(clock, offsetMs)
      await untilSent(clock)
      await pause(random() * 3_000)
      const meanwhile = isDisturbed && disturb !== undefined ? `, meanwhile ${await disturb()}` : ''
      if (isSilent) await silence(clock)
      return `${offsetMs / DAY_MS} days ahead, ${clock.sent} samples${isSilent ? ', silent' : ''}${meanwhile}, and back`
    } finally {
      set(clock, 0)
    }
  },
})

function set(clock: HostClock, offsetMs: number): void {
  clock.offsetMs = offsetMs
  clock.isSilent = false
  clock.sent = 0
}

/** Like a machine that is restarted because its clock is wrong. */
async function silence(clock: HostClock): Promise<void> {
  clock.isSilent = true
  await pause(SILENT_MS)
}

async function untilSent(clock: HostClock): Promise<void> {
  const deadline = Date.now() + LONGEST_MS
  while (clock.sent < SENT) {
    if (Date.now() > deadline) throw new Error(`host ${clock.host} was not served within ${LONGEST_MS} ms`)
    await pause(20)
  }
}

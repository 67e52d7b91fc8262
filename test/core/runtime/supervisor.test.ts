// Guarantees, with real processes: workers get their orders, the later ones with the first one's address; one that ends
// or hangs is restarted, after increasing delays, while the others continue; its counts stay in the sum; one that
// cannot start ends all, with its own error; all are stopped and report what they left; one that does not end is
// killed.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { configSchema } from '../../../core/catalogue/config/schema.ts'
import type { Events, Facts } from '../../../core/catalogue/events/events.ts'
import type { WorkerAddresses } from '../../../core/runtime/processes/messages.ts'
import { Supervisor, type SupervisorTimes } from '../../../core/runtime/processes/supervisor.ts'
import { eventually } from '../../support/until.ts'

const ENTRY = new URL('../../support/worker-entry.ts', import.meta.url)

let running: Supervisor | undefined
let data = ''
afterEach(async () => {
  await running?.stop(1_000)
  rmSync(data, { recursive: true, force: true })
})

interface Rig {
  readonly supervisor: Supervisor
  readonly told: { readonly name: string; readonly facts: Facts }[]
  /** The first one's address in each order. */
  readonly firsts: (string | null | undefined)[]
}

/** Each worker behaves as its word says: test/support/worker-entry.ts. */
function rig(behaviours: readonly string[], times: Partial<SupervisorTimes> = {}): Rig {
  const told: { name: string; facts: Facts }[] = []
  const firsts: (string | null | undefined)[] = []
  const events: Events = { emit: (name, facts = {}) => void told.push({ name, facts }) }
  data = mkdtempSync(join(tmpdir(), 'wattline-supervisor-'))
  const config = configSchema.parse({ data })
  const supervisor = new Supervisor({
    processes: behaviours.length,
    entry: ENTRY,
    events,
    times: { firstWaitMs: 10, longestWaitMs: 100, ...times },
    order: (index: number, first: WorkerAddresses | null) => {
      firsts.push(first?.otlpHttp)
      return { index, version: behaviours[index] as string, config, connections: 1 }
    },
  })
  running = supervisor
  return { supervisor, told, firsts }
}

const ends = ({ told }: Rig): readonly Facts[] =>
  told.filter(({ name }) => name === 'workerEnded').map(({ facts }) => facts)
const starts = ({ told }: Rig): number => told.filter(({ name }) => name === 'workerStarted').length
const counted = ({ supervisor }: Rig): number | undefined =>
  supervisor
    .counters(new Map([['wattline_intake_items_total', new Map([['signal="traces"', 1]])]]))
    .get('wattline_intake_items_total')
    ?.get('signal="traces"')
const own = {
  take: () => ({
    cpuSeconds: 1,
    residentBytes: 1,
    heapUsedBytes: 1,
    loopDelaySeconds: 9,
    loopDelayMaxSeconds: 9,
  }),
  stop: () => {},
}

it('starts all processes, the first one first, and sums their statistics', async () => {
  const one = rig(['good', 'good', 'good'])
  expect(await one.supervisor.start()).toEqual({ otlpHttp: 'http://127.0.0.1:1234', otlpGrpc: null })
  expect(one.firsts).toEqual([undefined, 'http://127.0.0.1:1234', 'http://127.0.0.1:1234'])
  expect(
    await eventually(
      async () => counted(one),
      n => n === 16,
    ),
  ).toBe(16)
  expect(one.supervisor.figures(own).take()).toEqual({
    cpuSeconds: 4,
    residentBytes: 301,
    heapUsedBytes: 31,
    loopDelaySeconds: expect.closeTo(0.001),
    loopDelayMaxSeconds: 0.5,
  })
  expect([one.supervisor.reasons(), one.supervisor.waiting()]).toEqual([[], []])
  expect(await one.supervisor.stop(5_000)).toEqual([])
})

it('restarts a process that ended, and keeps its counts', async () => {
  const one = rig(['good', 'ends once'], { firstWaitMs: 500, longestWaitMs: 500 })
  await one.supervisor.start()
  await eventually(
    async () => ends(one).length,
    n => n === 1,
  )
  expect(ends(one)).toEqual([{ process: 1, how: 'exit code 3' }])
  expect(one.supervisor.waiting()).toEqual(['process 1 of 2 ended (exit code 3) and is being restarted'])
  expect(one.supervisor.reasons()).toEqual([])
  expect(counted(one)).toBe(11)
  await eventually(
    async () => starts(one),
    n => n === 3,
  )
  expect(one.supervisor.waiting()).toEqual([])
  await eventually(
    async () => counted(one),
    n => n === 16,
  )
})

it('kills a silent process, and restarts it', async () => {
  const one = rig(['hangs once'], { silentMs: 1_500 })
  await one.supervisor.start()
  await eventually(
    async () => starts(one),
    n => n === 2,
  )
  expect(ends(one)[0]).toEqual({ process: 0, how: 'silent for 1.5 s, killed' })
})

it('keeps trying, and is not ready while none runs', async () => {
  const one = rig(['cannot start again'])
  await one.supervisor.start()
  await eventually(
    async () => ends(one).length,
    n => n >= 3,
  )
  expect(ends(one)[2]).toEqual({ process: 0, how: 'broker_unavailable: Nobody answers.' })
  expect(one.supervisor.reasons()[0]).toBe('no process is running')
})

it('reports why a process accepts no data', async () => {
  const one = rig(['good', 'cannot work'])
  await one.supervisor.start()
  await eventually(
    async () => one.supervisor.reasons(),
    reasons => reasons.length > 0,
  )
  expect(one.supervisor.reasons()).toEqual(['process 1: intake: full'])
})

it.each([[['fails', 'good']], [['good', 'fails']]])(
  'ends all with the error of one that cannot start: %j',
  async behaviours => {
    const one = rig(behaviours)
    await expect(one.supervisor.start()).rejects.toThrow('Nobody answers.')
    expect(ends(one)).toEqual([])
  },
)

it('reports what was left, and kills one that does not end', async () => {
  const one = rig(['late', 'deaf', 'good'])
  await one.supervisor.start()
  expect(await one.supervisor.stop(300)).toEqual([
    'process 0: intake did not stop in time',
    'process 1: it did not stop in time',
  ])
})

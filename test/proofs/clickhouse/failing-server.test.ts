// Guarantees: while servers answer late, twice, with 5xx, or not at all, and are killed in the middle of inserts, intake
// continues, readiness reports who waits and why, and in the end everything acknowledged exists exactly once.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../../chaos/audit.ts'
import type { FaultRule } from '../../support/clickhouse-front/faults.ts'
import { type ClickHouseFront, startClickHouseFront } from '../../support/clickhouse-front/front.ts'
import { LOGIN, settingsOf } from '../../support/clickhouse-front/settings.ts'
import { startClients } from '../../support/clients.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const SEED = 20

/** For inserts; fewer for the others, so that queries and readiness are affected too. */
const FAULTS: readonly FaultRule[] = [
  { fault: { kind: 'twice' }, probability: 0.1 },
  { fault: { kind: 'late', ms: 400 }, probability: 0.1 },
  { fault: { kind: 'cut', when: 'after' }, probability: 0.1 },
  { fault: { kind: 'cut', when: 'before' }, probability: 0.05 },
  { fault: { kind: 'status', status: 504, when: 'after' }, probability: 0.05 },
  { fault: { kind: 'exception', code: 252, when: 'before' }, probability: 0.05 },
  { fault: { kind: 'exception', code: 242, when: 'before' }, probability: 0.05 },
  { fault: { kind: 'exception', code: 319, when: 'after' }, probability: 0.05 },
]

describe('with a ClickHouse server that fails', () => {
  const data = mkdtempSync(join(tmpdir(), 'wattline-clickhouse-e2e-'))
  let front: ClickHouseFront
  let wattline: WattlineProcess
  const start = (): Promise<WattlineProcess> =>
    startProcess({
      data,
      environment: {
        ...settingsOf(front),
        // Windows close only by readings, not by silence: a client may have to wait long.
        WATTLINE_METERING_IDLE_FLUSH: '3600',
        WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '100',
      },
    })
  beforeAll(async () => {
    front = await startClickHouseFront({ ...LOGIN, ports: 2, seed: SEED })
    wattline = await start()
  })
  afterAll(async () => {
    await wattline.end('SIGKILL')
    await front.destroy()
    rmSync(data, { recursive: true, force: true })
  })
  const readiness = async () =>
    (await fetch(`${wattline.http}/readyz`)).json() as Promise<{ ready: boolean; reasons: string[] }>

  it(`stores everything acknowledged exactly once (seed ${SEED})`, async () => {
    const target = { otlp: wattline.otlp }
    const clients = startClients(target, { spans: 3, meters: ['clickhouse'], seed: SEED, closing: true })
    const grows = async (by: number): Promise<void> => {
      const before = clients.acknowledged.batches.size
      await eventually(
        async () => clients.acknowledged.batches.size,
        n => n >= before + by,
      )
    }
    await front.inject(...FAULTS)
    await grows(20)

    await front.kill()
    const waiting = await eventually(readiness, ({ reasons }) =>
      reasons.some(reason => /^store traces/.test(reason)),
    )
    expect(waiting.ready).toBe(false)
    expect(waiting.reasons.join('\n')).toMatch(
      /store traces\/\d waiting: warehouse_unavailable: ClickHouse at 127\.0\.0\.1:\d+: /,
    )
    // A client is answered when the log has its data.
    await grows(10)
    await front.restart()
    await front.inject(...FAULTS)
    await grows(10)

    await wattline.end('SIGKILL')
    wattline = await start()
    target.otlp = wattline.otlp
    await grows(10)
    await clients.stop()

    const { faults, mostInsertsOfOneToken } = await front.counts()
    await front.heal()
    expect(await audit(wattline, clients.acknowledged, 60_000)).toEqual([])
    expect(Object.values(faults).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0)
    expect(mostInsertsOfOneToken).toBe(1)
    await eventually(readiness, ({ ready }) => ready)
    expect(await wattline.end('SIGTERM')).toBe(0)
  }, 180_000)
})

// Guarantees: while the disk is full, intake answers 503 with Retry-After, the process keeps running, says why it is
// not ready, answers queries, and can be stopped and started; once there is space it recovers by itself, every
// acknowledged span is in its table exactly once, and the ledger sums to what the meters counted. If no volume can be
// mounted, it prints that this was not tested.
import { afterAll, expect, it } from 'vitest'
import { audit } from '../../chaos/audit.ts'
import { startClients } from '../../support/clients.ts'
import { smallDisk } from '../../support/small-disk.ts'
import { eventually } from '../../support/until.ts'
import { startProcess } from '../../support/wattline-process.ts'

const disk = smallDisk(192)
afterAll(() => disk?.remove())

/** An empty request: refused like any other while the log rejects records. */
const probe = async (otlp: string): Promise<{ status: number; retryAfter: string | null; text: string }> => {
  const response = await fetch(`${otlp}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"resourceLogs":[]}',
  })
  const text = await response.text()
  return { status: response.status, retryAfter: response.headers.get('retry-after'), text }
}

const readiness = async (http: string): Promise<{ ready: boolean; reasons: string[] }> =>
  (await fetch(`${http}/readyz`)).json() as Promise<{ ready: boolean; reasons: string[] }>

it('recovers from a full disk by itself, without loss or duplicates', async () => {
  if (disk === null) return
  const wattline = await startProcess({
    data: disk.path,
    environment: { WATTLINE_METERING_IDLE_FLUSH: '2', WATTLINE_METERING_GAP: '6' },
  })
  const clients = startClients(wattline.otlp, { spans: 3, meters: ['full-disk'] })
  await eventually(
    async () => clients.acknowledged.batches.size,
    n => n > 10,
  )

  const refused = await eventually(
    async () => {
      disk.fill()
      return await probe(wattline.otlp)
    },
    ({ status }) => status === 503,
  )
  expect(Number(refused.retryAfter)).toBeGreaterThan(0)
  expect(refused.text).toMatch(/disk/)
  const { ready, reasons } = await readiness(wattline.http)
  expect(ready).toBe(false)
  expect(reasons).toContainEqual(expect.stringMatching(/^intake: disk_full: .*Free disk space/))
  expect((await fetch(`${wattline.http}/healthz`)).status).toBe(200)
  await wattline.sql('SELECT count() FROM otel_traces')

  disk.free()
  await eventually(
    () => readiness(wattline.http),
    now => now.ready,
  )
  const before = clients.acknowledged.batches.size
  await eventually(
    async () => clients.acknowledged.batches.size,
    n => n > before + 10,
  )
  await clients.stop()
  expect(await audit(wattline, clients.acknowledged, 30_000)).toEqual([])
  expect(await wattline.end('SIGTERM')).toBe(0)
})

it('stops on a full disk, starts on it, and stores what was acknowledged once there is space', async () => {
  if (disk === null) return
  const wattline = await startProcess({ data: disk.path, environment: { WATTLINE_TELEMETRY_TRACES: 'true' } })
  const clients = startClients(wattline.otlp, { spans: 2, meters: [] })
  await eventually(
    async () => clients.acknowledged.batches.size,
    n => n > 5,
  )
  await eventually(
    async () => {
      disk.fill()
      return await probe(wattline.otlp)
    },
    ({ status }) => status === 503,
  )
  expect(await wattline.end('SIGTERM')).toBe(0)
  await clients.stop()
  disk.fill()
  const again = await startProcess({ data: disk.path })
  disk.fill()
  const beforeRoom = startClients(again.otlp, { spans: 1, meters: [] })
  await eventually(
    () => readiness(again.http),
    now => now.reasons.some(reason => reason.includes('disk_full')),
  )
  disk.free()
  await eventually(
    async () => beforeRoom.acknowledged.batches.size,
    n => n > 0,
  )
  await beforeRoom.stop()
  const sql = `SELECT toString(count()) AS n FROM otel_traces WHERE SpanAttributes['batch'] IN (${[...clients.acknowledged.batches.keys()].map(id => `'${id}'`).join(', ')})`
  const expected = [...clients.acknowledged.batches.values()].reduce((total, size) => total + size, 0)
  await eventually(
    () => again.sql<{ n: string }>(sql),
    rows => rows[0]?.n === `${expected}`,
  )
  expect(await again.end('SIGTERM')).toBe(0)
})

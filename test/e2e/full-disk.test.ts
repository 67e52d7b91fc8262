// Guarantees: while the disk is full, intake answers 503 with Retry-After, the process lives, says why it is not ready and
// answers queries; once there is room it recovers by itself, every acknowledged span is in its table exactly once, and the
// ledger sums to what the meters counted. Where a volume cannot be mounted it says loudly that this was not tested.
import { afterAll, expect, it } from 'vitest'
import { audit } from '../chaos/audit.ts'
import { startClients } from '../support/clients.ts'
import { smallDisk } from '../support/small-disk.ts'
import { eventually, startProcess } from '../support/wattline-process.ts'

const disk = smallDisk(192)
afterAll(() => disk?.remove())

/** An empty request: refused like any other while the log takes nothing. */
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

it('recovers from a full disk by itself, with nothing lost and nothing twice', async () => {
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
    20_000,
  )
  const before = clients.acknowledged.batches.size
  await eventually(
    async () => clients.acknowledged.batches.size,
    n => n > before + 10,
  )
  await clients.stop()
  expect(await audit(wattline, clients.acknowledged, 20_000)).toEqual([])
  expect(await wattline.end('SIGTERM')).toBe(0)
})

// Guarantees: when the embedded engine has broken down, the process reports it and restarts itself in place, on the
// same ports; clients lose nothing, nothing is duplicated, and SIGTERM still ends it in order.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { audit } from '../../chaos/audit.ts'
import { startClients } from '../../support/clients.ts'
import { freePorts } from '../../support/kafka/kafka-server.ts'
import { eventually } from '../../support/until.ts'
import { startProcess } from '../../support/wattline-process.ts'

const data = mkdtempSync(join(tmpdir(), 'wattline-broken-'))
afterAll(() => rmSync(data, { recursive: true, force: true }))

it('restarts itself when its engine has broken down', async () => {
  const [http, otlpHttp, otlpGrpc] = (await freePorts(3)).map(String)
  const wattline = await startProcess({
    data,
    entry: new URL('../../support/broken-engine-entry.ts', import.meta.url).pathname,
    environment: {
      WATTLINE_LISTEN_HTTP: http ?? '',
      WATTLINE_LISTEN_OTLP_HTTP: otlpHttp ?? '',
      WATTLINE_LISTEN_OTLP_GRPC: otlpGrpc ?? '',
      WATTLINE_METERING_IDLE_FLUSH: '2',
      WATTLINE_METERING_GAP: '6',
    },
  })
  expect(wattline.http).toBe(`http://127.0.0.1:${http}`)
  const clients = startClients(wattline.otlp, { spans: 3, meters: ['broken-down'] })
  const stored = () =>
    wattline.sql<{ n: string }>('SELECT toString(count()) AS n FROM otel_traces').catch(() => [])
  await eventually(stored, rows => Number(rows[0]?.n) > 100)

  process.kill(wattline.pid, 'SIGUSR2')
  await eventually(
    async () => wattline.stderr.join('\n'),
    lines => /engineBrokeDown/.test(lines),
  )
  const before = clients.acknowledged.batches.size
  await eventually(
    async () => clients.acknowledged.batches.size,
    n => n > before + 20,
  )
  await eventually(stored, rows => rows.length === 1)
  await clients.stop()
  expect(await audit(wattline, clients.acknowledged, 20_000)).toEqual([])
  expect(await wattline.end('SIGTERM')).toBe(0)
  expect(wattline.stderr.filter(line => line.includes('engineBrokeDown'))).toHaveLength(1)
})

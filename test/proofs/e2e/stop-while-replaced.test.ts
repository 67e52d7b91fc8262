// Guarantees: a stop signal that comes while a process replaces itself, after its engine has broken down, ends it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { encodeTraces, randomSpans } from '../../support/otlp.ts'
import { until } from '../../support/until.ts'
import { startProcess } from '../../support/wattline-process.ts'

const ROOT = new URL('../../../', import.meta.url).pathname
/** A process that is younger than 10 s waits until then, and hears the signal meanwhile. */
const OLD_ENOUGH_MS = 11_000

it.each([0, 1, 3, 8])('asked %i ms after it has said that its engine broke down', async ms => {
  const data = mkdtempSync(join(tmpdir(), 'wattline-replaced-'))
  onTestFinished(() => rmSync(data, { recursive: true, force: true }))
  const wattline = await startProcess({
    data,
    entry: `${ROOT}test/support/broken-engine-entry.ts`,
    environment: { WATTLINE_SHUTDOWN_GRACE: '3' },
  })
  await delay(OLD_ENOUGH_MS)
  process.kill(wattline.pid, 'SIGUSR2')
  const body = new Uint8Array(encodeTraces({ 'service.name': 'late' }, randomSpans(10)))
  const headers = { 'content-type': 'application/x-protobuf' }
  void fetch(`${wattline.otlp}/v1/traces`, { method: 'POST', headers, body }).catch(() => null)
  await until(() => wattline.stderr.join('\n').includes('engineBrokeDown'), 1)
  await delay(ms)
  // Null: the signal came when nobody listened any more, and ended it at once.
  expect([0, 1, null]).toContain(await wattline.end('SIGTERM'))
})

/**
 * Guarantees for the page of the real product: it shows what this machine draws, a trace sent a moment ago opens as a
 * waterfall, there are no errors, and no other server is contacted. A page of another site, shown in the same browser,
 * gets nothing of it: not by a form, an image or a request that it cannot read.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeTraces } from '../support/otlp.ts'
import { startProcess, type WattlineProcess } from '../support/wattline-process.ts'
import { type Browser, browserIsThere, openBrowser, openWatchedPage } from './browser.ts'

describe.runIf(browserIsThere())('the page of a running Wattline', () => {
  const data = mkdtempSync(join(tmpdir(), 'wattline-page-process-'))
  let wattline: WattlineProcess
  let browser: Browser

  beforeAll(async () => {
    const environment = { WATTLINE_SENSORS_INTERVAL: '1', WATTLINE_TELEMETRY_TRACES: 'false' }
    wattline = await startProcess({ data, sensors: true, environment })
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await wattline?.end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  })

  it('shows watts, then a trace that is sent while it is open', { timeout: 60_000 }, async () => {
    const { page, complaints, elsewhere } = await openWatchedPage(browser, `${wattline.http}/`)
    await page.goto(`${wattline.http}/`)

    // Nothing was sent yet: the hint names the port on which this process really listens.
    await page.locator('.traces pre', { hasText: `OTEL_EXPORTER_OTLP_ENDPOINT=${wattline.otlp}` }).waitFor()
    await page.locator('.big').waitFor({ timeout: 40_000 })
    expect(Number(await page.locator('.big').getAttribute('data-now-milliwatts'))).toBeGreaterThan(0)

    expect((await sendTrace(wattline.otlp)).status).toBe(200)
    const sent = page.locator('.trace-list button', { hasText: 'POST /orders' })
    await sent.click({ timeout: 30_000 })
    await page.locator('.waterfall li', { hasText: 'INSERT order' }).waitFor()
    expect(await page.locator('.waterfall li').count()).toBe(2)
    expect(complaints).toEqual([])
    expect(elsewhere).toEqual([])
  })

  it('is not accessible to a page of another site', async () => {
    const stranger = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><title>elsewhere</title>')
    })
    stranger.listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    // By name: a different site from Wattline's address.
    const address = `http://localhost:${(stranger.address() as AddressInfo).port}/`
    const page = await browser.context.newPage()
    await page.goto(address)
    await page.evaluate(async base => {
      const simple = { method: 'POST', mode: 'no-cors', body: '{"query": "SELECT 1"}' } as const
      // The browser hides the answers from the page; the test requires that there was none to hide.
      const ask = (path: string, init: RequestInit) => fetch(base + path, init).catch(() => {})
      await ask('/api/v1/sql', simple)
      await ask('/api/v1/quarantine/traces/0/1/replay?force=true', simple)
      await ask('/api/v1/traces', { mode: 'no-cors' })
      await new Promise(resolve => {
        const image = new Image()
        image.onerror = resolve
        image.src = `${base}/clickhouse/?query=SELECT%20sum(number)%20FROM%20numbers(1e9)`
      })
    }, wattline.http)
    const metrics = await (await fetch(`${wattline.http}/metrics`)).text()
    expect(metrics).toContain('wattline_access_refused_total{reason="origin"} 4\n')
    // A link may be followed.
    await page.goto(`${wattline.http}/`, { referer: address })
    expect(await page.title()).toBe('Wattline')
    await page.close()
    stranger.close()
    stranger.closeAllConnections()
  })
})

/** Two spans, one below the other. */
function sendTrace(otlp: string): Promise<Response> {
  const [traceId, root, below] = [randomBytes(16), randomBytes(8), randomBytes(8)]
  const end = BigInt(Date.now()) * 1_000_000n
  const span = { traceId, startUnixNano: end - 40_000_000n, endUnixNano: end, attributes: {} }
  const body = encodeTraces({ 'service.name': 'shop' }, [
    { ...span, spanId: root, name: 'POST /orders' },
    { ...span, spanId: below, parentSpanId: root, name: 'INSERT order' },
  ])
  const headers = { 'content-type': 'application/x-protobuf' }
  return fetch(`${otlp}/v1/traces`, { method: 'POST', headers, body: new Uint8Array(body) })
}

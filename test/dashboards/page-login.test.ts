/**
 * Guarantees for the page when the server requires a token: nothing is shown or requested again until one is given; a
 * wrong one is reported; a right one shows the numbers, stays in its tab only and is deleted on request; it is never in
 * an address, a cookie or storage that other tabs read.
 */

import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { tokenHash } from '../../core/auth/token.ts'
import { createTokenAccess } from '../../core/auth/token-access.ts'
import { createTokenTable } from '../../core/auth/token-table.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { buildPage } from '../../dashboards/page.ts'
import { createQueryServer } from '../../query/server.ts'
import { openTestWarehouse } from '../query/support/warehouse.ts'
import { type Browser, browserIsThere, openBrowser } from './browser.ts'
import { faintTexts } from './contrast.ts'
import { type FixtureServer, startFixtureServer } from './fixture-server.ts'

const TOKEN = 'wl_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG'

describe.runIf(browserIsThere())('the page with token access', () => {
  let browser: Browser
  let server: FixtureServer
  let page: Page
  let headers: string[]

  beforeAll(async () => {
    server = await startFixtureServer(await buildPage())
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await server.stop()
  })
  beforeEach(async () => {
    server.scenario.token = TOKEN
    page = await open()
  })
  afterEach(() => page.close())

  async function open(): Promise<Page> {
    const opened = await browser.context.newPage()
    headers = []
    opened.on('request', request => void headers.push(request.headers()['authorization'] ?? ''))
    // Minutes of polling pass at once.
    await opened.clock.install()
    await opened.goto(server.url)
    return opened
  }
  const field = () => page.getByLabel('Token', { exact: true })
  const give = async (token: string): Promise<void> => {
    await field().fill(token)
    await page.getByRole('button', { name: 'Show the numbers' }).click()
  }
  const numbers = () => page.locator('tfoot').waitFor()

  it('asks for a token, shows nothing before it, and does not query the server repeatedly', async () => {
    await field().waitFor()
    const asked = server.requests.length
    await page.clock.runFor(60_000)
    await page.waitForTimeout(200)
    expect(server.requests.length).toBe(asked)
    expect(await page.locator('.big, tfoot, .trace-list').count()).toBe(0)
    expect(await page.locator('.top .badge').textContent()).toBe('Locked')
  })

  it('reports a wrong token, and text that cannot be a token', async () => {
    await give('wl_wrong')
    await page.getByText('The token is unknown or has expired.').waitFor()
    await give('wl_with space')
    await page.getByText('This is not a token').waitFor()
    expect(await page.locator('tfoot').count()).toBe(0)
  })

  it('shows the numbers with the right token, pasted with its prefix, and keeps it over a reload', async () => {
    await give(` Bearer ${TOKEN} `)
    await numbers()
    await page.reload()
    await numbers()
    expect(headers.filter(header => header !== '').every(header => header === `Bearer ${TOKEN}`)).toBe(true)
    expect(server.requests.filter(path => path.includes('wl_'))).toEqual([])
    expect(page.url()).not.toContain('wl_')
    expect(await page.evaluate(() => [document.cookie, JSON.stringify(localStorage)].join())).not.toContain(
      'wl_',
    )
    // Links opened by the browser itself would only get a 401.
    expect(await page.locator('footer a').count()).toBe(0)
  })

  it('keeps the token in its tab only, and deletes it on request', async () => {
    await give(TOKEN)
    await numbers()
    const other = await browser.context.newPage()
    await other.goto(server.url)
    await other.getByLabel('Token', { exact: true }).waitFor()
    await other.close()
    await page.getByRole('button', { name: 'Forget the token' }).click()
    await field().waitFor()
    expect(await page.locator('tfoot').count()).toBe(0)
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0)
  })

  it('asks again when the token is revoked while the page is open', async () => {
    await give(TOKEN)
    await numbers()
    server.scenario.token = 'wl_another'
    await page.clock.runFor(20_000)
    await field().waitFor()
    await page.getByText('The token is unknown or has expired.').waitFor()
    await give('wl_another')
    await numbers()
  })

  it.each(['light', 'dark'] as const)(
    'is readable in the %s theme, usable with the keyboard, and fits a phone',
    async scheme => {
      await page.emulateMedia({ colorScheme: scheme })
      await page.setViewportSize({ width: 320, height: 700 })
      // Colours fade from one theme to the other: this one is active from the beginning.
      await page.reload()
      await field().waitFor()
      expect(await faintTexts(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320)
      await field().focus()
      await page.keyboard.type(TOKEN)
      await page.keyboard.press('Enter')
      await numbers()
    },
  )

  it('works with the query server itself, under its own content policy', async () => {
    const store = await openTestWarehouse()
    const sha256 = tokenHash(TOKEN).toString('hex')
    const table = createTokenTable([
      { tenant: 'shop', scopes: ['read'], accounts: null, name: '', expiresMs: null, sha256 },
    ])
    const product = createQueryServer({
      config: configSchema.parse({}),
      warehouse: store.warehouse,
      events: silentEvents,
      readiness: async () => ({}),
      page: await buildPage(),
      version: '1',
      started: new Date(),
      otlpHttp: 'https://0.0.0.0:4318',
      access: createTokenAccess({ tokens: () => table, events: silentEvents }),
    })
    const { port } = await product.listen('127.0.0.1', 0)
    const complaints: string[] = []
    page.on('console', message => {
      // Chromium itself logs each 401, which are intended here.
      if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text())
    })
    await page.goto(`http://127.0.0.1:${port}/`)
    await give(TOKEN)
    await page.getByText('No power readings yet').waitFor()
    expect(await page.locator('.top .badge').getAttribute('title')).toContain('tenant shop')
    const hint = await page.locator('.traces pre').textContent()
    expect(hint).toContain('OTEL_EXPORTER_OTLP_ENDPOINT=https://127.0.0.1:4318')
    expect(hint).toContain('OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer')
    expect(hint).not.toContain(TOKEN)
    expect(complaints).toEqual([])
    await page.goto('about:blank')
    await product.stop()
    await store.close()
  })
})

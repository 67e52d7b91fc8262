/**
 * Guarantees for the page in a real browser: it loads under the strictest content policy without an error or a request
 * elsewhere, shows exactly the given sums, works with the keyboard alone, fits 360 px, is readable in both themes, says
 * what to do when there is no data, and recovers by itself when the server does.
 */
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildPage } from '../../dashboards/page.ts'
import { lineOf, sumLines } from '../../dashboards/web/lib/rows.ts'
import { type Browser, browserIsThere, openBrowser, openWatchedPage } from './browser.ts'
import { faintTexts } from './contrast.ts'
import { usageAnswer } from './fixture.ts'
import { type FixtureServer, startFixtureServer } from './fixture-server.ts'

describe.runIf(browserIsThere())('the page in a browser', () => {
  let browser: Browser
  let server: FixtureServer
  let page: Page
  let complaints: readonly string[]
  let elsewhere: readonly string[]

  beforeAll(async () => {
    server = await startFixtureServer(await buildPage())
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await server.stop()
  })

  beforeEach(async () => {
    Object.assign(server.scenario, {
      priced: true,
      measured: false,
      hosts: 1,
      empty: false,
      problems: [],
      refusal: null,
      token: '',
    })
    ;({ page, complaints, elsewhere } = await openWatchedPage(browser, server.url))
  })
  afterEach(async () => {
    await page.evaluate(() => localStorage.clear())
    await page.close()
    expect(elsewhere).toEqual([])
  })

  const open = async (): Promise<void> => {
    await page.goto(server.url)
    await page.locator('.big').waitFor()
    await page.locator('tfoot').waitFor()
    await page.locator('.trace-list').waitFor()
  }
  const amounts = (selector: string): Promise<bigint[]> =>
    page
      .locator(selector)
      .evaluateAll(all => all.map(one => (one as HTMLDataElement).value))
      .then(values => values.map(BigInt))
  const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n)

  it('loads without an error', async () => {
    await open()
    expect(await page.title()).toBe('Wattline')
    expect(complaints).toEqual([])
  })

  it.each(['light', 'dark'] as const)(
    'is readable in the %s theme, and follows the system theme',
    async scheme => {
      await page.emulateMedia({ colorScheme: scheme })
      await open()
      expect(await faintTexts(page)).toEqual([])
      const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor)
      await page.emulateMedia({ colorScheme: scheme === 'light' ? 'dark' : 'light' })
      await expect
        .poll(() => page.evaluate(() => getComputedStyle(document.body).backgroundColor))
        .not.toBe(ground)
    },
  )

  it('shows the sums of the answer, exactly, in the tiles and below the table', async () => {
    await open()
    const answer = usageAnswer('1h')
    const total = sumLines(answer.rows.map(lineOf))
    for (const [column, amount] of [
      ['energy', total.energyUj],
      ['carbon', total.carbonUg],
      ['cost', total.costs.get('') ?? null],
      ['cpu', total.cpuUs],
    ] as const) {
      expect(await amounts(`tfoot .col-${column} data`)).toEqual([amount])
      expect(sum(await amounts(`tbody .col-${column} data`))).toBe(amount)
    }
    expect(await amounts('.tile[aria-label="Energy"] .figure data')).toEqual([BigInt(answer.total.energy_uj)])
    expect(await amounts('.tile[aria-label="Carbon"] .figure data')).toEqual([total.carbonUg])
    expect(await amounts('.tile[aria-label="Cost"] .figure data')).toEqual([total.costs.get('') ?? null])
  })

  it('shows the sum of the search result, and sorts on a click on a heading', async () => {
    await open()
    await page.getByLabel(/Search workloads/).fill('retail')
    await expect.poll(() => page.locator('tbody tr').count()).toBe(3)
    expect(sum(await amounts('tbody .col-energy data'))).toBe((await amounts('tfoot .col-energy data'))[0])
    await page.getByRole('columnheader', { name: 'Workload' }).getByRole('button').click()
    await expect
      .poll(() => page.locator('tbody .name').allTextContents())
      .toEqual(['checkout-api', 'postgres-primary', 'redis'])
  })

  it('shows the current watts as the sum of the newest interval of the live answer', async () => {
    const answered = page.waitForResponse(response => response.url().includes('/api/v1/live'))
    await open()
    const live = (await (await answered).json()) as { series: { milliwatts: number[] }[] }
    const newest = live.series.reduce((total, one) => total + one.milliwatts.at(-1)!, 0)
    expect(await page.locator('.big').getAttribute('data-now-milliwatts')).toBe(String(newest))
    expect(await page.locator('.now').textContent()).toContain('estimated ±40')
  })

  it('says that there is no price, and never shows the price as zero', async () => {
    server.scenario.priced = false
    await open()
    expect(await page.locator('.rate').last().textContent()).toContain('tariffs.price_per_kwh')
    expect(await page.locator('.tile[aria-label="Cost"] .figure').textContent()).toBe('no price set')
    expect(await page.locator('td.col-cost data').count()).toBe(0)
    expect(await page.locator('tfoot .col-cost').textContent()).toBe('no price')
  })

  it('works with the keyboard alone: time span, chart, trace and back, theme', async () => {
    await open()
    const focused = (): Promise<string> =>
      page.evaluate(() => {
        const element = document.activeElement as HTMLElement
        return (
          element.getAttribute('aria-label') || (element as HTMLInputElement).value || element.textContent
        )
      })
    const tabTo = async (wanted: RegExp): Promise<void> => {
      for (let step = 0; step < 60; step++) {
        await page.keyboard.press('Tab')
        if (wanted.test(await focused())) return
      }
      throw new Error(`Tab never came to ${wanted}`)
    }
    await tabTo(/Switch to dark theme/)
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark')

    await tabTo(/^15$/)
    await page.keyboard.press('ArrowRight')
    await expect.poll(() => server.requests.some(path => path.includes('minutes=60'))).toBe(true)

    await tabTo(/Watts over time/)
    const spoken = (): Promise<string | null> => page.locator('.chart-frame').getAttribute('aria-valuetext')
    const before = await spoken()
    // Repeated until it shows: the samples of the longer time span may arrive in between and move the cursor back to
    // the newest.
    const first = async (): Promise<string | null> => {
      await page.keyboard.press('Home')
      return spoken()
    }
    await expect.poll(first).not.toBe(before)
    expect(await page.locator('.tooltip').isVisible()).toBe(true)

    await tabTo(/^1h$/)
    await page.keyboard.press('ArrowRight')
    await expect
      .poll(() => amounts('tfoot .col-energy data'))
      .toEqual([BigInt(usageAnswer('24h').total.energy_uj)])

    await tabTo(/^POST \/orders/)
    await page.keyboard.press('Enter')
    await page.locator('.waterfall li').first().waitFor()
    expect(await page.locator('.waterfall li').count()).toBe(9)
    expect(await page.locator('.trace-energy').textContent()).toMatch(/1\.83\s+J/)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.locator('.attributes').isVisible()).toBe(true)
    await page.keyboard.press('Escape')
    await expect.poll(() => page.locator('dialog').count()).toBe(0)
    expect(await page.evaluate(() => document.activeElement?.closest('.trace-list') !== null)).toBe(true)
  })

  it('remembers theme, minutes and time span', async () => {
    await open()
    const wanted = await page.locator('.top button').getAttribute('aria-label')
    await page.locator('.top button').click()
    await page.getByLabel('7 d', { exact: true }).check()
    await page.getByLabel('5 min', { exact: true }).check()
    await page.reload()
    await page.locator('tfoot').waitFor()
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe(wanted?.split(' ')[2])
    expect(await page.locator('input[name=window]:checked').inputValue()).toBe('7d')
    expect(await page.locator('input[name=minutes]:checked').inputValue()).toBe('5')
  })

  it('draws new data into the same chart every five seconds, without recreating it', async () => {
    await page.clock.install()
    await open()
    const drawn = await page.locator('.chart-frame canvas').elementHandle()
    const asked = (): number => server.requests.filter(path => path.startsWith('/api/v1/live')).length
    const before = asked()
    await page.clock.runFor(5_100)
    await expect.poll(asked).toBeGreaterThan(before)
    expect(await drawn?.evaluate(canvas => canvas.isConnected)).toBe(true)
    expect(await page.locator('.chart-frame canvas').count()).toBe(1)
  })

  it('keeps the rest of the page when one part receives what it cannot show', async () => {
    await page.route('**/api/v1/traces?*', route => route.fulfill({ json: { traces: [null] } }))
    await page.goto(server.url)
    await page.locator('tfoot').waitFor()
    await page.getByText('This part of the page failed').waitFor()
    expect(await page.locator('.big').isVisible()).toBe(true)
  })

  it('gives a workload the same colour in the table and the chart, and one without a layer the colour of the others', async () => {
    await open()
    const colours = (where: string, name: string): Promise<Record<string, string>> =>
      page
        .locator(where)
        .evaluateAll(
          (all, selector) =>
            Object.fromEntries(
              all.map(one => [
                one.querySelector(selector)!.textContent,
                getComputedStyle(one.querySelector('.swatch')!).backgroundColor,
              ]),
            ),
          name,
        )
    const chart = await colours('.legend button', 'span')
    const table = await colours('tbody tr', '.name')
    // Too small to be seen in the chart.
    expect([chart['sshd.service'], table['sshd.service']]).toEqual([undefined, chart['Others']])
    expect(chart['redis']).not.toBe(chart['Others'])
    for (const [name, colour] of Object.entries(table)) expect(colour).toBe(chart[name] ?? chart['Others'])
  })

  it('says that a limit left out rows, and that no spans are collected', async () => {
    const change = (path: string, changed: object): Promise<unknown> =>
      page.route(path, async route => {
        const response = await route.fetch()
        await route.fulfill({ response, json: { ...(await response.json()), ...changed } })
      })
    await change('**/api/v1/usage?*', { truncated: true })
    await change('**/api/v1/status', { otlp_http: null })
    await change('**/api/v1/traces?*', { traces: [] })
    await page.goto(server.url)
    await page.getByText('Only the 13 largest are listed').waitFor()
    await page.getByText('This process takes no spans').waitFor()
  })

  it('removes a layer from the chart and restores it', async () => {
    await open()
    const idle = page.locator('.legend button', { hasText: 'Idle' })
    await idle.click()
    expect(await idle.getAttribute('aria-pressed')).toBe('false')
    await idle.click()
    expect(await idle.getAttribute('aria-pressed')).toBe('true')
  })

  it('offers a choice of several hosts, and requests everything for the selected one', async () => {
    server.scenario.hosts = 3
    await open()
    await page.getByLabel('Host').selectOption('host-2')
    await expect.poll(() => server.requests.some(path => path.includes('live?host=host-2'))).toBe(true)
    await expect.poll(() => server.requests.some(path => path.includes('filter=host%3Ahost-2'))).toBe(true)
  })

  it.each([320, 360, 768, 1280, 1920, 3840])('does not overflow at %i px', async width => {
    await page.setViewportSize({ width, height: 800 })
    await open()
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(beyond).toBeLessThanOrEqual(0)
    const cut = await page.locator('.scroll').evaluate(element => element.scrollWidth - element.clientWidth)
    expect(cut).toBe(0)
  })

  it('says what to do when there is no data yet', async () => {
    server.scenario.empty = true
    await page.goto(server.url)
    await page.locator('.traces pre').waitFor()
    const text = await page.locator('main').textContent()
    expect(text).toContain('No power readings yet')
    expect(text).toContain('90 s')
    expect(text).toContain('OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:14318')
    expect(complaints).toEqual([])
  })

  it('says why the server is not ready', async () => {
    server.scenario.problems = ['the warehouse is opening']
    await open()
    expect(await page.locator('.notice').textContent()).toContain('the warehouse is opening')
  })

  it("shows the server's error and remedy", async () => {
    await open()
    server.scenario.refusal = {
      type: 'about:blank',
      title: 'Too many queries',
      status: 429,
      code: 'too_many_queries',
      detail: 'Eight statements of this tenant are running.',
      remedy: 'Wait for running queries to end.',
      instance: '/api/v1/usage',
    }
    await page.getByLabel('24 h', { exact: true }).check()
    await page.locator('.notice').waitFor()
    const said = await page.locator('.notice').textContent()
    expect(said).toContain('Eight statements of this tenant are running. Wait for running queries to end.')
    server.scenario.refusal = null
    await page.locator('.notice').waitFor({ state: 'detached' })
  })

  it('keeps the last numbers while the server is away, says so, and continues when it is back', async () => {
    await open()
    const energy = await amounts('tfoot .col-energy data')
    await server.away()
    await page.locator('.notice').waitFor()
    expect(await page.locator('.notice').textContent()).toContain('does not answer')
    expect(await amounts('tfoot .col-energy data')).toEqual(energy)
    await server.back()
    await page.getByRole('button', { name: 'Try now' }).click()
    await page.locator('.notice').waitFor({ state: 'detached' })
    expect(await page.locator('.top .badge').textContent()).toBe('Ready')
  })
})

/**
 * Guarantees for the screen of alerts in a real browser: it shows every rule, alert, silence and delivery with its state; silences are
 * created and ended, and messages sent again, from the keyboard, too; it fits 320 px and is readable in both themes.
 */
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildPage } from '../../dashboards/page.ts'
import { silencesAnswer } from './alerts-fixture.ts'
import { type Browser, browserIsThere, openBrowser, openWatchedPage } from './browser.ts'
import { faintTexts } from './contrast.ts'
import { type FixtureServer, startFixtureServer } from './fixture-server.ts'

describe.runIf(browserIsThere())('the screen of alerts', () => {
  let browser: Browser
  let server: FixtureServer
  let page: Page
  let complaints: readonly string[]

  beforeAll(async () => {
    server = await startFixtureServer(await buildPage())
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await server.stop()
  })
  beforeEach(async () => {
    Object.assign(server.scenario, { empty: false, silences: silencesAnswer(Date.now()).silences })
    ;({ page, complaints } = await openWatchedPage(browser, server.url))
  })
  afterEach(async () => {
    await page.evaluate(() => localStorage.clear())
    await page.close()
    expect(complaints).toEqual([])
  })

  const open = async (): Promise<void> => {
    await page.goto(server.url)
    await page.locator('input[name=view][value=alerts]').check()
    await page.getByRole('region', { name: 'Deliveries' }).locator('.row-list, .empty').first().waitFor()
  }
  const rowsOf = (name: string): Promise<readonly string[]> =>
    page.getByRole('region', { name, exact: true }).locator('.row-list li').allInnerTexts()

  it('shows rules with their states, alerts, silences and deliveries', async () => {
    await open()
    const rules = await rowsOf('Rules')
    expect(rules).toHaveLength(4)
    for (const [index, state] of ['Firing', 'No data', 'Pending', 'Inactive'].entries()) {
      expect(rules[index]).toContain(state)
    }
    expect(rules[0]).toContain('carbon, above 900 for 10 min')
    const alerts = await rowsOf('Active alerts')
    expect(alerts[0]).toContain('account=shop, severity=page')
    expect(alerts[1]).toContain('Silenced')
    expect(await rowsOf('Silences')).toEqual([expect.stringContaining('CarbonHigh, account=batch-*')])
    expect((await rowsOf('Deliveries')).map(text => /Delivered|Failed|Dead/.exec(text)?.[0])).toEqual([
      'Delivered',
      'Failed',
      'Dead',
    ])
  })

  it('silences an alert, and ends the silence, with the keyboard alone', async () => {
    await open()
    await page.getByRole('button', { name: /^Silence CarbonHigh account=shop/ }).focus()
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('silence-matchers')
    expect(await page.locator('#silence-matchers').inputValue()).toContain('account=shop')
    await page.keyboard.press('Enter')
    await expect.poll(() => rowsOf('Silences')).toHaveLength(2)
    expect(await page.locator('.act-result').textContent()).toBe('The alerts are silenced.')
    await page.getByRole('button', { name: /^End the silence of CarbonHigh, account=shop/ }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => rowsOf('Silences')).toHaveLength(1)
  })

  it('does not send what is no matcher, and says how to write one', async () => {
    await open()
    await page.locator('#silence-matchers').fill('carbon high')
    expect(await page.getByText('Write label=value, separated by commas').isVisible()).toBe(true)
    expect(await page.locator('.silence-form button').isDisabled()).toBe(true)
  })

  it('sends a message again', async () => {
    await open()
    await page.getByRole('button', { name: 'Send message msg_dead to chat again' }).click()
    await expect.poll(() => server.requests.includes('POST /api/v1/deliveries/msg_dead/replay')).toBe(true)
  })

  it('says what there is when there is nothing', async () => {
    Object.assign(server.scenario, { empty: true, silences: [] })
    await open()
    for (const text of [
      'There are no alert rules',
      'No alert is pending or firing',
      'Nothing has been sent yet',
    ]) {
      await page.getByText(text).waitFor()
    }
  })

  it.each(['light', 'dark'] as const)('is readable in the %s theme, and fits a telephone', async scheme => {
    await page.emulateMedia({ colorScheme: scheme })
    for (const width of [1280, 320]) {
      await page.setViewportSize({ width, height: 700 })
      await open()
      expect(await faintTexts(page)).toEqual([])
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
    }
  })
})

/**
 * Guarantees for the screens of bills and of scaling in a real browser: bills by account and period, the lines of one with
 * corrections by the period that they correct, the way back to entries, and files; policies with what ruled, and the decisions of one.
 * Both work from the keyboard, fit 320 px, and are readable in both themes.
 */
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildPage } from '../../dashboards/page.ts'
import { type Browser, browserIsThere, openBrowser, openWatchedPage } from './browser.ts'
import { faintTexts } from './contrast.ts'
import { type FixtureServer, startFixtureServer } from './fixture-server.ts'

describe.runIf(browserIsThere())('bills and scaling', () => {
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
    Object.assign(server.scenario, { empty: false, token: '' })
    ;({ page, complaints } = await openWatchedPage(browser, server.url))
  })
  afterEach(async () => {
    await page.evaluate(() => localStorage.clear())
    await page.close()
    expect(complaints).toEqual([])
  })

  const open = async (view: 'bills' | 'scaling'): Promise<void> => {
    await page.goto(server.url)
    await page.locator(`input[name=view][value=${view}]`).check()
    await page.locator('.bill-list button, .policy-list button, .empty').last().waitFor()
  }
  const openBill = async (): Promise<void> => {
    await open('bills')
    await page.getByRole('button', { name: /R-0004/ }).focus()
    await page.keyboard.press('Enter')
    await page.locator('.sheet').waitFor()
  }
  const texts = (selector: string): Promise<readonly string[]> => page.locator(selector).allInnerTexts()

  it('lists drafts and bills, and finds those of an account and period', async () => {
    await open('bills')
    const current = page.getByRole('region', { name: 'Current period, November 2026' })
    await expect
      .poll(() => current.locator('.bill-list li').allInnerTexts())
      .toEqual([
        expect.stringMatching(/Shop GmbH[\s\S]*Draft[\s\S]*€812\.40/),
        expect.stringMatching(/web[\s\S]*€0\.00/),
      ])
    const bills = page.getByRole('region', { name: 'Bills', exact: true })
    const rows = (): Promise<readonly string[]> => bills.locator('.bill-list li').allInnerTexts()
    await expect.poll(rows).toHaveLength(3)
    await bills.locator('select').selectOption('2026-10')
    await bills.locator('input').fill('SHOP')
    await expect.poll(rows).toEqual([expect.stringMatching(/R-0004[\s\S]*€2,588\.65/)])
    await bills.locator('input').fill('nobody')
    await bills.getByText('No bill matches').waitFor()
    await expect
      .poll(() => texts('.budget-list li'))
      .toEqual([
        expect.stringMatching(/€812\.40 of €1,500[\s\S]*54\s%[\s\S]*Within/),
        expect.stringMatching(/120\.5 kgCO2e of 100 kgCO2e[\s\S]*121\s%[\s\S]*Exceeded/),
      ])
  })

  it('shows a bill with its lines, corrections by the period that they correct', async () => {
    await openBill()
    expect(await texts('.sheet-group')).toEqual([
      'Usage in October 2026',
      'Corrections of September 2026',
      'Commitments, credits and taxes',
    ])
    const lines = await texts('.sheet tbody tr:not(.sheet-group)')
    expect(lines).toHaveLength(6)
    expect(lines[0]).toMatch(
      /1,284\.123456 kWh[\s\S]*€0\.252[\s\S]*list €0\.28[\s\S]*1\.07 MWh[\s\S]*397 kg[\s\S]*€323\.60/,
    )
    expect(lines[3]).toMatch(/−3\.5 kWh[\s\S]*−3\.50 Wh[\s\S]*−1\.26 g[\s\S]*−€0\.88/)
    expect((await texts('.sheet tfoot tr')).at(-1)).toMatch(/Total\s*€2,588\.65/)
    await page.getByRole('button', { name: '← All bills' }).click()
    await page.locator('.bill-list').first().waitFor()
  })

  it('walks back from a line to entries, factors and readings, page by page', async () => {
    await openBill()
    await page.locator('.line-button').first().focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.locator('.sheet').waitFor()
    const entries = (): Promise<readonly string[]> => dialog.locator('.sheet tbody tr').allInnerTexts()
    expect(await entries()).toEqual([
      expect.stringMatching(
        /2026-10-01 00:00 rack-1-host-1[\s\S]*125 mWh[\s\S]*0\.25 EUR\/kWh[\s\S]*300 gCO2e\/kWh/,
      ),
      expect.stringContaining('no factor'),
      expect.stringContaining('late readings'),
    ])
    await dialog.getByText('the difference is corrected on the next bill').waitFor()
    await dialog.getByRole('button', { name: 'More entries' }).click()
    await expect.poll(entries).toHaveLength(6)
    expect(await dialog.getByRole('button', { name: 'More entries' }).count()).toBe(0)
    await dialog.locator('.sheet summary').first().click()
    await dialog.getByText("SELECT * FROM readings WHERE Host = 'h1'").first().waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0)
  })

  it('saves files with the token of the tab, and says how that ended', async () => {
    await openBill()
    const saving = page.waitForEvent('download')
    await page.getByRole('button', { name: 'FOCUS CSV' }).click()
    const file = await saving
    expect(file.suggestedFilename()).toBe('focus-bill-2026-10-shop.csv')
    expect(await readFile(await file.path(), 'utf8')).toContain('BillingAccountId')
    await page.getByText('FOCUS CSV is saved.').waitFor()
    expect(server.requests).toContain('/api/v1/focus?period=2026-10&account=shop&format=csv')
    // Drafts are no part of FOCUS, and no entries are behind their lines yet.
    await page.getByRole('button', { name: '← All bills' }).click()
    await page.getByRole('button', { name: /Draft €812/ }).click()
    await page.locator('.sheet').waitFor()
    expect(await texts('.bill-files button')).toEqual(['HTML', 'JSON'])
    expect(await page.locator('.line-button').count()).toBe(0)
  })

  it('shows policies with what ruled and how old it is, and the decisions of the chosen one', async () => {
    await open('scaling')
    expect(await texts('.policy-list li')).toEqual([
      expect.stringMatching(/checkout[\s\S]*10[\s\S]*from 14[\s\S]*Carbon budget[\s\S]*12 s old/),
      expect.stringMatching(/nightly[\s\S]*0[\s\S]*Shift/),
      expect.stringMatching(/search[\s\S]*The last decision is 300 s old\.[\s\S]*Stale, 5 min old/),
    ])
    await page.getByText('No decision yet: new-one.').waitFor()
    await page.locator('.sheet tbody tr').first().waitFor()
    const decisions = await texts('.sheet tbody tr')
    expect(decisions[0]).toMatch(
      /Carbon budget[\s\S]*13 → 10[\s\S]*Demand 14[\s\S]*412 g\/kWh[\s\S]*not known yet/,
    )
    expect(decisions[2]).toMatch(/2270 W, 10\.4 replicas[\s\S]*carbon unknown, €0\.01058/)
    expect(await page.locator('.bound.ruled').first().innerText()).toBe('Carbon budget 10')
    await page.getByRole('button', { name: /^search/ }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'Decisions of search' }).waitFor()
    await expect.poll(() => server.requests).toContain('/api/v1/scaling/search/decisions?limit=200')
  })

  it('says what to do when there is nothing', async () => {
    server.scenario.empty = true
    await open('bills')
    await page.getByText('Nothing to bill yet').waitFor()
    await page.getByText('No period has been closed yet').waitFor()
    await page.locator('input[name=view][value=scaling]').check()
    await page.getByText('There are no scaling policies').waitFor()
  })

  it.each(['light', 'dark'] as const)('is readable in the %s theme, and fits a telephone', async scheme => {
    await page.emulateMedia({ colorScheme: scheme })
    const check = async (): Promise<void> => {
      expect(await faintTexts(page)).toEqual([])
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      expect(overflow).toBeLessThanOrEqual(0)
    }
    for (const width of [1280, 320]) {
      await page.setViewportSize({ width, height: 700 })
      await openBill()
      await check()
      await page.locator('.line-button').first().click()
      await page.locator('.wide-dialog .sheet').waitFor()
      await check()
      await page.keyboard.press('Escape')
      await open('bills')
      await check()
      await open('scaling')
      await page.locator('.sheet tbody tr').first().waitFor()
      await check()
    }
  })
})

import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'

/** Debian's own package; CI installs it. */
export const CHROMIUM = '/usr/bin/chromium'

/**
 * Whether the browser exists. Without it the tests of the page fail on CI, and are skipped elsewhere with a conspicuous
 * line.
 */
export function browserIsThere(): boolean {
  if (existsSync(CHROMIUM)) return true
  const line = `${CHROMIUM} is not there: install it with \`apt-get install chromium\``
  if (process.env['CI'] === 'true') throw new Error(line)
  console.warn(`\n*** THE PAGE IS NOT TESTED IN A BROWSER: ${line} ***\n`)
  return false
}

export interface Browser {
  readonly context: BrowserContext
  close(): Promise<void>
}

/** A fresh browser with its own profile, without background network traffic. */
export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'wattline-page-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: CHROMIUM,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  return {
    context,
    close: async () => {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}

export interface WatchedPage {
  readonly page: Page
  /** Errors and warnings of the console, and exceptions. */
  readonly complaints: readonly string[]
  /** Addresses of requests to other servers. */
  readonly elsewhere: readonly string[]
}

/** A page of which is noted what it complains about, and what it requests outside of this address. */
export async function openWatchedPage({ context }: Browser, address: string): Promise<WatchedPage> {
  const page = await context.newPage()
  const complaints: string[] = []
  const elsewhere: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('request', request => {
    if (!request.url().startsWith(address)) elsewhere.push(request.url())
  })
  await page.setViewportSize({ width: 1280, height: 900 })
  return { page, complaints, elsewhere }
}

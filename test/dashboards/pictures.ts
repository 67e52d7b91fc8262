/**
 * Takes the screenshots of the page: `node test/dashboards/pictures.ts [FOLDER] [URL]`. Without a URL it shows the
 * fixture, with one a running Wattline. Writes page-light.png and page-dark.png, and the same for a phone, into the
 * folder.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { buildPage } from '../../dashboards/page.ts'
import { openBrowser } from './browser.ts'
import { startFixtureServer } from './fixture-server.ts'

const SIZES = [
  { suffix: '', width: 1280, height: 1180 },
  { suffix: '-phone', width: 360, height: 800 },
] as const

const [folder = 'docs/images', url] = process.argv.slice(2)
await mkdir(folder, { recursive: true })
const fixture = url === undefined ? await startFixtureServer(await buildPage()) : null
const browser = await openBrowser()
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const { suffix, ...viewport } of SIZES) {
      const page = await browser.context.newPage()
      await page.setViewportSize(viewport)
      await page.emulateMedia({ colorScheme })
      await page.goto(url ?? fixture!.url)
      await page.locator('.big').waitFor()
      await page.locator('.table-card').waitFor()
      await page.locator('.trace-list, .traces .empty').first().waitFor()
      await page.screenshot({ path: join(folder, `page-${colorScheme}${suffix}.png`) })
      await page.close()
    }
  }
} finally {
  await browser.close()
  await fixture?.stop()
}

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startBillingRig } from '../../processors/invoice/rig.ts'
import { bookMonth, MONTH_SETTINGS } from './month.ts'
import { serve } from './server.ts'

/** Two months of bills, the second with corrections of the first, as FOCUS files in a folder. */
export async function writeFocusFiles(folder: string): Promise<readonly string[]> {
  const rig = await startBillingRig(MONTH_SETTINGS, '2026-12-20T00:00:00Z')
  const server = await serve(rig, () => ({ tenant: 'default', scopes: ['read'], accounts: null }))
  try {
    await bookMonth(rig, '2026-10', 28)
    await rig.close('2026-10')
    await bookMonth(rig, '2026-10', 3)
    await bookMonth(rig, '2026-11', 28)
    await rig.close('2026-11')
    await mkdir(folder, { recursive: true })
    const files: string[] = []
    for (const format of ['csv', 'parquet']) {
      const response = await fetch(`${server.base}/api/v1/focus?period=2026-11&format=${format}`)
      if (!response.ok) throw new Error(await response.text())
      const file = join(folder, `focus-2026-11.${format}`)
      await writeFile(file, new Uint8Array(await response.arrayBuffer()))
      files.push(file)
    }
    return files
  } finally {
    await server.stop()
    await rig.stop()
  }
}

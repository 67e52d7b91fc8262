import { join } from 'node:path'
import { TABLES_FOLDER } from '../core/storage/open-warehouse.ts'
import { surveyEngine } from '../core/warehouse/embedded/survey.ts'
import { LISTEN_MS } from './losses.ts'
import type { Wiring } from './wiring.ts'

/** Ends the wait for missing tables: they are back, or an operator continues without them. */
export async function watchForTables({ lifecycle, config, engine, losses }: Wiring): Promise<void> {
  const enginePath = join(config.data, TABLES_FOLDER, 'engine')
  // Tables without rows are the missing ones only if no table had any.
  const areBack = (await lookForTables(enginePath)) === 'none' ? ['bare', 'filled'] : ['filled']
  const timer = setInterval(async () => {
    const isAccepted = losses?.reasons().length === 0
    if (!isAccepted && !areBack.includes(await lookForTables(enginePath))) return
    clearInterval(timer)
    engine?.onTablesBack?.()
  }, LISTEN_MS).unref()
  void lifecycle.start(
    'missing tables',
    () => timer,
    () => clearInterval(timer),
  )
}

async function lookForTables(enginePath: string): Promise<'none' | 'bare' | 'filled'> {
  try {
    const { tables } = await surveyEngine(enginePath)
    if (tables.some(({ parts }) => parts.length > 0)) return 'filled'
    return tables.length > 0 ? 'bare' : 'none'
  } catch {
    return 'none'
  }
}

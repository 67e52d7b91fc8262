import { join } from 'node:path'
import type { Broker } from '../core/broker/broker.ts'
import { roleNeeds } from '../core/catalogue/config/roles.ts'
import type { ParquetExporter } from '../core/exports/exporter.ts'
import { putFileFactors } from '../core/factors/file-factors.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import { Erasures } from '../processors/erase/erasures.ts'
import { whyStillComing } from '../processors/erase/senders.ts'
import type { Runner } from '../processors/loop/runner.ts'
import { SUPERSEDED_MS, startForward, startProcessors } from '../processors/processors.ts'
import { openFactorFiles } from '../processors/rate/factor-files.ts'
import { readersOf } from '../processors/readers.ts'
import { Recomputations } from '../processors/recompute/recomputations.ts'
import { restoredOf } from './losses.ts'
import type { Wiring } from './wiring.ts'

/** Puts the factors of files in force before anything is rated, and follows the files. */
export async function startFactorFiles({ lifecycle, config, events }: Wiring, broker: Broker): Promise<void> {
  const { files: paths } = config.factors
  if (paths.length === 0) return
  await lifecycle.start(
    'files of factors',
    () => openFactorFiles({ paths, put: found => putFileFactors(broker, found, Date.now()), events }),
    files => files.close(),
  )
}

/** Starts the processors, which read the log. */
export function startRunner(
  wiring: Wiring,
  broker: Broker,
  warehouse: Warehouse,
  recomputations: Recomputations,
): Promise<Runner> {
  const { lifecycle, config, events, rowAges, meterBudget } = wiring
  const restored = restoredOf(wiring.losses)
  const more = { rowAges, meterBudget, restored, recomputations, now: Date.now }
  return lifecycle.start(
    'processors',
    () => startProcessors({ config, broker, warehouse, events, ...more }),
    runner => runner.stop(),
  )
}

/** Starts the service that computes ranges again. */
export const startRecomputations = ({ lifecycle }: Wiring, broker: Broker): Promise<Recomputations> =>
  lifecycle.start(
    'recomputations',
    () => new Recomputations({ broker, now: Date.now }),
    recomputations => recomputations.close(),
  )

/** Starts forwarding of the log; null if nothing is forwarded. */
export async function startUplink(
  { lifecycle, config, events }: Wiring,
  broker: Broker,
): Promise<Runner | null> {
  const { url } = config.forward
  if (url === undefined) return null
  return await lifecycle.start(
    'uplink',
    () => startForward({ config, broker, events, now: Date.now }, url),
    runner => runner.stop(),
  )
}

/** Starts the service that erases tenants. */
export function startErasures(
  { lifecycle, config, events }: Wiring,
  broker: Broker,
  warehouse: Warehouse,
  exports: ParquetExporter | null,
): Promise<Erasures> {
  return lifecycle.start(
    'erasures',
    () =>
      new Erasures({
        broker,
        warehouse,
        readers: readersOf(config),
        folder: roleNeeds(config).folder ? join(config.data, 'erasures') : null,
        logKeepsMs: config.broker.retention_time * 1000,
        supersededMs: SUPERSEDED_MS,
        whyStillComing: tenant => whyStillComing(config, tenant),
        ...(exports === null ? {} : { exported: exports }),
        events,
        now: Date.now,
      }),
    erasures => erasures.close(),
  )
}

// Guarantees: a process killed with SIGKILL at random moments while it inserts, whose successor replays the records that
// were not acknowledged under the same tokens, leaves every record stored once, in base tables, projections and the
// index of traces. More kills: WATTLINE_KILLS=300 npx vitest run test/chaos/warehouse/kills.test.ts
import { expect, it } from 'vitest'
import { runKills } from './kills.ts'

const kills = Number(process.env['WATTLINE_KILLS'] ?? 5)
/** `plain` leaves the repair out: over some hundred kills it then shows rows that are lost. */
const repair = process.env['WATTLINE_REPAIR'] !== 'plain'

it(`stores every record once over ${kills} kills`, { timeout: 30_000 + kills * 10_000 }, async () => {
  const result = await runKills(kills, Number(process.env['WATTLINE_SEED'] ?? 20_261_121), repair)
  expect(result.findings).toEqual([])
  expect(result.records).toBeGreaterThan(kills)
})

// Guarantees: when a process is killed with SIGKILL at random moments while it inserts, and its successor replays the
// unacknowledged records under the same tokens, every record is stored once, in base tables, projections and the index
// of traces. More kills: WATTLINE_KILLS=300 npx vitest run test/proofs/chaos/inserts.test.ts
import { expect, it } from 'vitest'
import { runKills } from '../../chaos/warehouse/kills.ts'

const kills = Number(process.env['WATTLINE_KILLS'] ?? 5)
/** `plain` omits the repair: over some hundred kills it then shows lost rows. */
const repair = process.env['WATTLINE_REPAIR'] !== 'plain'

it(`stores every record once over ${kills} kills`, { timeout: 30_000 + kills * 10_000 }, async () => {
  const result = await runKills(kills, Number(process.env['WATTLINE_SEED'] ?? 20_261_121), repair)
  expect(result.findings).toEqual([])
  expect(result.records).toBeGreaterThan(kills)
})

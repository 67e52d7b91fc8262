// Guarantees: late readings and revised intensities that are restated by processes which are killed at random moments end in the
// ledger that all readings and the intensities in force give, to the microjoule and microgram; and the audit that says so
// finds what is wrong. `npm run chaos:restating` does the same with a hundred kills.
import { beforeAll, expect, it } from 'vitest'
import { killRestating, type RestatingKills } from '../../chaos/restating/kills.ts'

let restated: RestatingKills

beforeAll(async () => {
  restated = await killRestating(5, 20_261_130, {
    async tamper({ store: { warehouse } }) {
      for (const reason of ['late_readings', 'intensity_revised']) {
        await warehouse.statements?.run(
          `INSERT INTO wattline.ledger SELECT * FROM wattline.ledger WHERE CorrectionReason = '${reason}' LIMIT 1 SETTINGS deduplicate_insert_select = 'disable'`,
        )
      }
    },
  })
}, 900_000)

it('restates everything once, whenever it is killed', () => {
  const { findings, halfway, kills, corrections } = restated
  expect(findings).toEqual([])
  expect(kills).toBe(5)
  expect(halfway).toBeGreaterThan(0)
  expect(corrections).toBeGreaterThan(0)
})

it('detects corrections that are there twice', () => {
  expect(restated.afterTampering.join()).toMatch(/wrong s.*µg are booked.*is there twice/s)
})

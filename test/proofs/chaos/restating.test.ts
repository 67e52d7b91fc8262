// Guarantees: late readings and revised intensities that are restated by processes which are killed at random moments end in the
// ledger that all readings and the intensities in force give, to the microjoule and microgram; and the audit that says so
// finds what is wrong. `npm run chaos:restating` does the same with a hundred kills.
import { expect, it } from 'vitest'
import { killRestating } from '../../chaos/restating/kills.ts'

it('restates everything once, whenever it is killed', { timeout: 900_000 }, async () => {
  const { findings, halfway, kills, corrections } = await killRestating(5, 20_261_130)
  expect(findings).toEqual([])
  expect(kills).toBe(5)
  expect(halfway).toBeGreaterThan(0)
  expect(corrections).toBeGreaterThan(0)
})

it('detects corrections that are there twice', { timeout: 900_000 }, async () => {
  const { findings } = await killRestating(0, 1, async ({ store: { warehouse } }) => {
    for (const reason of ['late_readings', 'intensity_revised']) {
      await warehouse.statements?.run(
        `INSERT INTO wattline.ledger SELECT * FROM wattline.ledger WHERE CorrectionReason = '${reason}' LIMIT 1 SETTINGS deduplicate_insert_select = 'disable'`,
      )
    }
  })
  expect(findings.join()).toMatch(/wrong s0.*µg are booked.*is there twice/s)
})

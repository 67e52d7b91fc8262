// Guarantees: periods closed by processes that are killed at random moments have one bill for each account, with
// numbers without gaps, whose lines sum to the ledger; closed bills do not change; and the audit that checks this
// detects errors. `npm run chaos:billing` does the same with a hundred kills.
import { expect, it } from 'vitest'
import { killClosings } from '../../chaos/billing/kills.ts'

it('closes each period once, whenever it is killed', { timeout: 900_000 }, async () => {
  const { findings, halfway, kills } = await killClosings(6, 20_261_130)
  expect(findings).toEqual([])
  expect(kills).toBe(6)
  expect(halfway).toBeGreaterThan(0)
})

it('detects duplicate lines and changed bills', { timeout: 900_000 }, async () => {
  const { findings } = await killClosings(1, 1, {
    async tamper({ statements }) {
      await statements?.run(
        "INSERT INTO wattline.invoice_lines SELECT * REPLACE (BilledCost + 1 AS BilledCost, ListCost + 1 AS ListCost) FROM wattline.invoice_lines WHERE Category = 'Usage' LIMIT 1 SETTINGS deduplicate_insert_select = 'disable'",
      )
    },
  })
  expect(findings.join()).toMatch(/lines that are there twice.*charged otherwise.*have changed/s)
})

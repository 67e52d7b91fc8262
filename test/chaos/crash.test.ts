// Guarantees: a process killed with SIGKILL at random moments loses no acknowledged span, stores no record twice or in
// part, and its ledger sums to the meters by minute, hour and day. `npm run chaos` does the same 500 times.
import { expect, it } from 'vitest'
import { runCrashes } from './crash.ts'

it('keeps every acknowledged span and microjoule over 20 kills', { timeout: 400_000 }, async () => {
  const lines: string[] = []
  const result = await runCrashes({
    kills: 20,
    seed: 20_261_121,
    auditEvery: 20,
    log: line => lines.push(line),
  })
  expect(result.findings, lines.join('\n')).toEqual([])
  expect(result.kills).toBe(20)
  expect(result.acknowledgedSpans).toBeGreaterThan(1_000)
})

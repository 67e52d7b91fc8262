// Guarantees: a process that is killed, stopped, frozen and disconnected under load, or whose clock or whose hosts'
// clocks go a day ahead and back, loses no acknowledged span or sample, stores no record twice or in part, and its
// ledger equals what the meters counted, by minute, hour and day; the audit detects missing, duplicated and invented
// data; and the losses from missing, damaged and older files are reported with their extent. `npm run chaos` does the
// same some hundred times.
import { expect, it } from 'vitest'
import { audit } from '../../chaos/audit.ts'
import { embeddedTopology } from '../../chaos/embedded.ts'
import { runChaos } from '../../chaos/harness.ts'

/** Faults without lost files: none of them may lose data, or make the process report a loss. */
const UNFORCED = [
  'kill',
  'kill-at-token',
  'kill-while-starting',
  'stop',
  'kill-while-stopping',
  'freeze',
  'cut-clients',
  'busy-disk',
  'second-process',
  'disk-gone',
  'host-clock',
  'clock-ahead',
  'revise',
]

const OF_FILES = [
  'part-gone',
  'part-spoilt',
  'definitions-gone',
  'log-gone',
  'older-log',
  'older-tables',
  'tables-gone',
  'unmounted',
]

it('reports exactly the losses from damaged, missing and older files', { timeout: 900_000 }, async () => {
  const lines: string[] = []
  const result = await runChaos({
    topology: embeddedTopology(),
    seed: 20_261_130,
    runs: OF_FILES.length,
    auditEvery: OF_FILES.length,
    only: OF_FILES,
    isEven: true,
    log: line => lines.push(line),
  })
  expect(result.findings, lines.join('\n')).toEqual([])
  expect([...result.faults.keys()].toSorted()).toEqual(OF_FILES.toSorted())
  expect(result.acknowledgedSpans).toBeGreaterThan(500)
})

it('keeps every acknowledged span and microjoule, over a dozen faults', { timeout: 900_000 }, async () => {
  const lines: string[] = []
  const tampered: string[][] = []
  const result = await runChaos({
    topology: embeddedTopology(),
    seed: 20_261_121,
    runs: UNFORCED.length,
    auditEvery: UNFORCED.length,
    only: UNFORCED,
    isEven: true,
    log: line => lines.push(line),
    onAudited: async (reader, acknowledged) => {
      const [[batch, size] = ['', 0]] = acknowledged.batches
      const [meter] = acknowledged.meters.values()
      if (meter === undefined) throw new Error('no meter')
      const found = async (): Promise<void> => void tampered.push(await audit(reader, acknowledged, 0))

      acknowledged.batches.set('never-sent/0', 1)
      await found()
      acknowledged.batches.delete('never-sent/0')

      acknowledged.batches.set(batch, size + 1)
      await found()
      acknowledged.batches.delete(batch)
      await found()
      acknowledged.batches.set(batch, size)

      meter.total += 1n
      await found()
      meter.total -= 1n

      acknowledged.revisions.push({ from: 0, to: Number.POSITIVE_INFINITY, gramsPerKwh: '1000.001' })
      await found()
      acknowledged.revisions.pop()
    },
  })
  expect(result.findings, lines.join('\n')).toEqual([])
  expect(result.runs).toBe(UNFORCED.length)
  expect(result.acknowledgedSpans).toBeGreaterThan(1_000)
  expect(result.acknowledgedSamples).toBeGreaterThan(50)
  const ofCarbon = tampered.pop()
  expect(tampered).toEqual(
    [/never-sent.*is missing/, /distinct, of/, /was refused/, /the meter counted/].map(finding => [
      expect.stringMatching(finding),
    ]),
  )
  expect(ofCarbon).toContainEqual(expect.stringMatching(/µg are booked/))
})

/**
 * Guarantees: problems found by fuzzing stay fixed (test/fuzz/corpus), and a short run of each signal passes with
 * decoders and receivers. Longer runs: npm run fuzz.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runs } from '../support/runs.ts'
import type { FuzzEncoding } from './cases.ts'
import { fuzzDecoder } from './decoder-run.ts'
import { fuzzDoor } from './door-run.ts'
import { doorsOf, INPUTS, signalOf } from './inputs.ts'
import { judge } from './judge.ts'

const folder = new URL('corpus/', import.meta.url)
const SEED = 20261126
const CASES = runs(256, 8_192)
const DOOR_CASES = runs(128)

/** Every kind of answer occurs. */
const STATUSES: Readonly<Record<string, readonly string[]>> = {
  http: ['200', '400', '503', 'gone'],
  write: ['204', '400', '400 in part', '503', 'gone'],
  grpc: ['0', '3', '8', '13', '14', 'gone'],
}

describe('corpus', () => {
  it.each(readdirSync(folder))('%s', file => {
    const input = INPUTS.find(candidate => file.startsWith(candidate))!
    const ending = file.split('.').at(-1)
    const encoding = ending === 'bin' ? 'protobuf' : (ending as FuzzEncoding)
    judge(signalOf(input), { encoding, bytes: readFileSync(new URL(file, folder)) })
  })
})

describe.each(INPUTS)('%s', input => {
  it('agrees with the decoder', () => {
    const { judged, ...report } = fuzzDecoder({
      input,
      seed: SEED,
      first: 0,
      count: CASES,
      isOver: () => false,
    })
    expect(report.cases).toBe(CASES)
    // Neither all refused nor all accepted: both paths are used, and there are rows.
    expect(report.accepted).toBeGreaterThan(CASES / 5)
    expect(report.refused).toBeGreaterThan(CASES / 5)
    expect(report.rows).toBeGreaterThan(CASES / 20)
    expect(judged.same).toBeGreaterThan(CASES / 100)
  })

  it.each(Object.entries(doorsOf(input)))('holds through the door of %s', async (name, open) => {
    const { statuses, rows } = await fuzzDoor({ input, open, seed: SEED, first: 0, count: DOOR_CASES })
    expect(new Set(Object.keys(statuses))).toEqual(new Set(STATUSES[name]))
    expect(rows).toBeGreaterThan(DOOR_CASES / 50)
  })
})

/**
 * Guarantees: what fuzzing found stays found (test/fuzz/corpus), and a short run of each signal holds against decoders and
 * door. At length: npm run fuzz.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SIGNALS, type Signal } from '../../collector/intake/signals.ts'
import { fuzzDecoder } from './decoder-run.ts'
import { fuzzDoor } from './door-run.ts'
import { judge } from './judge.ts'

const folder = new URL('corpus/', import.meta.url)
const SEED = 20261126

describe('corpus', () => {
  it.each(readdirSync(folder))('%s', file => {
    const signal = SIGNALS.find(candidate => file.startsWith(candidate)) as Signal
    const encoding = file.endsWith('.json') ? 'json' : 'protobuf'
    judge(signal, { encoding, bytes: readFileSync(new URL(file, folder)) })
  })
})

describe.each(SIGNALS)('%s', signal => {
  it('holds against the decoder', () => {
    const { judged, ...report } = fuzzDecoder({
      signal,
      seed: SEED,
      first: 0,
      count: 8_192,
      isOver: () => false,
    })
    expect(report.cases).toBe(8_192)
    // Neither all refused nor all taken: both ways are walked, and rows come of it.
    expect(report.accepted).toBeGreaterThan(2_000)
    expect(report.refused).toBeGreaterThan(2_000)
    expect(report.rows).toBeGreaterThan(400)
    expect(judged.same).toBeGreaterThan(100)
  })

  it('holds through the door', async () => {
    const { statuses, rows } = await fuzzDoor({ signal, seed: SEED, first: 0, count: 512 })
    expect(Object.keys(statuses)).toEqual(['0', '200', '400', '503'])
    expect(rows).toBeGreaterThan(20)
  })
})

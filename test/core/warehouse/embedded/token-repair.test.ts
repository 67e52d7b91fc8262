// Guarantees: the repair removes exactly the tokens whose rows are in no part on disk, keeps every other line byte for
// byte, and leaves a log that can be appended to and repaired again.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePartName, repairLog, repairTokens } from '../../../../core/warehouse/embedded/token-repair.ts'

const line = (part: string): string => `1\t${part}\t${part.split('_')[0]}_111_222\n`
const parts = (...names: string[]) => names.map(parsePartName).filter(part => part !== null)

describe('parsePartName', () => {
  it.each([
    ['20261101_2_2_0', { partition: '20261101', minBlock: 2, maxBlock: 2 }],
    ['all_1_9_3', { partition: 'all', minBlock: 1, maxBlock: 9 }],
    ['202611_1_9_3_12', { partition: '202611', minBlock: 1, maxBlock: 9 }],
    ['a0b1c2-x_1_1_0', { partition: 'a0b1c2-x', minBlock: 1, maxBlock: 1 }],
    ['tmp_insert_20261101_2_2_0', null],
    ['tmp_merge_20261101_1_2_1', null],
    ['delete_tmp_20261101_2_2_0', null],
    ['detached', null],
    ['deduplication_logs', null],
    ['mutation_1.txt', null],
    ['', null],
  ])('%s', (name, expected) => {
    expect(parsePartName(name)).toEqual(expected)
  })
})

describe('repairLog', () => {
  it.each([
    ['the part itself', '20261101_2_2_0', '20261101_2_2_0', 0],
    ['a merged part around it', '20261101_2_2_0', '20261101_1_5_1', 0],
    ['a mutated part', '20261101_2_2_0', '20261101_2_2_0_7', 0],
    ['another partition', '20261101_2_2_0', '20261102_2_2_0', 1],
    ['blocks before it', '20261101_6_6_0', '20261101_1_5_1', 1],
    ['half of it', '20261101_4_6_0', '20261101_1_5_1', 1],
    ['an unfinished part', '20261101_2_2_0', 'tmp_insert_20261101_2_2_0', 1],
  ])('%s', (_what, logged, onDisk, dropped) => {
    const text = line(logged)
    expect(repairLog(text, parts(onDisk))).toEqual({ text: dropped === 0 ? text : '', dropped })
  })

  it('keeps removals, whose part is gone on purpose', () => {
    const text = `2\t20261101_2_2_0\t20261101_111_222\n`
    expect(repairLog(text, [])).toEqual({ text, dropped: 0 })
  })

  it('removes a line truncated by the kill, without its end of line', () => {
    const whole = line('20261101_2_2_0')
    const disk = parts('20261101_2_2_0', '20261101_3_3_0')
    for (let length = 1; length < whole.length; length += 1) {
      const cut = line('20261101_3_3_0').slice(0, length)
      expect(repairLog(whole + cut, disk)).toEqual({ text: whole, dropped: 1 })
    }
  })

  it('keeps what is covered, drops the rest, and finds nothing more the second time', () => {
    const block = fc.integer({ min: 1, max: 30 })
    fc.assert(
      fc.property(fc.array(block), fc.uniqueArray(block), (logged, onDisk) => {
        const disk = parts(...onDisk.map(number => `all_${number}_${number}_0`))
        const text = logged.map(number => line(`all_${number}_${number}_0`)).join('')
        const repaired = repairLog(text, disk)
        const kept = logged.filter(number => onDisk.includes(number))
        expect(repaired.text).toBe(kept.map(number => line(`all_${number}_${number}_0`)).join(''))
        expect(repaired.dropped).toBe(logged.length - kept.length)
        expect(repairLog(repaired.text, disk).dropped).toBe(0)
      }),
    )
  })
})

it('visits all tables of the folder, and accepts an empty or missing one', async () => {
  const path = await mkdtemp(join(tmpdir(), 'wattline-tokens-'))
  try {
    expect(await repairTokens(join(path, 'absent'))).toBe(0)
    const table = join(path, 'store', '0ab', '0ab-1')
    await mkdir(join(table, 'deduplication_logs'), { recursive: true })
    await mkdir(join(table, 'all_1_1_0'))
    const log = join(table, 'deduplication_logs', 'deduplication_log_1.txt')
    await writeFile(log, line('all_1_1_0') + line('all_2_2_0') + line('all_3_3_0'))
    expect(await repairTokens(path)).toBe(2)
    expect(await readFile(log, 'utf8')).toBe(line('all_1_1_0'))
    expect(await repairTokens(path)).toBe(0)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
})

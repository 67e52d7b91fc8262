// Guarantees: slots keep their last text after closing, also if the file was cut in the middle of a slot, and text that
// does not fit is refused.
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { SlotFile } from '../../../core/runtime/slot-file.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattline-slots-'))
  path = join(folder, 'slots')
})
afterEach(() => rmSync(folder, { recursive: true }))

it('holds the last value that was set', () => {
  const name = fc.constantFrom('a', 'b/0', 'store@b/0')
  const text = fc.stringMatching(/^[!-~]{0,40}$/)
  fc.assert(
    fc.property(fc.array(fc.tuple(name, text)), sets => {
      const file = SlotFile.create(path, [['first', 'x']])
      for (const [slot, value] of sets) file.set(slot, value)
      const expected = new Map([['first', 'x'], ...sets])
      // Also for a reader without a close before: a killed process does not close.
      expect(SlotFile.read(path)).toEqual(expected)
      file.close()
      file.set('first', 'y')
      expect(SlotFile.read(path)).toEqual(expected)
    }),
    { numRuns: 50, seed: 4 },
  )
})

it('reads only complete slots', () => {
  expect(SlotFile.read(path)).toBeNull()
  SlotFile.create(path, [
    ['a', '1'],
    ['b', '2'],
  ]).close()
  truncateSync(path, 300)
  expect([...SlotFile.read(path)!]).toEqual([['a', '1']])
  writeFileSync(path, Buffer.concat([Buffer.alloc(256), readFileSync(path)]))
  expect([...SlotFile.read(path)!]).toEqual([['a', '1']])
})

it('refuses values that do not fit', () => {
  const file = SlotFile.create(path, [])
  expect(() => file.set('a', 'x'.repeat(300))).toThrow(TypeError)
  expect(() => file.set('a b', 'x')).toThrow(TypeError)
  expect(() => file.set('a', 'ü')).toThrow(TypeError)
  file.close()
})

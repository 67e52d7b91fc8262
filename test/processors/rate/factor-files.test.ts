/** Guarantees: a file is in force at start and again when it changes; a bad one changes nothing; a failing log is tried again. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Events } from '../../../core/catalogue/events/events.ts'
import { decimalText } from '../../../core/model/decimal.ts'
import { openFactorFiles } from '../../../processors/rate/factor-files.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattline-factors-'))
  path = join(folder, 'a.csv')
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (grams: string): void =>
  writeFileSync(path, `zone,from,to,g_per_kwh\nDE,2026-11-30T10:00Z,2026-11-30T11:00Z,${grams}\n`)

async function opened(failures = 0) {
  const put: string[] = []
  const told: string[] = []
  let left = failures
  const events: Events = { emit: name => void told.push(name) }
  const files = await openFactorFiles({
    paths: [path],
    put: async ({ intensities }) => {
      left -= 1
      if (left >= 0) throw new Error('no log')
      put.push(...intensities.map(({ value }) => decimalText(value)))
      return 1
    },
    events,
    pollMs: 5,
  })
  return { files, put, told }
}

test('is put at start, and again when it changes', async () => {
  write('1')
  const { files, put, told } = await opened()
  expect(put).toEqual(['1'])
  write('2')
  await expect.poll(() => put).toEqual(['1', '2'])
  write('nothing')
  await expect.poll(() => told).toContain('filesRefused')
  write('3')
  await expect.poll(() => put).toEqual(['1', '2', '3'])
  await files.close()
})

test('a file that cannot be used is refused at start, with the line', async () => {
  write('many')
  await expect(opened()).rejects.toThrow(
    /factors\.files .*a\.csv: a\.csv has 1 problem\(s\):\n {2}line 2, column "g_per_kwh"/,
  )
})

test('what the log does not take is tried again', async () => {
  write('1')
  const { files, put, told } = await opened(1)
  expect(told).toContain('factorFileFailed')
  await expect.poll(() => put, { timeout: 10_000 }).toEqual(['1'])
  await files.close()
})

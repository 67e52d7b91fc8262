/** Guarantees: `wattline check` tells of rules and sites that never apply, and of files of factors that cannot be used, with the line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { checkCommand } from '../../cli/check.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattline-check-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

async function checked(config: unknown): Promise<string> {
  const path = join(folder, 'wattline.yaml')
  writeFileSync(path, JSON.stringify(config))
  const written: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation(text => written.push(String(text)) > 0)
  vi.spyOn(process.stderr, 'write').mockImplementation(text => written.push(String(text)) > 0)
  await checkCommand().parseAsync(['--config', path], { from: 'user' })
  return written.join('')
}

test('a good configuration', async () => {
  const file = join(folder, 'a.csv')
  writeFileSync(file, 'zone,from,to,g_per_kwh\nDE,2026-11-30T10:00Z,2026-11-30T11:00Z,300\n')
  const rules = [
    { match: { namespace: 'a*' }, account: 'a' },
    { match: {}, account: 'b' },
  ]
  expect(
    await checked({ workloads: { rules }, factors: { files: [file, join(folder, 'none.csv')] } }),
  ).toMatch(/none\.csv does not exist here[\s\S]*The configuration is valid/)
})

test('a rule that never applies', async () => {
  const rules = [
    { match: {}, account: 'b' },
    { match: { namespace: 'a*' }, account: 'a' },
  ]
  await expect(checked({ workloads: { rules } })).rejects.toThrow(
    /workloads\.rules\.1: never applies: workloads\.rules\.0/,
  )
})

test('a file of factors with a bad line', async () => {
  const file = join(folder, 'a.csv')
  writeFileSync(file, 'zone,from,to,g_per_kwh\nDE,2026-11-30T10:00Z,2026-11-30T11:00Z,much\n')
  await expect(checked({ factors: { files: [file] } })).rejects.toThrow(/line 2, column "g_per_kwh"/)
})

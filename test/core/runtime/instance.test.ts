// Guarantees: an instance keeps its name across restarts, and two data folders never have the same name.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { instanceName } from '../../../core/runtime/instance.ts'

const folders: string[] = []
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-instance-'))
  folders.push(folder)
  return folder
}
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

it('keeps its name', () => {
  const folder = newFolder()
  expect(instanceName(folder)).toBe(instanceName(folder))
})

it('is a different one in another folder', () => {
  expect(instanceName(newFolder())).not.toBe(instanceName(newFolder()))
})

it('gets a new name when the file was emptied by a full disk', () => {
  const folder = newFolder()
  writeFileSync(join(folder, 'instance'), '')
  const name = instanceName(folder)
  expect(name.length).toBeGreaterThan(30)
  expect(instanceName(folder)).toBe(name)
})

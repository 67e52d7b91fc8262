/**
 * Guarantees: folders are created with their parents, existing ones are unchanged, and a folder that cannot be created
 * is reported at once.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { makeFolder } from '../../../core/runtime/make-folder.ts'

const root = mkdtempSync(join(tmpdir(), 'wattline-folder-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

it('creates missing folders, once', () => {
  makeFolder(join(root, 'a/b/c'))
  makeFolder(join(root, 'a/b/c'))
  expect(existsSync(join(root, 'a/b/c'))).toBe(true)
})

it.each(['/proc/wattline', '/proc/self/wattline/x', '/dev/null/x', 'FILE/x'])('refuses %s', path => {
  writeFileSync(join(root, 'file'), '')
  expect(() => makeFolder(path.replace('FILE', join(root, 'file')))).toThrow(/ENOENT|ENOTDIR|EACCES|EEXIST/)
})

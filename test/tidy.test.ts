// Guarantees: the shape of the code base holds: file sizes, no test switched off, no escape from the
// checks, nothing left open. Function length, names and formats are the linter's (biome.json).
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { repositoryFiles } from './support/repository.ts'

const tracked = repositoryFiles()
const sources = tracked.filter(path => /\.(ts|tsx|cjs)$/.test(path))
const product = sources.filter(path => !path.startsWith('test/'))
const text = new Map(sources.map(path => [path, readFileSync(path, 'utf8')]))

it('keeps files below 400 lines', () => {
  expect(product.filter(path => (text.get(path) ?? '').split('\n').length > 401)).toEqual([])
})

it('has no test that is switched off', () => {
  const off = /\b(it|test|describe)\.(only|skip|todo|fails)\b/
  expect(sources.filter(path => path !== 'test/tidy.test.ts' && off.test(text.get(path) ?? ''))).toEqual([])
})

it('has no escape from the compiler or the linter', () => {
  const evasion = /\bas any\b|@ts-(ignore|nocheck|expect-error)|biome-ignore/
  expect(sources.filter(path => path !== 'test/tidy.test.ts' && evasion.test(text.get(path) ?? ''))).toEqual(
    [],
  )
})

it('has nothing left open in the text', () => {
  const open = /\b(TODO|FIXME|XXX|HACK)\b/
  expect(sources.filter(path => path !== 'test/tidy.test.ts' && open.test(text.get(path) ?? ''))).toEqual([])
})

// Guarantees: the shape of the code base holds: file sizes, no test switched off, no escape from the
// checks, nothing left open. Names and formats are the linter's (biome.json).
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { repositoryFiles } from './support/repository.ts'

const tracked = repositoryFiles()
const sources = tracked.filter(path => /\.(ts|tsx|cjs)$/.test(path))
const product = sources.filter(path => !path.startsWith('test/'))
const text = new Map(sources.map(path => [path, readFileSync(path, 'utf8')]))

/** Lines of a product file. Tables may be longer: each is named here with its reason. Today none is. */
const MAX_LINES = 300
const LONG_TABLES: Readonly<Record<string, string>> = {}

it(`keeps files within ${MAX_LINES} lines`, () => {
  const long = product.filter(path => (text.get(path) ?? '').trimEnd().split('\n').length > MAX_LINES)
  expect(long.toSorted()).toEqual(Object.keys(LONG_TABLES).toSorted())
})

it('keeps functions within 70 lines, by a rule of the linter that only tests are excepted from', () => {
  const { linter, overrides } = JSON.parse(readFileSync('biome.json', 'utf8')) as BiomeConfig
  const rule = 'noExcessiveLinesPerFunction'
  expect(linter.rules.complexity[rule]).toMatchObject({ level: 'error', options: { maxLines: 70 } })
  const excepted = overrides.filter(({ linter }) => linter?.rules?.complexity?.[rule] !== undefined)
  expect(excepted.flatMap(({ includes }) => includes)).toEqual(['test/**'])
})

interface BiomeConfig {
  readonly linter: { readonly rules: { readonly complexity: Readonly<Record<string, unknown>> } }
  readonly overrides: readonly {
    readonly includes: readonly string[]
    readonly linter?: { readonly rules?: { readonly complexity?: Readonly<Record<string, unknown>> } }
  }[]
}

/** Names that stand for different things in different files; a reader who looks for one finds the other. */
const MAX_SHARED_NAMES = 24

/** Types, and whatever is exported. */
const DECLARATION =
  /^(?:export (?:declare )?(?:async )?(?:function\*?|const|let) |(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|enum) )(\w+)/gm

/** `name: file, file` for each name that is declared in several files. */
function sharedNames(files: ReadonlyMap<string, string>): readonly string[] {
  const declaring = new Map<string, Set<string>>()
  for (const [path, content] of files) {
    for (const [, name = ''] of content.matchAll(DECLARATION))
      declaring.set(name, (declaring.get(name) ?? new Set()).add(path))
  }
  return [...declaring]
    .filter(([, paths]) => paths.size > 1)
    .map(([name, paths]) => `${name}: ${[...paths].join(', ')}`)
    .toSorted()
}

it(`declares at most ${MAX_SHARED_NAMES} names in several files`, () => {
  const shared = sharedNames(new Map(product.map(path => [path, text.get(path) ?? ''])))
  const remedy = 'Name each for what it is, or declare it once and import it'
  expect(shared.length, `${remedy}:\n${shared.join('\n')}`).toBeLessThanOrEqual(MAX_SHARED_NAMES)
})

it('finds names that are declared in several files', () => {
  const files = new Map([
    ['a.ts', 'type Row = string\nconst local = 1\nexport async function ask() {}\nexport const LIMIT = 1'],
    ['b.ts', 'export interface Row {}\nconst local = 2\nexport const ask = 1\nexport const LIMITS = 1'],
    ['c.ts', 'import { LIMIT } from "./a.ts"\nabstract class Row {}'],
  ])
  expect(sharedNames(files)).toEqual(['Row: a.ts, b.ts, c.ts', 'ask: a.ts, b.ts'])
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

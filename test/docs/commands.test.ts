// Guarantees: every documented command runs where the machine's own Node is older than the product's, as README
// promises: by npm or npx, never by `node`; what it names exists.
import { existsSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { repositoryFiles } from '../support/repository.ts'

const pages = repositoryFiles('*.md').map(path => ({ path, text: readFileSync(path, 'utf8') }))
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }

/** `page: command` of every match in code. */
const found = (pattern: RegExp): string[] =>
  pages.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([whole]) => `${path}: ${whole.trim()}`))

it('no command uses the Node of the machine', () => {
  const bare = /(?:^|`)[ \t]*(?:[A-Z_]+=\S+[ \t]+)*node [^`\n]*\.(?:ts|js|cjs|mjs)\b/gm
  expect(found(bare)).toEqual([])
})

it('npx commands name existing files', () => {
  const named = found(/npx node (?:--\S+ )*[\w./-]+\.ts/g)
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter(text => !existsSync(text.slice(text.lastIndexOf(' ') + 1)))).toEqual([])
})

it('npm commands name existing scripts', () => {
  const named = found(/npm run (?:--silent )?[a-z][\w:]*/g)
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter(text => !Object.hasOwn(scripts, text.slice(text.lastIndexOf(' ') + 1)))).toEqual([])
})

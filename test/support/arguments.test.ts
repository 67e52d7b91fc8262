// Guarantees: suites and benches that take options answer `--help` with the comment at their head, and a wrong option
// with a message instead of a stack.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { headOf } from './arguments.ts'
import { repositoryFiles } from './repository.ts'

const scripts = repositoryFiles('test/**/*.ts')
  .map(path => ({ path, text: readFileSync(path, 'utf8') }))
  .filter(({ path, text }) => /\bparseArgs\(/.test(text) && !path.startsWith('test/support/arguments'))

describe('every script with options', () => {
  it.each(scripts.map(({ path, text }) => [path, text]))('%s says how it is called', (_, text) => {
    expect(text).toMatch(/import \{ parseArgs \} from '[./]*support\/arguments.ts'/)
    expect(headOf(text).length).toBeGreaterThan(60)
  })
})

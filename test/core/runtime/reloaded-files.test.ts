// Guarantees: new contents are used once they are stable; unusable contents or deleted files leave the previous state
// in force, are reported once and noted until they are fixed; links that change elsewhere are followed.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { EventName, Facts } from '../../../core/catalogue/events/events.ts'
import { openReloadedFiles, type ReloadedFiles } from '../../../core/runtime/reloaded-files.ts'
import { until } from '../../support/until.ts'

let folder: string
let said: [EventName, Facts | undefined][]
let opened: ReloadedFiles<string> | undefined
const events = { emit: (name: EventName, facts?: Facts) => void said.push([name, facts]) }
const names = () => said.map(([name]) => name)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattline-reloaded-'))
  said = []
})
afterEach(() => {
  opened?.close()
  rmSync(folder, { recursive: true, force: true })
})

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)

async function open(
  paths: readonly string[],
  onChange?: (value: string) => void,
): Promise<ReloadedFiles<string>> {
  opened = await openReloadedFiles({
    what: 'test',
    paths: paths.map(path => join(folder, path)),
    parse: contents => {
      const text = contents.join('+')
      if (text.includes('bad')) throw new Error(`${text} cannot be used`)
      return text
    },
    ...(onChange === undefined ? {} : { onChange }),
    events,
    pollMs: 5,
  })
  return opened
}

it('starts with the current files, or does not start', async () => {
  write('a', 'one')
  expect((await open(['a'])).value).toBe('one')
  write('a', 'bad')
  await expect(open(['a'])).rejects.toMatchObject({
    code: 'config_invalid',
    message: 'test: bad cannot be used.',
  })
  await expect(open(['none'])).rejects.toMatchObject({ code: 'config_invalid' })
})

it('follows changes', async () => {
  write('a', 'one')
  const taken: string[] = []
  const files = await open(['a'], value => void taken.push(value))
  write('a', 'two')
  await until(() => files.value === 'two')
  expect([taken, names(), files.problem]).toEqual([['two'], ['filesReloaded'], null])
})

it('rejects an unusable file, reports it once, and uses the next good one', async () => {
  write('a', 'one')
  const files = await open(['a'])
  write('a', 'bad')
  await until(() => files.problem !== null)
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(files.value).toBe('one')
  expect(files.problem).toBe('test: bad cannot be used; the version read before stays in force')
  expect(said).toEqual([['filesRefused', { what: 'test', problem: 'bad cannot be used' }]])
  write('a', 'one')
  await until(() => files.problem === null)
  expect(files.value).toBe('one')
})

it('keeps the old file when it disappears, and when the new one cannot be used', async () => {
  write('a', 'one')
  const files = await open(['a'], () => {
    throw new Error('no place for it')
  })
  unlinkSync(join(folder, 'a'))
  await until(() => files.problem !== null)
  expect(files.value).toBe('one')
  write('a', 'two')
  await until(() => files.problem?.includes('no place for it') === true)
  expect(files.value).toBe('one')
})

it('never mixes a pair that is replaced one after the other', async () => {
  write('cert', 'c1')
  write('key', 'k1')
  const taken: string[] = []
  const files = await open(['cert', 'key'], value => void taken.push(value))
  // As fast as a process that renews them, with or without polls in between.
  for (let round = 2; round <= 20; round++) {
    write('cert', `c${round}`)
    write('key', `k${round}`)
  }
  await until(() => files.value === 'c20+k20')
  for (const value of taken) expect(value).toMatch(/^c(\d+)\+k\1$/)
})

it('follows a link that is switched to another folder, as with mounted secrets', async () => {
  for (const version of ['1', '2']) {
    mkdirSync(join(folder, version))
    write(`${version}/tokens`, version)
  }
  symlinkSync('1', join(folder, 'data'))
  symlinkSync('data/tokens', join(folder, 'tokens'))
  const files = await open(['tokens'])
  symlinkSync('2', join(folder, 'data.new'))
  renameSync(join(folder, 'data.new'), join(folder, 'data'))
  await until(() => files.value === '2')
})

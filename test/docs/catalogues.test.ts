// Guarantees: the catalogues of errors and events match the code: each code is thrown and each event emitted somewhere,
// and remedies name only existing commands and configuration keys.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { environmentNames } from '../../core/catalogue/config/environment.ts'
import { ERRORS } from '../../core/catalogue/errors/errors.ts'
import { EVENTS } from '../../core/catalogue/events/events.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { repositoryFiles } from '../support/repository.ts'

const product = repositoryFiles('*.ts', '*.tsx')
  .filter(path => !/^(test|docs|core\/catalogue\/(errors|events)\/)/.test(path))
  .map(path => readFileSync(path, 'utf8'))
  .join('\n')

const isNamed = (name: string): boolean => product.includes(`'${name}'`)

it('every error code is used', () => {
  expect(Object.keys(ERRORS).filter(code => !isNamed(code))).toEqual([])
})

it('every event is emitted', () => {
  expect(Object.keys(EVENTS).filter(event => !isNamed(event))).toEqual([])
})

it('remedies name what exists', () => {
  const commands = [...product.matchAll(/new Command\('(\w+)'\)/g)].map(([, name]) => `wattline ${name}`)
  const keys = [...environmentNames().values()].flatMap(({ path }) =>
    path.map((_, index) => path.slice(0, index + 1).join('.')),
  )
  const tables = STREAMS.flatMap(({ table }) => (table === undefined ? [] : [table.name]))
  const known = new Set([
    ...commands,
    ...keys,
    ...keys.map(key => `${key}:`),
    ...tables,
    ...Object.keys(EVENTS),
  ])
  known.add('wattline').add('Authorization: Bearer <token>')
  const quoted = Object.values(ERRORS).flatMap(({ remedy }) => [...remedy.matchAll(/`([^`]+)`/g)])
  expect(quoted.map(([, name]) => name!).filter(name => !known.has(name))).toEqual([])
})

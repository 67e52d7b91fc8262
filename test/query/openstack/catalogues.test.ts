// Guarantees: requests that miss at the same time read the lists once; one whose reading ends with another request reads by itself;
// callers with different rights share nothing.
import { expect, it } from 'vitest'
import type { Identity } from '../../../core/model/identity.ts'
import type { FencedReader } from '../../../query/fence/fenced-reader.ts'
import { Catalogues } from '../../../query/openstack/gnocchi/catalogue/catalogues.ts'

const caller = (accounts: readonly string[] | null): Identity => ({
  tenant: 'shop',
  scopes: ['read'],
  accounts,
})
const NOW_MS = Date.parse('2026-11-20T12:00:00Z')

function counting() {
  let statements = 0
  let failure: Error | null = null
  const reader = {
    query: async () => {
      statements += 1
      await new Promise(resolve => setTimeout(resolve, 5))
      if (failure !== null) throw failure
      return []
    },
  } as unknown as FencedReader
  return {
    reader,
    statements: () => statements,
    fail: (error: Error | null) => {
      failure = error
    },
  }
}
const opened = () => new Catalogues({ signalsDays: 30, ledgerDays: 400 }, () => NOW_MS)

it('reads once for all that ask at the same time', async () => {
  const [catalogues, { reader, statements }] = [opened(), counting()]
  await catalogues.all(reader, caller(null))
  const once = statements()
  const others = opened()
  const answers = await Promise.all(Array.from({ length: 20 }, () => others.all(reader, caller(null))))
  expect(statements()).toBe(2 * once)
  expect(new Set(answers).size).toBe(1)
})

it('shares nothing between callers with different rights', async () => {
  const [catalogues, { reader, statements }] = [opened(), counting()]
  const all = await Promise.all([null, ['web'], ['mobile']].map(some => catalogues.all(reader, caller(some))))
  // Points have no accounts: a token for some accounts reads the ledger alone.
  expect(statements()).toBe(3 + 2 + 2)
  expect(new Set(all).size).toBe(3)
})

it('reads by itself when the request that began the reading has failed', async () => {
  const [catalogues, broken, right] = [opened(), counting(), counting()]
  broken.fail(new Error('the client went away'))
  const first = catalogues.all(broken.reader, caller(null))
  const second = catalogues.all(right.reader, caller(null))
  await expect(first).rejects.toThrow('went away')
  expect((await second).metrics.size).toBe(0)
  expect(right.statements()).toBe(3)
})

// Guarantees: an answer contains only its own statement's bytes, however many others run, end early and fail; a
// statement is planned off the JavaScript thread, whatever its constants cost; an error names no part or path; and no
// name of a tenant or account is confused with another one, with all, or with a piece of the setting that identifies
// the reader.
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { encodeRows } from '../../../../core/columns/rows.ts'
import { ledger, STREAMS } from '../../../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../../../core/warehouse/embedded/embedded.ts'
import type { FencedQuery, Warehouse } from '../../../../core/warehouse/warehouse.ts'
import { ledgerEntry } from '../../../contract/warehouse/sample-rows.ts'
import { seededRandom } from '../../../support/random.ts'

let folder: string
let warehouse: Warehouse

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wattline-fenced-'))
  warehouse = await openEmbeddedWarehouse({ path: folder, maxMemoryBytes: 2 ** 30, events: silentEvents })
  await warehouse.migrate(STREAMS, { signalsDays: 36_500, ledgerDays: 36_500 })
})
afterAll(async () => {
  await warehouse.close()
  await rm(folder, { recursive: true, force: true })
})

async function ask(sql: string, over: Partial<FencedQuery> = {}): Promise<string> {
  const request: FencedQuery = {
    sql,
    origin: 'admitted',
    params: {},
    tenant: 'a',
    accounts: null,
    format: 'TSV',
    limits: { maxSeconds: 60, maxMemoryBytes: 2 ** 29, maxResultRows: 10 ** 9 },
    signal: new AbortController().signal,
    ...over,
  }
  const pieces: Uint8Array[] = []
  for await (const piece of (await warehouse.fenced(request)).chunks) pieces.push(piece)
  return Buffer.concat(pieces).toString('utf8')
}

it('gives each reader its own complete answer while others end early and fail', async () => {
  const random = seededRandom(7)
  const one = async (asker: number): Promise<void> => {
    for (let round = 0; round < 12; round += 1) {
      const rows = [0, 1, 20_000][Math.floor(random() * 3)]!
      const text = `${asker}-${round}`
      const sql = `SELECT '${text}' AS t, number FROM numbers(${rows})`
      const kind = Math.floor(random() * 5)
      if (kind === 0) {
        const abort = new AbortController()
        const left = ask(`SELECT '${text}' FROM numbers(100000000)`, { signal: abort.signal })
        setTimeout(() => abort.abort(), random() * 20)
        await expect(left).rejects.toMatchObject({ name: 'AbortError' })
      } else if (kind === 1) {
        const failing = ask(`SELECT '${text}', throwIf(number = 150000) FROM numbers(200000)`)
        await expect(failing).rejects.toMatchObject({ code: 'sql_failed' })
      } else {
        const expected = Array.from({ length: rows }, (_, number) => `${text}\t${number}\n`).join('')
        expect((await ask(sql)) === expected).toBe(true)
      }
    }
  }
  await Promise.all(Array.from({ length: 10 }, (_, asker) => one(asker)))
})

it.each(['TSV', 'JSON'])('plans off the JavaScript thread (%s)', async format => {
  let turns = 0
  let isOver = false
  const dear = 'SELECT length(arrayMap(x -> sipHash64(x), range(1900000))) + number FROM numbers(3)'
  const answer = ask(dear, { format }).finally(() => {
    isOver = true
  })
  while (!isOver) {
    await turn()
    turns += 1
  }
  expect(await answer).toContain('1900002')
  // Planning takes a hundred times as long as a turn; a few are enough to detect it.
  expect(turns).toBeGreaterThan(2)
})

it('does not reveal parts and paths in an error', async () => {
  await warehouse.insert(
    ledger,
    encodeRows(ledger, [ledgerEntry({ Tenant: 'a', Account: 'x' })]),
    'fenced/parts',
  )
  const error = await ask(
    "SELECT sum(throwIf(Account = 'x')) FROM ledger PREWHERE throwIf(Account = 'x') = 0",
  ).then(
    () => '',
    (thrown: Error) => thrown.message,
  )
  expect(error).toContain('throwIf')
  expect(error).not.toMatch(/_\d+_\d+|\/store\/|part|disk/)
})

/** Names that look like parts of the setting. */
const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.stringMatching(/^[*"'\\[\],{}:\s]{0,8}$/),
  fc.constantFrom(
    '',
    '*',
    '["a"]',
    '"]',
    "a' OR 1 = 1 -- ",
    'a\\',
    '\\u0061',
    'a\0',
    'null',
    '[]',
    'a", "b',
    'wattline*',
  ),
)

it('never confuses one name with another', async () => {
  const names = [...new Set(fc.sample(name, { numRuns: 60, seed: 31 }))].filter(text => text.isWellFormed())
  const rows = names.flatMap(Tenant => names.slice(0, 8).map(Account => ledgerEntry({ Tenant, Account })))
  await warehouse.insert(ledger, encodeRows(ledger, rows), 'fenced/names')
  const sql =
    "SELECT * FROM (SELECT hex(Tenant), hex(Account), count() FROM ledger WHERE Method != 'x' GROUP BY ALL ORDER BY ALL)"
  const hex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase()
  const expected = (tenants: readonly string[], accounts: readonly string[]): string =>
    tenants
      .filter(tenant => tenant !== '')
      .flatMap(tenant => accounts.map(account => `${hex(tenant)}\t${hex(account)}\t1\n`))
      .sort()
      .join('')
  const shown = async (tenant: string, accounts: readonly string[] | null): Promise<string> => {
    const answer = await ask(sql, { tenant, accounts })
    return answer
      .split('\n')
      .filter(line => line !== '')
      .map(line => `${line}\n`)
      .sort()
      .join('')
  }
  const known = names.slice(0, 8)
  for (const tenant of names.filter(text => text !== 'a')) {
    expect(await shown(tenant, null)).toBe(expected([tenant], known))
    expect(await shown(tenant, known.slice(0, 3))).toBe(expected([tenant], known.slice(0, 3)))
    expect(await shown(tenant, ['no such account'])).toBe('')
    expect(await shown(tenant, [])).toBe('')
  }
})

it('leaves its pipes empty, and their number unchanged', async () => {
  const pipes = await readdir(join(folder, 'answers'))
  expect(pipes.length).toBeGreaterThan(0)
  for (const _ of pipes) expect(await ask('SELECT 1')).toBe('1\n')
})

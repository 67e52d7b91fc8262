import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { STREAMS } from '../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../core/warehouse/embedded/embedded.ts'
import type { FencedQuery, Warehouse } from '../../core/warehouse/warehouse.ts'
import { type HostileStatement, hostileStatements } from './statements.ts'
import { type Asker, fill, LIMITED, MINE, SECRET, THEIRS, WHOLE } from './worlds.ts'

/**
 * Tests whether a reader can learn anything about rows that he may not see. Each statement is run twice: where only the
 * visible rows exist, and where as many others are in the same parts. Both answers must be the same, to the last word
 * of an error and to every count, and contain none of the hidden texts.
 */
export type Ask = (statement: HostileStatement) => Promise<string>

export interface Leak {
  readonly statement: HostileStatement
  readonly alone: string
  readonly mixed: string
}

const RETENTION = { signalsDays: 36_500, ledgerDays: 36_500 }
const LIMITS: FencedQuery['limits'] = { maxSeconds: 20, maxMemoryBytes: 2 ** 29, maxResultRows: 100_000 }

/** Queries through the fence of a warehouse, with text in the form that the allow-list gives it. */
export const fencedAsk =
  (
    warehouse: Warehouse,
    asker: Asker,
    options: Pick<FencedQuery, 'origin' | 'explain'> = { origin: 'admitted' },
  ): Ask =>
  async ({ sql, isAskedByOthers }) => {
    const request: FencedQuery = {
      sql: `SELECT * FROM (${sql}\n)`,
      ...options,
      params: {},
      tenant: MINE,
      accounts: asker.accounts,
      format: 'JSONCompact',
      limits: LIMITS,
      signal: new AbortController().signal,
    }
    // Earlier queries of others, and what the engine caches of them, must not be visible either.
    if (isAskedByOthers) {
      await answerOf(warehouse, { ...request, tenant: THEIRS, accounts: null }).catch(() => undefined)
    }
    return await answerOf(warehouse, request).then(normal, (error: unknown) => `error: ${wordsOf(error)}`)
  }

async function answerOf(warehouse: Warehouse, request: FencedQuery): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of (await warehouse.fenced(request)).chunks) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

/** The rows in a canonical order; everything else in the answer is kept. */
export function normal(answer: string): string {
  try {
    const parsed = JSON.parse(answer) as { readonly data: readonly unknown[] }
    return JSON.stringify({ ...parsed, data: parsed.data.map(row => JSON.stringify(row)).sort() })
  } catch {
    // The embedded engine writes totals of no rows before the head.
    return answer
  }
}

export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export async function askAll(ask: Ask, statements: readonly HostileStatement[]): Promise<readonly string[]> {
  const answers: string[] = []
  for (const statement of statements) answers.push(await ask(statement))
  return answers
}

/** A text of a hidden row; no statement contains it itself. */
const HIDDEN = new RegExp(`${SECRET}-\\d|f{28}`)

export function leaks(
  statements: readonly HostileStatement[],
  alone: readonly string[],
  mixed: readonly string[],
): readonly Leak[] {
  return statements.flatMap((statement, index) => {
    const [before = '', after = ''] = [alone[index], mixed[index]]
    return before === after && !HIDDEN.test(after) ? [] : [{ statement, alone: before, mixed: after }]
  })
}

/** What else happens in a world. */
interface WorldOptions {
  /** Called with the folder when the warehouse is closed, before the folder is removed. */
  readonly afterwards?: (folder: string) => Promise<void>
  /** Default: `fill`. */
  readonly fillWith?: (warehouse: Warehouse, asker: Asker, isMixed: boolean) => Promise<void>
}

/** An embedded warehouse in its own folder, filled; passed to `use`. */
export async function inWorld<Result>(
  asker: Asker,
  isMixed: boolean,
  use: (warehouse: Warehouse) => Promise<Result>,
  { afterwards, fillWith = fill }: WorldOptions = {},
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'wattline-hostile-'))
  const warehouse = await openEmbeddedWarehouse({
    path: folder,
    maxMemoryBytes: 2 ** 30,
    events: silentEvents,
  })
  try {
    await warehouse.migrate(STREAMS, RETENTION)
    await fillWith(warehouse, asker, isMixed)
    return await use(warehouse)
  } finally {
    await warehouse.close()
    await afterwards?.(folder)
    await rm(folder, { recursive: true, force: true })
  }
}

/** What can be printed instead of running a statement. */
const EXPLAINED = ['QUERY TREE', 'SYNTAX', 'DESCRIBE'] as const
/** One of so many statements is explained. */
const EXPLAINED_STEP = 20

const someOf = (statements: readonly HostileStatement[]): readonly HostileStatement[] =>
  statements.filter((_, index) => index % EXPLAINED_STEP === 0)

/** The statements of `explainAll`, in its order. */
export const explainedOf = (statements: readonly HostileStatement[]): readonly HostileStatement[] =>
  EXPLAINED.flatMap(explain =>
    someOf(statements).map(statement => ({ ...statement, sql: `EXPLAIN ${explain} ${statement.sql}` })),
  )

/** Trees, text and columns of some statements. */
export async function explainAll(
  warehouse: Warehouse,
  asker: Asker,
  statements: readonly HostileStatement[],
): Promise<readonly string[]> {
  const answers: string[] = []
  for (const explain of EXPLAINED) {
    const ask = fencedAsk(warehouse, asker, { origin: 'admitted', explain })
    answers.push(...(await askAll(ask, someOf(statements))))
  }
  return answers
}

/** Both worlds of the embedded engine, and their differences. */
export async function runEmbedded(
  asker: Asker,
  statements: readonly HostileStatement[],
): Promise<{ readonly leaks: readonly Leak[]; readonly answered: number }> {
  const ask = (isMixed: boolean): Promise<readonly string[]> =>
    inWorld(asker, isMixed, async warehouse => [
      ...(await askAll(fencedAsk(warehouse, asker), statements)),
      ...(await explainAll(warehouse, asker, statements)),
    ])
  const alone = await ask(false)
  const mixed = await ask(true)
  const asked = [...statements, ...explainedOf(statements)]
  return {
    leaks: leaks(asked, alone, mixed),
    answered: answeredIn(mixed.slice(0, statements.length)),
  }
}

/** Answers that are not errors: a run in which everything is refused shows nothing. */
export const answeredIn = (answers: readonly string[]): number =>
  answers.filter(answer => !answer.startsWith('error: ')).length

/** The long run. @throws if anything leaked */
export async function isolation(options: {
  readonly seed: number
  readonly places: number
  readonly say: (line: string) => void
}): Promise<void> {
  for (const asker of [WHOLE, LIMITED]) {
    const statements = hostileStatements(options)
    const { leaks: found, answered } = await runEmbedded(asker, statements)
    options.say(`${asker.name}: ${statements.length} statements, ${answered} answered, ${found.length} leaks`)
    for (const { statement, alone, mixed } of found.slice(0, 20)) {
      options.say(`  ${statement.sql}\n    alone ${alone.slice(0, 300)}\n    mixed ${mixed.slice(0, 300)}`)
    }
    if (found.length > 0) throw new Error(`${found.length} statements told of rows of others.`)
  }
}

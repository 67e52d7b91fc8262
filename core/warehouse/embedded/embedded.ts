import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Session } from 'chdb'
import { WattlineError } from '../../catalogue/errors/errors.ts'
import { makeFolder } from '../../runtime/make-folder.ts'
import { EXPORTED_DATABASE } from '../exported/tables.ts'
import { EXPORTED_TABLES, EXPORTED_VIEW_TABLES, OWNED_TABLES } from '../fence/owned-tables.ts'
import { rowPolicies, SEES_SETTING, seesAll } from '../fence/policies.ts'
import { quoteText } from '../tables/column-types.ts'
import { LOCAL_DIALECT } from '../tables/ddl.ts'
import type { Warehouse } from '../warehouse.ts'
import { AnswerPipes } from './answer-pipes.ts'
import { Custody, openWatched } from './custody.ts'
import { EmbeddedWarehouse, type EmbeddedWarehouseOptions } from './embedded-warehouse.ts'
import { engineConfigXml } from './engine-config.ts'
import { engineUsersXml } from './engine-users.ts'
import { removeFrozen } from './freeze.ts'
import { RecordFiles } from './record-files.ts'
import { repairTokens } from './token-repair.ts'

/** Concurrent inserts: two keep two cores busy; more only wait for each other. */
const INSERT_SESSIONS = 2
/** Concurrent internal queries. */
const QUERY_SESSIONS = 4
/**
 * Concurrent fenced queries, including those whose readers pause: each occupies a thread of the pool for as long. The
 * query server shares them fairly; this limit prevents a mistake there from taking the engine down.
 */
const FENCED_SESSIONS = 128
/** Threads of the pool reserved for everything else: inserts, internal queries, files. */
const OTHER_THREADS = 16

/** As many as the thread pool can hold; the pool is created before this is called. */
function fencedSessions(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)
  return Math.min(FENCED_SESSIONS, Math.max(1, threads - OTHER_THREADS))
}

/**
 * Opens chDB, the ClickHouse engine in this process. One data folder per process: a second one is refused until the
 * first is closed.
 *
 * Set `UV_THREADPOOL_SIZE` to 144 before the process starts: every query and insert occupies a thread of that pool
 * while it works, and a fenced query until its answer has been read; files and the log need some too.
 * @throws data_unusable when the folder cannot be used
 */
export async function openEmbeddedWarehouse(options: EmbeddedWarehouseOptions): Promise<Warehouse> {
  const enginePath = join(options.path, 'engine')
  const configFile = join(options.path, 'engine.xml')
  const usersFile = join(options.path, 'users.xml')
  const key = randomBytes(16).toString('hex')
  try {
    makeFolder(enginePath)
    await writeFile(configFile, engineConfigXml({ ...options, usersFile }))
    const policies = new Map([
      [LOCAL_DIALECT.database, rowPolicies([...OWNED_TABLES, ...EXPORTED_VIEW_TABLES], key)],
      [EXPORTED_DATABASE, rowPolicies(EXPORTED_TABLES, key)],
    ])
    await writeFile(usersFile, engineUsersXml(policies), { mode: 0o600 })
    await removeFrozen(enginePath)
    const files = await RecordFiles.open(join(options.path, 'incoming'))
    const pipes = await AnswerPipes.open(join(options.path, 'answers'), fencedSessions())
    const onRepaired = (amount: number): void => options.events.emit('tokensRepaired', { amount })
    const custody =
      options.custody === undefined ? null : new Custody(enginePath, options.custody, options.events)
    const first = await openWatched(custody, async () => {
      const repaired = options.repairTokens === false ? 0 : await repairTokens(enginePath)
      if (repaired > 0) onRepaired(repaired)
      // Engine-wide arguments take effect only in the first session, which therefore stays open until the end.
      return new Session(enginePath, { connectionArgs: [`--config-file=${configFile}`] })
    })
    const own = async (session: Session): Promise<Session> => {
      const sees = `${SEES_SETTING} = ${quoteText(seesAll(key))}`
      await session.queryAsync(`SET ${sees}, output_format_json_quote_64bit_integers = 1`)
      return session
    }
    const more = (count: number): Promise<readonly Session[]> =>
      Promise.all(Array.from({ length: count }, () => own(new Session(enginePath))))
    return new EmbeddedWarehouse({
      path: enginePath,
      key,
      control: await own(first),
      inserts: await more(INSERT_SESSIONS),
      queries: await more(QUERY_SESSIONS),
      files,
      pipes,
      options,
      onRepaired,
      custody,
    })
  } catch (error) {
    if (error instanceof WattlineError) throw error
    throw new WattlineError(
      'data_unusable',
      `The engine cannot open the tables in ${options.path}: ${String(error)}. Keep the folder: it may hold rows that are no longer in the log.`,
      {
        cause: error,
      },
    )
  }
}

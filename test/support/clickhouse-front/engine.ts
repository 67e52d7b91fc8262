import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { drainPending, Session } from 'chdb'
import { canStream } from '../../../core/warehouse/clickhouse/formats.ts'
import { engineConfigXml } from '../../../core/warehouse/embedded/engine-config.ts'
import { repairTokens } from '../../../core/warehouse/embedded/token-repair.ts'
import { quoteText } from '../../../core/warehouse/tables/column-types.ts'
import { clusterConfig, type FrontCluster, withoutKeeper } from './cluster.ts'
import { FrontPolicies } from './policies.ts'
import { type Asked, formatOf } from './request.ts'

/** The result of a statement: pieces of bytes, and how much was read. */
export interface Answer {
  readonly chunks: AsyncIterable<Uint8Array>
  readonly format: string
  readonly summary: Readonly<Record<string, string>>
}

interface Running {
  /** Marks the text in the engine's list of processes. */
  readonly mark: string
  cancel(): void
}

/** Ids of a server are text; the embedded engine makes its own. So texts are marked, and found by the mark. */
const markOf = (id: string): string => `/* query ${Buffer.from(id).toString('hex')} */`

/** chDB with what a server does for each request: its own session, settings, parameters, an id for killing it. */
export class FrontEngine {
  readonly #path: string
  readonly #folder: string
  #control: Session
  readonly #running = new Map<string, Running>()
  readonly #translate: (sql: string) => string
  readonly #policies: FrontPolicies
  /** Policies that the engine has not loaded yet. */
  #stale = false
  #reopening: Promise<void> | null = null
  /** Running statements. */
  #active = 0

  private constructor(
    folder: string,
    control: Session,
    policies: FrontPolicies,
    translate: (sql: string) => string,
  ) {
    this.#translate = translate
    this.#folder = folder
    this.#path = join(folder, 'engine')
    this.#control = control
    this.#policies = policies
  }

  /** Opens the engine in `folder`, with tokens repaired, as after a crash. */
  static async open(folder: string, cluster: FrontCluster | null): Promise<FrontEngine> {
    const path = join(folder, 'engine')
    const incoming = join(folder, 'incoming')
    await mkdir(path, { recursive: true })
    await rm(incoming, { recursive: true, force: true })
    await mkdir(incoming)
    const config = engineConfigXml({ maxMemoryBytes: 2 ** 31, usersFile: join(folder, 'users.xml') }).replace(
      '</clickhouse>',
      `${cluster === null ? '' : clusterConfig(cluster)}</clickhouse>`,
    )
    await writeFile(join(folder, 'engine.xml'), config)
    const policies = await FrontPolicies.open(join(folder, 'policies.json'))
    await repairTokens(path)
    const control = await openSession(folder, policies)
    // The embedded engine has no UUID; a server's is that of its data folder.
    const uuid = await uuidOf(join(folder, 'uuid'))
    const named = (sql: string): string =>
      policies.inPlace(sql.replaceAll('serverUUID()', `toUUID('${uuid}')`))
    return new FrontEngine(folder, control, policies, sql =>
      cluster === null ? named(sql) : withoutKeeper(named(sql)),
    )
  }

  /** Reopens the engine if policies have changed since: it reads them when it is opened. */
  async #enter(): Promise<void> {
    while (this.#reopening !== null) await this.#reopening
    if (this.#stale) {
      this.#reopening = this.#reopen().finally(() => {
        this.#reopening = null
      })
      await this.#reopening
    }
    this.#active += 1
  }

  async #reopen(): Promise<void> {
    while (this.#active > 0) await delay(5)
    this.#control.close()
    await drainPending()
    this.#stale = false
    this.#control = await openSession(this.#folder, this.#policies)
  }

  async #changePolicies(sql: string): Promise<void> {
    await this.#enter()
    try {
      await this.#control.queryAsync(`EXPLAIN AST ${sql}`)
      await this.#policies.run(sql)
      this.#stale = true
    } finally {
      this.#active -= 1
    }
  }

  /** Stops what runs under this id: streams at once, everything else through the engine. */
  async kill(queryId: string): Promise<void> {
    const running = this.#running.get(queryId)
    if (running === undefined) return
    running.cancel()
    // Never with SYNC: it hangs in the embedded engine.
    const text = `KILL QUERY WHERE startsWith(query, ${quoteText(running.mark)}) ASYNC`
    await this.#control.queryAsync(text).catch(() => undefined)
  }

  /**
   * Runs one request; `begun` is called unless it was refused because of its id. It is over when the answer has been
   * read.
   */
  async run(asked: Asked, begun: () => void): Promise<Answer> {
    const killed = KILL.exec(asked.sql)?.[1]
    if (killed !== undefined) {
      await this.kill(killed)
      return answerOf([], asked.format)
    }
    const queryId = asked.queryId ?? randomUUID()
    if (this.#running.has(queryId)) {
      throw new Error(`Code: 216. DB::Exception: Query with id = ${queryId} is already running. (${SAME_ID})`)
    }
    begun()
    if (FrontPolicies.knows(asked.sql)) {
      await this.#changePolicies(this.#translate(asked.sql))
      return answerOf([], asked.format)
    }
    await this.#enter()
    const session = new Session(this.#path)
    const running: Running = { mark: markOf(queryId), cancel: () => {} }
    this.#running.set(queryId, running)
    let open = true
    const release = (): void => {
      if (open) this.#active -= 1
      open = false
      if (this.#running.get(queryId) === running) this.#running.delete(queryId)
      session.close()
    }
    try {
      for (const statement of preparations(asked)) await session.queryAsync(statement)
      if (asked.kind === 'insert' && asked.data.length > 0) {
        return await this.#insert(session, asked, running.mark, release)
      }
      const sql = `${running.mark} ${this.#translate(asked.sql).replace(FORMAT_CLAUSE, '')}`
      if (asked.kind === 'select' && canStream(asked.format)) {
        return await streamed(session, sql, asked.format, running, release)
      }
      const result = await session.queryAsync(sql, { format: asked.format })
      release()
      return answerOf([result.bytes()], asked.format, {
        read_rows: String(result.rowsRead),
        read_bytes: String(result.bytesRead),
        elapsed_ns: String(Math.round(result.elapsed * 1e9)),
      })
    } catch (error) {
      release()
      throw error
    }
  }

  async close(): Promise<void> {
    for (const queryId of this.#running.keys()) await this.kill(queryId)
    this.#control.close()
    await drainPending()
  }

  /** The embedded engine reads binary data only from files: `input(...)` becomes `file(...)`, plain data an INFILE. */
  async #insert(session: Session, asked: Asked, mark: string, release: () => void): Promise<Answer> {
    const file = join(this.#folder, 'incoming', randomUUID())
    await writeFile(file, asked.data)
    try {
      await session.queryAsync(`${mark} ${insertFromFile(asked, file)}`)
      return answerOf([], asked.format)
    } finally {
      await rm(file, { force: true })
      release()
    }
  }
}

async function openSession(folder: string, policies: FrontPolicies): Promise<Session> {
  await writeFile(join(folder, 'users.xml'), policies.usersXml())
  return new Session(join(folder, 'engine'), {
    connectionArgs: [`--config-file=${join(folder, 'engine.xml')}`],
  })
}

async function uuidOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch {
    const uuid = randomUUID()
    await writeFile(file, uuid)
    return uuid
  }
}

const SAME_ID = 'QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING'
const KILL = /^\s*KILL QUERY WHERE query_id = '([^']*)'/i
const FORMAT_CLAUSE = /\bFORMAT\s+\w+\s*;?\s*$/i
const INPUT = /\binput\(('(?:[^'\\]|\\.)*')\)(.*?)\bFORMAT\s+(\w+)\s*;?\s*$/s

function insertFromFile(asked: Asked, file: string): string {
  const input = INPUT.exec(asked.sql)
  if (input !== null) {
    const [matched, structure = '', condition = '', format = ''] = input
    const source = [quoteText(file), quoteText(format), structure, quoteText(asked.encoding)].join(', ')
    return asked.sql.replace(matched, () => `file(${source})${condition}`)
  }
  const format = formatOf(asked.sql) ?? asked.format
  const head = asked.sql.replace(FORMAT_CLAUSE, '')
  const settings = /\bSETTINGS\s.*$/is.exec(head)?.[0] ?? ''
  const target = head.slice(0, head.length - settings.length)
  return `${target} FROM INFILE ${quoteText(file)} COMPRESSION ${quoteText(asked.encoding)} ${settings} FORMAT ${format}`
}

/** Read-only last: nothing can be set after it. */
function preparations(asked: Asked): readonly string[] {
  const assignment = ([name, value]: readonly [string, string]): string => `${name} = ${quoteText(value)}`
  const settings = [...asked.settings].filter(([name]) => name !== 'readonly').map(assignment)
  const params = [...asked.params].map(([name, value]) => assignment([`param_${name}`, value]))
  const readonly = asked.settings.get('readonly')
  return [
    `USE ${asked.database}`,
    ...params.map(text => `SET ${text}`),
    ...(settings.length === 0 ? [] : [`SET ${settings.join(', ')}`]),
    ...(readonly === undefined ? [] : [`SET readonly = ${Number(readonly)}`]),
  ]
}

async function* listed(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

const answerOf = (
  pieces: readonly Uint8Array[],
  format: string,
  summary: Readonly<Record<string, string>> = {},
): Answer => ({ chunks: listed(pieces), format, summary })

async function streamed(
  session: Session,
  sql: string,
  format: string,
  running: Running,
  release: () => void,
): Promise<Answer> {
  const stream = session.queryStream(sql, { format })
  running.cancel = () => stream.cancel()
  const source = stream[Symbol.asyncIterator]()
  // Errors of the statement appear with the first nonempty piece, before the status of the answer is sent.
  let first = await source.next()
  while (first.done !== true && first.value.numBytes === 0) first = await source.next()
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (let next = first; next.done !== true; next = await source.next()) {
        if (next.value.numBytes > 0) yield next.value.raw()
      }
    } finally {
      stream.cancel()
      release()
    }
  }
  return { chunks: chunks(), format, summary: {} }
}

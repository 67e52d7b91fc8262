// Guarantees: an operator finds a corrupt record with the command line, sees its content, and replays it into the
// tables: its rows exist once, the record counts as replayed, and a second replay is refused. `lag` shows that nothing
// is left. What a defective version refused is stored by the corrected one, without force.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, it } from 'vitest'
import type { LagAnswer, QuarantineAnswer } from '../../../core/api/answers.ts'
import { traces } from '../../../core/model/streams/index.ts'
import { spanRecord } from '../../support/span-records.ts'
import { appendStored, spoil } from '../../support/stored-log.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const ROOT = new URL('../../..', import.meta.url).pathname
const folders: string[] = []
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-quarantine-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

// The spans are of a fixed day.
const environment = { WATTLINE_RETENTION_SIGNALS_DAYS: '10000' }
let wattline: WattlineProcess

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command like a user; also resolves when it fails. */
const command = (...words: readonly string[]): Promise<Ended> =>
  promisify(execFile)(process.execPath, [`${ROOT}cli/wattline.cjs`, ...words], {
    cwd: ROOT,
    env: { ...process.env, WATTLINE_URL: wattline.http },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: Ended) => error,
  )

/** As the command reads it; polled without starting a command each time. */
const get = async <Answer>(path: string): Promise<Answer> =>
  (await (await fetch(`${wattline.http}/api/v1/${path}`)).json()) as Answer
const listed = async (): Promise<QuarantineAnswer['records']> =>
  (await get<QuarantineAnswer>('quarantine')).records

const spans = async (): Promise<string | undefined> =>
  (await wattline.sql<{ n: string }>('SELECT toString(count()) AS n FROM otel_traces'))[0]?.n

it('finds, shows and replays a quarantined record', async () => {
  const data = newFolder()
  const log = join(data, 'log')
  const fresh = await startProcess({ data, environment })
  expect(await fresh.end('SIGTERM')).toBe(0)
  await appendStored(log, traces.name, 0, [spanRecord(100, 1), spanRecord(100, 2), spanRecord(100, 3)])
  // Its bytes are intact: the disk has damaged the log's metadata of them.
  await spoil(log, { stream: traces.name, partition: 0, offset: 1n }, 'checksum')
  wattline = await startProcess({ data, environment })
  await eventually(spans, n => n === '200')

  const [entry] = await eventually(listed, records => records.length === 1)
  expect(entry).toMatchObject({
    stream: 'traces',
    offset: '1',
    code: 'record_corrupt',
    processors: ['store'],
  })
  const table = await command('quarantine', 'list')
  expect(table.stdout).toMatch(/^record .*\ntraces\/0\/1 .* store .* no .* record_corrupt .*checksum/)
  const shown = await command('quarantine', 'show', 'traces/0/1')
  expect(shown.stdout).toMatch(/bytes +\d+, damaged[\s\S]*error of store +record_corrupt: .*checksum/)

  const refused = await command('quarantine', 'replay', 'traces/0/1')
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toMatch(/^replay_refused: .*damaged.*--force/)
  const replayed = await command('quarantine', 'replay', 'traces/0/1', '--force')
  expect(replayed.stdout).toBe('traces/0/1 was appended again as traces/0/3, for store.\n')
  await eventually(spans, n => n === '300')

  const again = await command('quarantine', 'replay', 'traces/0/1')
  expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/^replay_refused: /) })
  await eventually(listed, ([record]) => record?.replay.place === 'traces/0/3')
  expect((await command('quarantine', 'show', 'traces/0/1')).stdout).toMatch(/replayed +as traces\/0\/3\n/)
  expect(await command('quarantine', 'show', 'traces/0/2')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^not_found: /),
  })

  await eventually(
    () => get<LagAnswer>('lag'),
    ({ partitions }) => partitions.every(({ pending }) => pending === '0'),
  )
  const lag = await command('lag', '--group', 'store', '--stream', 'traces', '--format', 'json')
  const { partitions } = JSON.parse(lag.stdout) as LagAnswer
  expect(partitions).toMatchObject([
    { partition: 0, end: '4', committed: '4', oldest_pending_seconds: null },
    { partition: 1, end: '0', committed: '0', oldest_pending_seconds: null },
  ])

  // It is known after a restart too, when only the table remembers.
  expect(await wattline.end('SIGTERM')).toBe(0)
  wattline = await startProcess({ data, environment })
  const later = await command('quarantine', 'replay', 'traces/0/1')
  expect(later).toMatchObject({ code: 1, stderr: expect.stringContaining('replayed already, as traces/0/3') })
  expect(await spans()).toBe('300')
  expect(await wattline.end('SIGTERM')).toBe(0)
})

it('stores with a corrected version what a defective one refused', async () => {
  const data = newFolder()
  expect(await (await startProcess({ data, environment })).end('SIGTERM')).toBe(0)
  await appendStored(join(data, 'log'), traces.name, 1, [spanRecord(100, 1), spanRecord(50, 2)])
  wattline = await startProcess({ data, environment, entry: `${ROOT}test/support/misnaming-entry.ts` })
  const refused = await eventually(listed, records => records.length === 2)
  expect(refused.map(({ offset, code }) => [offset, code])).toEqual([
    ['1', 'record_refused'],
    ['0', 'record_refused'],
  ])
  expect(await spans()).toBe('0')
  expect(await wattline.end('SIGTERM')).toBe(0)

  wattline = await startProcess({ data, environment })
  const replayed = await command('quarantine', 'replay', 'traces/1/0')
  expect(replayed.stdout).toBe('traces/1/0 was appended again as traces/1/2, for store.\n')
  await eventually(spans, n => n === '100')
  expect((await command('quarantine', 'replay', 'traces/1/1')).code).toBe(0)
  await eventually(spans, n => n === '150')
  expect((await listed()).map(({ offset }) => offset)).toEqual(['1', '0'])
  expect(await wattline.end('SIGTERM')).toBe(0)
})

// Guarantees: a warehouse whose engine has broken down is closed without touching the engine, whose sessions may block
// the process when they are closed, so that a process that is told to stop then still ends in order.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Session } from 'chdb'
import { afterAll, expect, it } from 'vitest'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { AnswerPipes } from '../../../../core/warehouse/embedded/answer-pipes.ts'
import { EmbeddedWarehouse } from '../../../../core/warehouse/embedded/embedded-warehouse.ts'
import { RecordFiles } from '../../../../core/warehouse/embedded/record-files.ts'

const path = mkdtempSync(join(tmpdir(), 'wattline-broken-engine-'))
afterAll(() => rmSync(path, { recursive: true }))

it('is closed without touching its engine', async () => {
  const closed: string[] = []
  const session = (name: string): Session =>
    ({
      queryAsync: () =>
        Promise.reject(
          new Error('Code: 236. DB::Exception: The server is shutting down due to a fatal error. (ABORTED)'),
        ),
      close: () => closed.push(name),
    }) as unknown as Session
  const broken: unknown[] = []
  const warehouse = new EmbeddedWarehouse({
    path,
    key: 'key',
    control: session('control'),
    inserts: [session('insert')],
    queries: [session('query')],
    files: await RecordFiles.open(join(path, 'incoming')),
    pipes: await AnswerPipes.open(join(path, 'answers'), 1),
    options: {
      path,
      maxMemoryBytes: 1e9,
      events: silentEvents,
      onBrokenDown: error => broken.push(error),
    },
    onRepaired: () => undefined,
    custody: null,
  })
  await expect(warehouse.ping()).rejects.toMatchObject({ code: 'warehouse_unavailable' })
  expect(broken).toHaveLength(1)
  await warehouse.close()
  expect(closed).toEqual([])
})

// Guarantees: notes made while the log is read again only move forward, within one history of the log; and reported
// losses move the same file while it is not open.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { Custody } from '../../../../core/warehouse/embedded/custody.ts'
import { KeptTables } from '../../../../core/warehouse/embedded/kept-tables.ts'
import { moveStoredOffsets, readStoredOffsets } from '../../../../core/warehouse/embedded/stored-offsets.ts'

const path = mkdtempSync(join(tmpdir(), 'wattline-kept-'))
afterEach(() => rmSync(path, { recursive: true }))

it('moves only forward, and by its own history', async () => {
  const custody = { close: async () => undefined } as unknown as Custody
  const engine = {} as ConstructorParameters<typeof KeptTables>[2]
  const kept = new KeptTables(path, custody, engine)
  kept.notedAll()
  kept.noteStoredForward('traces/0', { origin: '', next: 5n })
  kept.noteStoredForward('traces/0', { origin: '', next: 4n })
  kept.noteStoredForward('traces/0', { origin: 'other', next: 9n })
  expect(readStoredOffsets(path)).toEqual(new Map([['traces/0', { origin: '', next: 5n }]]))
  kept.noteStored('traces/0', { origin: 'other', next: 2n })
  kept.noteStoredForward('traces/0', { origin: 'other', next: 3n })
  await kept.close()
  moveStoredOffsets(path, new Map([['logs/1', { origin: 'other', next: 7n }]]))
  expect(readStoredOffsets(path)).toEqual(
    new Map([
      ['traces/0', { origin: 'other', next: 3n }],
      ['logs/1', { origin: 'other', next: 7n }],
    ]),
  )
})

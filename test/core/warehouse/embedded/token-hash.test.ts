// Guarantees: tokens are recognised in the engine's deduplication log by the computed hash, in every partition.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { STREAMS } from '../../../../core/model/streams/index.ts'
import { openEmbeddedWarehouse } from '../../../../core/warehouse/embedded/embedded.ts'
import { insertTokenHash } from '../../../../core/warehouse/embedded/token-hash.ts'
import { partsOfToken } from '../../../../core/warehouse/embedded/token-repair.ts'
import { chaosRecord, SPAN_DAYS } from '../../../chaos/warehouse/records.ts'

it('equals the engine’s', async () => {
  const path = await mkdtemp(join(tmpdir(), 'wattline-hash-'))
  const warehouse = await openEmbeddedWarehouse({ path, maxMemoryBytes: 2 ** 30, events: silentEvents })
  await warehouse.migrate(STREAMS, { signalsDays: 9_000, ledgerDays: 9_000 })
  const record = chaosRecord(0)
  const tokens = [
    'traces/0/0',
    '0f8fad5b-d9cb-469f-a165-70867728950e/traces/1/18446744073709551615',
    'x'.repeat(65),
  ]
  for (const token of tokens) await warehouse.insert(record.stream, record.bytes, token)
  const [table] = await warehouse.query<{ folder: string }>(
    "SELECT data_paths[1] AS folder FROM system.tables WHERE database = 'wattline' AND name = 'otel_traces'",
  )
  const folder = join(table!.folder, 'deduplication_logs')
  let text = ''
  for (const name of await readdir(folder)) text += await readFile(join(folder, name), 'utf8')
  for (const token of tokens) {
    const lines = text.split('\n').filter(line => line.endsWith(`_${insertTokenHash(token)}`))
    expect(lines).toHaveLength(SPAN_DAYS)
    expect(await partsOfToken(table!.folder, token, 0)).toHaveLength(SPAN_DAYS)
  }
  await warehouse.close()
  await rm(path, { recursive: true })
})

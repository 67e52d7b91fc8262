// Guarantees: a log of the first format opens, keeps its records and is converted to the current format, which versions
// that know only the first refuse; a log of a later format is refused with a remedy.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { FORMAT_KEY, ORIGINS_KEY } from '../../../core/broker/embedded/keys.ts'
import { openStore } from '../../../core/broker/embedded/store.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'

const path = mkdtempSync(join(tmpdir(), 'wattline-format-'))
afterAll(() => rmSync(path, { recursive: true, force: true }))
const MAX_BYTES = 100_000_000
const open = () => openEmbeddedBroker({ path, maxBytes: MAX_BYTES, events: silentEvents })
const streams = [{ name: 's', partitions: 1, groups: ['g'], retention: { timeMs: 1e9, bytes: 1e9 } }]

async function edit(key: Buffer, value: Buffer | null): Promise<void> {
  const store = openStore(path, MAX_BYTES)
  await store.write([{ key, value }])
  await store.close()
}
async function formatNow(): Promise<string> {
  const store = openStore(path, MAX_BYTES)
  const format = Buffer.from(store.get(FORMAT_KEY)!).toString()
  await store.close()
  return format
}

it('raises the format of an older log, and refuses a newer one', async () => {
  const first = await open()
  await first.createStreams(streams)
  await first.append('s', 0, [{ value: Buffer.from('kept'), timestampMs: 1 }])
  await first.close()
  expect(await formatNow()).toBe('2')

  await edit(FORMAT_KEY, Buffer.from('1'))
  await edit(ORIGINS_KEY, null)
  const second = await open()
  await second.createStreams(streams)
  expect(await second.lag('g', 's')).toMatchObject([{ end: 1n, committed: 0n }])
  await second.close()
  expect(await formatNow()).toBe('2')

  await edit(FORMAT_KEY, Buffer.from('3'))
  await expect(open()).rejects.toMatchObject({
    code: 'data_unusable',
    message: expect.stringMatching(/has format 3, this version reads formats up to 2.*restore a backup/),
  })
})

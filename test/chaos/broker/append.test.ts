/**
 * Guarantees: whenever the process is killed, every acknowledged record exists once, at the acknowledged place, intact
 * and in order; of the records of one append all exist or none. In a compacted stream the newest record of every key
 * exists, and all remaining records are intact.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { readNow } from '../../core/broker/folder.ts'
import { nameIn } from './filling.ts'
import { KILLS, random, runAndKill, SEED } from './killing.ts'

test(`acknowledged records survive ${KILLS} kills`, { timeout: 30_000 + KILLS * 10_000 }, async () => {
  const path = await mkdtemp(join(tmpdir(), 'wattline-chaos-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  const next = random(SEED)
  const acknowledged: { id: string; partition: number; offset: bigint; parts: number }[] = []
  const keyed = new Map<string, { id: string; offset: bigint }>()
  for (let run = 0; run < KILLS; run++) {
    const lines = await runAndKill('./appender.ts', [path, String(run)], next() * 250)
    for (const line of lines.slice(1)) {
      const [id = '', partition, offset = '0', parts] = line.split(' ')
      if (partition === 'kept') {
        keyed.set(`key ${parts}`, { id, offset: BigInt(offset) })
        continue
      }
      acknowledged.push({ id, partition: Number(partition), offset: BigInt(offset), parts: Number(parts) })
    }
  }
  const broker = await openEmbeddedBroker({ path, maxBytes: 4_000_000_000, events: silentEvents })
  onTestFinished(() => broker.close())
  const stored = [await readNow(broker, 's', 'audit', 0), await readNow(broker, 's', 'audit', 1)]
  const names = stored.map(records => records.map(r => nameIn(r.value)))
  expect(names.flat().filter(name => name === null)).toEqual([])
  expect(new Set(names.flat()).size).toBe(names.flat().length)
  for (const { id, partition, offset, parts } of acknowledged) {
    const expected = Array.from({ length: parts }, (_, part) => `${id}-${part}/${parts}`)
    expect(names[partition]!.slice(Number(offset), Number(offset) + parts)).toEqual(expected)
  }
  // Unacknowledged records are complete too: as many parts as the first one says.
  for (const inPartition of names) {
    for (let i = 0; i < inPartition.length; ) {
      const [id, part, parts] = inPartition[i]!.split(/-(?=\d+\/)|\//)
      expect(part).toBe('0')
      for (let p = 0; p < Number(parts); p++) expect(inPartition[i + p]).toBe(`${id}-${p}/${parts}`)
      i += Number(parts)
    }
  }
  expect(acknowledged.length).toBeGreaterThan(0)
  const newest = await broker.newest('kept')
  for (const [key, { id, offset }] of keyed) {
    const found = newest.get(key)!
    // One more record may be stored without acknowledgement.
    if (found.offset === offset) expect(nameIn(found.value)).toBe(id)
    else expect(found.offset).toBeGreaterThan(offset)
  }
  const kept = await readNow(broker, 'kept', 'another', 0)
  expect(kept.filter(({ value }) => nameIn(value) === null)).toEqual([])
  expect([...newest.values()].every(({ offset }) => kept.some(one => one.offset === offset))).toBe(true)
  expect(keyed.size).toBe(7)
  // Compaction worked: many more records were acknowledged than remain.
  expect(BigInt(kept.length)).toBeLessThan(kept.at(-1)!.offset)
})

/**
 * Guarantees: whenever the process is killed, outputs, state and committed offset agree: every input below the
 * committed offset has exactly one output, in order, and the state is their sum.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { onPartition, readNow } from '../../core/broker/folder.ts'
import { KILLS, random, runAndKill, SEED } from './killing.ts'

test(`outputs, state and offset agree after ${KILLS} kills`, {
  timeout: 30_000 + KILLS * 10_000,
}, async () => {
  const path = await mkdtemp(join(tmpdir(), 'wattline-chaos-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  const next = random(SEED + 1)
  let committedBefore = 0n
  for (let run = 0; run < KILLS; run++) {
    await runAndKill('./transactor.ts', [path], next() * 200)
    const broker = await openEmbeddedBroker({ path, maxBytes: 4_000_000_000, events: silentEvents })
    try {
      const [lag] = await broker.lag('sum', 'in')
      const inputs = (await readNow(broker, 'in')).map(r => Number(Buffer.from(r.value)))
      const outputs = (await readNow(broker, 'out')).map(r => Buffer.from(r.value).toString())
      const state = await onPartition(broker, 'sum', 'in', partition => partition.loadState())
      let sum = 0
      const expected = inputs.slice(0, Number(lag!.committed)).map(number => {
        sum += number
        return `${number} ${sum}`
      })
      expect(outputs).toEqual(expected)
      expect(Buffer.from(state.get('sum') ?? '0').toString()).toBe(String(sum))
      expect(lag!.committed >= committedBefore).toBe(true)
      committedBefore = lag!.committed
    } finally {
      await broker.close()
    }
  }
  expect(committedBefore).toBeGreaterThan(0n)
})

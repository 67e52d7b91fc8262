/**
 * Guarantees: one request at a time, in the order of the calls; waiting calls share a request up to its size, each with
 * its own offset; a call past its deadline is not sent; a failed request fails only its own calls.
 */
import { expect, test } from 'vitest'
import type { NewRecord } from '../../../../core/broker/broker.ts'
import { ProduceBatcher } from '../../../../core/broker/kafka/batcher.ts'

const record = (text: string, bytes = 1): NewRecord => ({
  value: Buffer.from(text.padEnd(bytes)),
  timestampMs: 0,
})

/** A log that answers on command. */
function slowLog() {
  const requests: string[][] = []
  const answers: ((error?: Error) => void)[] = []
  let end = 0n
  const send = (records: readonly NewRecord[]): Promise<bigint> => {
    requests.push(records.map(({ value }) => Buffer.from(value).toString().trim()))
    return new Promise((resolve, reject) => {
      answers.push(error => {
        if (error !== undefined) return reject(error)
        resolve(end)
        end += BigInt(records.length)
      })
    })
  }
  const answer = async (error?: Error): Promise<void> => {
    answers.shift()?.(error)
    await new Promise(setImmediate)
  }
  return { requests, send, answer }
}

test('waiting calls share the next request, and each gets its own offset', async () => {
  const log = slowLog()
  const batcher = new ProduceBatcher(log.send, 10_000)
  const first = batcher.append([record('a')])
  const others = [batcher.append([record('b'), record('c')]), batcher.append([record('d')])]
  expect(log.requests).toEqual([['a']])
  await log.answer()
  expect(log.requests).toEqual([['a'], ['b', 'c', 'd']])
  await log.answer()
  expect(await Promise.all([first, ...others])).toEqual([0n, 1n, 3n])
})

test('a request contains no more calls than its size allows, but one call of any size', async () => {
  const log = slowLog()
  const batcher = new ProduceBatcher(log.send, 10_000)
  const calls = ['a', 'large', 'b', 'c'].map((text, i) =>
    batcher.append([record(text, i === 1 ? 3_000_000 : 400_000)]),
  )
  for (let i = 0; i < 3; i++) await log.answer()
  await Promise.all(calls)
  expect(log.requests).toEqual([['a'], ['large'], ['b', 'c']])
})

test('a failed request fails its own calls, and the next one continues', async () => {
  const log = slowLog()
  const batcher = new ProduceBatcher(log.send, 10_000)
  const bad = batcher.append([record('bad')])
  const good = batcher.append([record('good')])
  const failed = expect(bad).rejects.toThrow('no')
  await log.answer(new Error('no'))
  await failed
  await log.answer()
  expect(await good).toBe(0n)
})

test('a call past its deadline is rejected, and never sent if it was still waiting', async () => {
  const log = slowLog()
  const batcher = new ProduceBatcher(log.send, 30)
  const sent = batcher.append([record('sent')])
  const waiting = batcher.append([record('waiting')])
  await expect(sent).rejects.toMatchObject({ code: 'broker_unavailable' })
  await expect(waiting).rejects.toMatchObject({ code: 'broker_unavailable' })
  await log.answer()
  expect(log.requests).toEqual([['sent']])
})

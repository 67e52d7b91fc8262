/**
 * Guarantees: for any order of appends, polls, commits, transactions, reopenings and retention, the embedded broker
 * behaves like a few arrays.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AssignedPartition, Broker, Subscription } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { runs } from '../../support/runs.ts'

interface Model {
  readonly records: string[]
  committed: number
  /** null without a subscription. */
  position: number | null
  state: Record<string, string>
}

/** The broker, and the partition that the test controls while it is subscribed. */
class Real {
  broker: Broker
  readonly #path: string
  readonly #retainedBytes: number
  #subscription: Subscription | null = null
  partition: AssignedPartition | null = null

  constructor(path: string, retainedBytes: number, broker: Broker) {
    this.#path = path
    this.#retainedBytes = retainedBytes
    this.broker = broker
  }

  static async open(path: string, retainedBytes: number): Promise<Broker> {
    const broker = await openEmbeddedBroker({ path, maxBytes: 100_000_000, events: silentEvents })
    await broker.createStreams([
      { name: 's', partitions: 1, groups: ['g'], retention: { timeMs: 1e15, bytes: retainedBytes } },
    ])
    return broker
  }

  async join(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<AssignedPartition>()
    this.#subscription = await this.broker.subscribe({
      group: 'g',
      streams: ['s'],
      work: async partition => {
        resolve(partition)
        await new Promise<void>(done => partition.revoked.addEventListener('abort', () => done()))
      },
      onFailure: (_, error) => {
        throw error
      },
    })
    this.partition = await promise
  }

  async leave(): Promise<void> {
    await this.#subscription?.close()
    this.#subscription = null
    this.partition = null
  }

  async reopen(): Promise<void> {
    await this.leave()
    await this.broker.close()
    this.broker = await Real.open(this.#path, this.#retainedBytes)
  }
}

type Command = fc.AsyncCommand<Model, Real>

const text = (value: Uint8Array) => Buffer.from(value).toString('latin1')
const bytes = (value: string) => Buffer.from(value, 'latin1')
const command = (
  name: string,
  check: (model: Model) => boolean,
  run: (model: Model, real: Real) => Promise<void>,
): Command => ({ check, run, toString: () => name })

const append = (values: readonly string[]) =>
  command(
    `append(${values.map(v => v.length)})`,
    () => true,
    async (model, real) => {
      const appended = await real.broker.append(
        's',
        0,
        values.map(v => ({ value: bytes(v), timestampMs: 1 })),
      )
      expect(appended).toEqual({ partition: 0, offset: BigInt(model.records.length) })
      model.records.push(...values)
    },
  )
const join_ = () =>
  command(
    'join',
    model => model.position === null,
    async (model, real) => {
      await real.join()
      model.position = model.committed
    },
  )
const leave = () =>
  command(
    'leave',
    model => model.position !== null,
    async (model, real) => {
      await real.leave()
      model.position = null
    },
  )
const poll = (maxRecords: number) =>
  command(
    `poll(${maxRecords})`,
    model => model.position !== null,
    async (model, real) => {
      const found = await real.partition!.poll({ maxRecords, maxBytes: 1e9, maxWaitMs: 0 })
      const expected = model.records.slice(model.position!, model.position! + maxRecords)
      expect(found.map(r => text(r.value))).toEqual(expected)
      expect(found.map(r => r.offset)).toEqual(expected.map((_, i) => BigInt(model.position! + i)))
      model.position = model.position! + expected.length
    },
  )
const commit = () =>
  command(
    'commit',
    model => model.position !== null,
    async (model, real) => {
      await real.partition!.commit(BigInt(model.position!))
      model.committed = model.position!
    },
  )
const transact = (key: string, value: string | null) =>
  command(
    `transact(${key}, ${value})`,
    model => model.position !== null,
    async (model, real) => {
      await real.partition!.transact({
        outputs: [{ stream: 's', partition: 0, record: { value: bytes(`out ${key}`), timestampMs: 1 } }],
        state: new Map([[key, value === null ? null : bytes(value)]]),
        nextOffset: BigInt(model.position!),
      })
      model.records.push(`out ${key}`)
      model.committed = model.position!
      if (value === null) delete model.state[key]
      else model.state[key] = value
    },
  )
const loadState = () =>
  command(
    'loadState',
    model => model.position !== null,
    async (model, real) => {
      const state = await real.partition!.loadState()
      expect(Object.fromEntries([...state].map(([k, v]) => [k, text(v)]))).toEqual(model.state)
    },
  )
const lag = () =>
  command(
    'lag',
    () => true,
    async (model, real) => {
      const [found] = await real.broker.lag('g', 's')
      expect(found).toMatchObject({ end: BigInt(model.records.length), committed: BigInt(model.committed) })
    },
  )
const reopen = () =>
  command(
    'reopen',
    () => true,
    async (model, real) => {
      await real.reopen()
      model.position = null
    },
  )

const value = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 20 }).map(s => Buffer.from(s).toString('latin1')) },
  fc.tuple(fc.nat(150_000), fc.nat(255)).map(([n, c]) => String.fromCharCode(c).repeat(n)),
)
const key = fc.constantFrom('a', 'b', 'ä')
const commands = fc.commands(
  [
    fc.array(value, { minLength: 1, maxLength: 4 }).map(append),
    fc.constant(join_()),
    fc.constant(leave()),
    fc.integer({ min: 1, max: 5 }).map(poll),
    fc.integer({ min: 1, max: 5 }).map(poll),
    fc.constant(commit()),
    fc
      .tuple(key, fc.option(fc.string({ maxLength: 9 }).map(s => Buffer.from(s).toString('latin1'))))
      .map(([k, v]) => transact(k, v)),
    fc.constant(loadState()),
    fc.constant(lag()),
    fc.constant(reopen()),
  ],
  { maxCommands: 40, size: 'max' },
)

test.each([{ retainedBytes: 1e12 }, { retainedBytes: 0 }])(
  'any interleaving agrees with the model, keeping $retainedBytes bytes',
  async ({ retainedBytes }) => {
    await fc.assert(
      fc.asyncProperty(commands, async drawn => {
        const path = await mkdtemp(join(tmpdir(), 'wattline-model-'))
        const real = new Real(path, retainedBytes, await Real.open(path, retainedBytes))
        try {
          const model: Model = { records: [], committed: 0, position: null, state: {} }
          await fc.asyncModelRun(() => ({ model, real }), drawn)
        } finally {
          await real.leave()
          await real.broker.close()
          await rm(path, { recursive: true })
        }
      }),
      { numRuns: runs(10) },
    )
  },
)

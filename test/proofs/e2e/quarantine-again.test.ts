// Guarantees, on the embedded log and on a real Apache Kafka: bytes that are not a record are quarantined once for each
// processor that reads them; a replay reaches exactly these, and what they refuse again is quarantined at its new
// place, with its origin in the headers; the first place counts as replayed, and the instance stays ready.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { QuarantineAnswer, QuarantinedRecordAnswer, ReplayAnswer } from '../../../core/api/answers.ts'
import { openKafkaBroker } from '../../../core/broker/kafka/kafka-broker.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { readings } from '../../../core/model/streams/index.ts'
import { kafkaIsAvailable } from '../../support/kafka/jars.ts'
import { type KafkaServer, startKafka } from '../../support/kafka/kafka-server.ts'
import { appendStored } from '../../support/stored-log.ts'
import { eventually } from '../../support/until.ts'
import { startProcess, type WattlineProcess } from '../../support/wattline-process.ts'

const BYTES = Buffer.from('these bytes are no record')
const folders: string[] = []
const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-again-'))
  folders.push(folder)
  return folder
}
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

async function replaysInVain(wattline: WattlineProcess): Promise<void> {
  const base = `${wattline.http}/api/v1/quarantine`
  const get = async <Answer>(path: string): Promise<Answer> =>
    (await (await fetch(`${base}${path}`)).json()) as Answer
  const list = async (): Promise<QuarantineAnswer['records']> => (await get<QuarantineAnswer>('')).records
  const isWhole = (records: QuarantineAnswer['records']): boolean =>
    records.every(({ processors }) => processors.length === 2)

  const [first] = await eventually(list, records => records.length === 1 && isWhole(records))
  expect(first).toMatchObject({ stream: 'readings', processors: ['meter', 'store'], bytes: BYTES.length })
  const place = `readings/0/${first!.offset}`
  const answer = await fetch(`${base}/${place}/replay`, { method: 'POST' })
  expect(answer.status).toBe(200)
  const { from, to, processors } = (await answer.json()) as ReplayAnswer
  expect({ from, processors }).toEqual({ from: place, processors: ['meter', 'store'] })

  const both = await eventually(
    list,
    records =>
      records.length === 2 && isWhole(records) && records.some(({ replay }) => replay.state === 'done'),
  )
  const byPlace = new Map(both.map(one => [`${one.stream}/${one.partition}/${one.offset}`, one]))
  expect(byPlace.get(place)?.replay).toEqual({ state: 'done', times: 1, place: to })
  expect(byPlace.get(to)?.replay).toEqual({ state: 'none', times: 0, place: null })
  const again = await get<QuarantinedRecordAnswer>(`/${to}`)
  expect(again.headers).toEqual({ 'replay-of': place, 'replay-for': 'meter,store' })
  expect(Buffer.from(again.record, 'base64')).toEqual(BYTES)
  expect(await (await fetch(`${wattline.http}/readyz`)).json()).toMatchObject({ ready: true, reasons: [] })
}

it('quarantines a record again when it is refused again, in the embedded log', async () => {
  const data = newFolder()
  expect(await (await startProcess({ data })).end('SIGTERM')).toBe(0)
  await appendStored(join(data, 'log'), readings.name, 0, [BYTES])
  const wattline = await startProcess({ data })
  await replaysInVain(wattline)
  expect(await wattline.end('SIGTERM')).toBe(0)
})

describe.runIf(kafkaIsAvailable())('with Kafka', () => {
  let kafka: KafkaServer
  beforeAll(async () => {
    kafka = await startKafka()
  })
  afterAll(() => kafka.destroy())

  it('quarantines a record again when it is refused again', async () => {
    const environment = {
      WATTLINE_BROKER_KIND: 'kafka',
      WATTLINE_BROKER_BROKERS: kafka.bootstrap,
      WATTLINE_BROKER_REPLICATION: '1',
      WATTLINE_BROKER_TOPIC_PREFIX: 'again',
    }
    const wattline = await startProcess({ data: newFolder(), environment })
    const broker = await openKafkaBroker({
      brokers: [kafka.bootstrap],
      topicPrefix: 'again',
      replication: 1,
      events: silentEvents,
    })
    const retention = { timeMs: 3_600_000, bytes: 1e9 }
    await broker.createStreams([{ name: readings.name, partitions: 2, groups: [], retention }])
    await broker.append(readings.name, 0, [{ value: BYTES, timestampMs: Date.now() }])
    await broker.close()
    await replaysInVain(wattline)
    expect(await wattline.end('SIGTERM')).toBe(0)
  })
})

// Guarantees: rules are evaluated for event times, once each, also after a stop; alerts become messages of their groups once;
// an error of a rule ends no alert and holds up no other; silences hold back; nothing depends on when the process ended.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silenceKey } from '../../../core/alerting/alert-log.ts'
import type { AlertMessage } from '../../../core/alerts/groups.ts'
import type { AlertSample } from '../../../core/alerts/rule.ts'
import { type Broker, RECORD_KIND } from '../../../core/broker/broker.ts'
import { openEmbeddedBroker } from '../../../core/broker/embedded/embedded-broker.ts'
import { alertsSchema } from '../../../core/catalogue/config/keys/alerts.ts'
import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import type { EventName } from '../../../core/catalogue/events/events.ts'
import { silentEvents } from '../../../core/catalogue/events/events.ts'
import { decodeRows, encodeRows } from '../../../core/columns/rows.ts'
import { alerts, notifications, silences } from '../../../core/model/streams/index.ts'
import { erasedValue } from '../../../processors/alert/forget.ts'
import { createAlert } from '../../../processors/alert/processor.ts'
import { ERASE_KIND } from '../../../processors/loop/erasure.ts'
import { type Processor, Runner } from '../../../processors/loop/runner.ts'
import { impatient } from '../../support/impatient.ts'
import { until } from '../../support/until.ts'

const NOON = Date.parse('2026-11-30T12:00:00Z') / 1000
let folder: string
let broker: Broker
let runner: Runner | null = null
let nowS = NOON
let read: (rule: string, at: number) => readonly AlertSample[] = () => []
let isSettled = true
let lagsAsked = 0
const asked: string[] = []
const changes: string[] = []
const messages: AlertMessage[] = []
const events: EventName[] = []
const retention = { timeMs: 3_600_000, bytes: 1e9 }

beforeEach(async () => {
  for (const list of [asked, changes, messages, events]) list.length = 0
  nowS = NOON
  isSettled = true
  lagsAsked = 0
  folder = mkdtempSync(join(tmpdir(), 'wattline-alert-'))
  broker = impatient(await openEmbeddedBroker({ path: folder, maxBytes: 1e9, events: silentEvents }))
  await broker.createStreams([
    { name: silences.name, partitions: 1, groups: ['alert'], retention, compacted: true },
    { name: alerts.name, partitions: 1, groups: ['notes'], retention },
    { name: notifications.name, partitions: 2, groups: ['notes'], retention },
  ])
})

afterEach(async () => {
  await runner?.stop()
  runner = null
  await broker.close()
  rmSync(folder, { recursive: true, force: true })
})

const minuteOf = (seconds: number): number => (seconds - NOON) / 60

const notes = (stream: typeof alerts | typeof notifications): Processor => ({
  name: 'notes',
  streams: [stream.name],
  poll: { maxRecords: 100, maxBytes: 1e6, maxWaitMs: 10 },
  open: async () => ({
    apply: ({ value }) => {
      if (stream.name === alerts.name) {
        for (const row of decodeRows(alerts, value))
          changes.push(`${minuteOf(row.Time)} ${row.Rule} ${row.State}`)
      } else
        for (const row of decodeRows(notifications, value))
          messages.push(JSON.parse(row.Message) as AlertMessage)
    },
  }),
})

const HOT = { alert: 'Hot', sql: 'SELECT 1 AS value', above: 5, annotations: { summary: '{{ $value }}' } }
const ROUTE = { receiver: 'ops', group_wait: 0, group_interval: 60, repeat_interval: 3600 }

async function start(rules: readonly object[] = [HOT], routes: readonly object[] = [ROUTE]): Promise<void> {
  const config = alertsSchema.parse({
    delay: 0,
    groups: [{ name: 'g', rules }],
    receivers: [{ name: 'ops', kind: 'webhook', url: 'http://ops/' }],
    routes,
  })
  const now = () => nowS * 1000
  const recorded = { emit: (name: EventName) => void events.push(name) }
  runner = new Runner({ broker, events: recorded, now })
  await runner.start(
    createAlert({
      alerts: config,
      latenessSeconds: 0,
      broker: {
        partitions: () => 2,
        lag: async () => {
          lagsAsked += 1
          return [{ partition: 0, committed: isSettled ? 1n : 0n, end: 1n }] as never
        },
      },
      read: async (tenant, { name }, at) => {
        asked.push(`${tenant} ${name} ${minuteOf(at)}`)
        return read(name, at)
      },
      events: recorded,
      now,
    }),
  )
  await runner.start(notes(alerts))
  await runner.start(notes(notifications))
}

/** Lets the clock stand at a minute until that was evaluated. */
async function minute(number: number, rule = 'Hot'): Promise<void> {
  nowS = NOON + number * 60
  await until(() => asked.includes(`default ${rule} ${number}`))
}

const hot = (value: number, host = 'h1'): AlertSample => ({ labels: { host }, value })

describe('an alert', () => {
  it('becomes a message, and its end another one', async () => {
    read = (_, at) => [hot(minuteOf(at) === 1 ? 6 : 4)]
    await start()
    await minute(0)
    await minute(1)
    await until(() => messages.length === 1)
    await minute(2)
    await until(() => messages.length === 2)
    expect(changes).toEqual(['1 Hot firing', '2 Hot resolved'])
    expect(messages.map(({ status }) => status)).toEqual(['firing', 'resolved'])
    expect(messages[0]?.alerts[0]).toMatchObject({
      labels: { alertname: 'Hot', host: 'h1' },
      annotations: { summary: '6' },
    })
    expect(new Set(messages.map(({ id }) => id)).size).toBe(2)
  })

  it('goes on through restarts, and minutes of a stop are evaluated afterwards', async () => {
    read = (_, at) => [hot(minuteOf(at) >= 1 && minuteOf(at) < 7 ? 6 : 4)]
    await start([{ ...HOT, for: '5m' }])
    await minute(0)
    await minute(1)
    await until(() => changes.length === 1)
    await runner?.stop()
    nowS = NOON + 8 * 60
    await start([{ ...HOT, for: '5m' }])
    await until(() => changes.length === 3)
    expect(changes).toEqual(['1 Hot pending', '6 Hot firing', '7 Hot resolved'])
    const minutes = asked.map(text => Number(text.split(' ')[2]))
    expect(minutes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  })

  it('is not evaluated before the tables are complete, and is when that takes too long', async () => {
    read = () => [hot(6)]
    isSettled = false
    await start()
    await until(() => lagsAsked > 0)
    expect(asked).toEqual([])
    nowS = NOON + 601
    await until(() => changes.length === 1)
    expect(events).toContain('alertEvaluationStale')
  })
})

it('a rule about the pipeline is evaluated while the pipeline is behind, and only for now', async () => {
  read = () => [hot(6)]
  isSettled = false
  const stuck = { alert: 'Stuck', check: 'lag', above: 1 }
  await start([stuck, HOT])
  await minute(0, 'Stuck')
  await until(() => changes.length === 1)
  expect(changes).toEqual(['0 Stuck firing'])
  await runner?.stop()
  nowS = NOON + 5 * 60
  await start([stuck, HOT])
  await minute(5, 'Stuck')
  expect(asked).toEqual(['default Stuck 0', 'default Stuck 5'])
})

describe('a rule that fails', () => {
  it('keeps its alerts, and does not hold up the others', async () => {
    read = (rule, at) => {
      if (rule === 'Broken' && minuteOf(at) === 1) throw new WattlineError('sql_failed', 'Unknown column.')
      return [hot(6)]
    }
    await start([{ ...HOT, alert: 'Broken' }, HOT])
    await minute(0)
    await minute(1)
    await until(() => events.includes('alertRuleFailed'))
    await minute(2)
    expect(changes).toEqual(['0 Broken firing', '0 Hot firing'])
  })

  it('because two rows have the same labels is reported', async () => {
    read = () => [hot(6), hot(7)]
    await start()
    await until(() => events.includes('alertRuleFailed'))
  })
})

describe('a silence', () => {
  const silence = async (tenant: string, host: string, more: object = {}): Promise<void> => {
    const row = {
      Tenant: tenant,
      SilenceId: 's1',
      Updated: NOON,
      StartsAt: NOON,
      EndsAt: NOON + 3600,
      CreatedBy: 'me',
      Comment: '',
      Matchers: { host },
      ...more,
    }
    const value = encodeRows(silences, [row])
    await broker.append(silences.name, 0, [
      { key: silenceKey(tenant, 's1'), value, timestampMs: NOON * 1000 },
    ])
  }
  const heard = (message = 0) => messages[message]?.alerts.map(({ labels }) => labels['host'])

  it('holds back what it matches; alerts of a group are sent together', async () => {
    read = () => [hot(6), hot(7, 'h2'), hot(8, 'h3')]
    await silence('default', 'h2')
    await start([HOT], [{ ...ROUTE, group_wait: 30 }])
    await minute(0)
    nowS = NOON + 31
    await until(() => messages.length === 1)
    expect(heard()).toEqual(['h1', 'h3'])
  })

  it('of another tenant, with the same id, changes nothing', async () => {
    read = () => [hot(6), hot(7, 'h2')]
    await silence('default', 'h2')
    await silence('other', 'h1')
    await silence('other', 'h1', { EndsAt: NOON - 1 })
    await start()
    await minute(0)
    await until(() => messages.length === 1)
    expect(heard()).toEqual(['h1'])
  })

  it('is forgotten with its tenant, as alerts are', async () => {
    read = () => [hot(6), hot(7, 'h2')]
    await silence('default', 'h2')
    await silence('other', 'h2')
    await start()
    await minute(0)
    await until(() => messages.length === 1)
    await broker.append(silences.name, 0, [
      {
        key: ERASE_KIND,
        value: erasedValue('default'),
        headers: { [RECORD_KIND]: ERASE_KIND },
        timestampMs: NOON * 1000,
      },
    ])
    await minute(1)
    await until(() => messages.length === 2)
    await runner?.stop()
    // It fires again because the state knew nothing of it, and nothing holds it back any more.
    expect(changes.filter(text => text.startsWith('1 '))).toEqual(['1 Hot firing', '1 Hot firing'])
    expect(heard(1)).toEqual(['h1', 'h2'])
  })
})

it('forgets the alerts of a rule that the configuration does not have any more', async () => {
  read = () => [hot(6)]
  await start([HOT, { ...HOT, alert: 'Other' }])
  await minute(0, 'Other')
  await until(() => changes.length === 2)
  await runner?.stop()
  await start([HOT])
  await minute(1)
  await runner?.stop()
  await start([HOT, { ...HOT, alert: 'Other' }])
  await minute(2, 'Other')
  await until(() => changes.length === 3)
  expect(changes[2]).toBe('2 Other firing')
})

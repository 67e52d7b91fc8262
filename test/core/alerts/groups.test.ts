// Guarantees: alerts of a route with the same labels go out as one message, after the waits; each end of an alert that was
// named is sent once; a silence holds back and forgets nothing; every message has an id of its own.
import { describe, expect, it } from 'vitest'
import {
  type AlertGroup,
  type AlertRoute,
  alertGroups,
  flushGroup,
  type SentAlert,
  startGroup,
} from '../../../core/alerts/groups.ts'
import { matchesAll } from '../../../core/alerts/labels.ts'

const ROUTE: AlertRoute = {
  match: {},
  receiver: 'ops',
  groupBy: ['account'],
  groupWait: 30,
  groupInterval: 300,
  repeatInterval: 3_600,
  continues: false,
}
const alert = (host: string, startsAt = 0, endsAt: number | null = null): SentAlert => ({
  labels: { alertname: 'Hot', account: 'a', host },
  annotations: {},
  value: 1,
  startsAt,
  endsAt,
})
const started = (): AlertGroup => startGroup(alertGroups([ROUTE], 'shop', alert('h1').labels)[0]!, 'shop', 0)

describe('routes', () => {
  it('the first that matches receives an alert, and later ones too if it continues', () => {
    const routes = [
      { ...ROUTE, match: { severity: 'page' }, receiver: 'pager', continues: true },
      { ...ROUTE, match: { account: 'a*' }, receiver: 'team' },
      ROUTE,
    ]
    const receivers = (labels: Record<string, string>) =>
      alertGroups(routes, 'shop', labels).map(({ route }) => route.receiver)
    expect(receivers({ severity: 'page', account: 'ab' })).toEqual(['pager', 'team'])
    expect(receivers({ severity: 'page', account: 'b' })).toEqual(['pager', 'ops'])
    expect(receivers({})).toEqual(['ops'])
  })

  it.each([
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*b*c', 'axbyc', true],
    ['a*b*c', 'abc', true],
    ['ab*ba', 'aba', false],
    ['a', 'ab', false],
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
  ])('%s matches %s: %s', (pattern, value, expected) => {
    expect(matchesAll({ x: pattern }, { x: value })).toBe(expected)
  })
})

describe('a group', () => {
  it('waits for other alerts of the group before its first message', () => {
    expect(flushGroup(started(), [alert('h1')], ROUTE, [], 29).message).toBeNull()
    const { message } = flushGroup(started(), [alert('h1'), alert('h2')], ROUTE, [], 30)
    expect(message).toMatchObject({
      receiver: 'ops',
      status: 'firing',
      groupLabels: { account: 'a' },
      commonLabels: { alertname: 'Hot', account: 'a' },
    })
    expect(message?.alerts).toHaveLength(2)
  })

  it('sends changes again after the interval, and what still fires after the repeat interval', () => {
    const first = flushGroup(started(), [alert('h1')], ROUTE, [], 30)
    expect(flushGroup(first.group!, [alert('h1')], ROUTE, [], 330).message).toBeNull()
    const second = flushGroup(first.group!, [alert('h1'), alert('h2', 60)], ROUTE, [], 330)
    expect(second.message?.alerts).toHaveLength(2)
    expect(second.message?.id).not.toBe(first.message?.id)
    const third = flushGroup(second.group!, [alert('h1'), alert('h2', 60)], ROUTE, [], 330 + 3_600)
    expect(third.message?.status).toBe('firing')
  })

  it('sends the end of an alert once, and ends with it', () => {
    const first = flushGroup(started(), [alert('h1')], ROUTE, [], 30)
    const ended = { ...first.group!, ended: [alert('h1', 0, 200)] }
    expect(flushGroup(ended, [], ROUTE, [], 329)).toEqual({ group: ended, message: null })
    const last = flushGroup(ended, [], ROUTE, [], 330)
    expect(last.message).toMatchObject({ status: 'resolved', alerts: [{ endsAt: 200 }] })
    expect(last.group).toBeNull()
  })

  it('sends nothing about an alert that started and ended between two messages', () => {
    const ended = { ...started(), ended: [alert('h1', 0, 20)] }
    expect(flushGroup(ended, [], ROUTE, [], 30)).toEqual({ group: null, message: null })
  })

  it('holds back silenced alerts, and sends them when the silence is over', () => {
    const silence = { id: 's', matchers: { host: 'h1' }, startsAt: 0, endsAt: 100 }
    const first = flushGroup(started(), [alert('h1'), alert('h2')], ROUTE, [silence], 30)
    expect(first.message?.alerts.map(one => one.labels['host'])).toEqual(['h2'])
    const second = flushGroup(first.group!, [alert('h1'), alert('h2')], ROUTE, [silence], 330)
    expect(second.message?.alerts).toHaveLength(2)
  })
})

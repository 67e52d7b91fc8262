// Guarantees: an alert fires after its value was bad for `for`, ends once it is good for `keep_firing_for`; what is not known
// ends nothing; every change of state is reported once, and the states follow from the samples alone.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AlertInstance, evaluateRule } from '../../../core/alerts/instance.ts'
import type { AlertRule, AlertSample } from '../../../core/alerts/rule.ts'

const RULE: AlertRule = {
  name: 'Hot',
  condition: { above: 5 },
  forSeconds: 120,
  keepFiringSeconds: 0,
  noData: 'alert',
  absent: 'unknown',
  goneSeconds: 3_600,
  labels: { severity: 'page' },
  annotations: { summary: '{{ $labels.host }} is at {{ $value }}' },
}

const at = (value: number | null, host = 'h1'): AlertSample => ({ labels: { host }, value })

/** Transitions of evaluations a minute apart, as `minute state host`. */
function run(rule: AlertRule, evaluations: readonly (readonly AlertSample[])[]): readonly string[] {
  let known: ReadonlyMap<string, AlertInstance> = new Map()
  return evaluations.flatMap((samples, minute) => {
    const { instances, transitions } = evaluateRule(rule, known, samples, minute * 60)
    known = instances
    return transitions.map(
      ({ state, instance }) => `${minute} ${state} ${instance.labels['host'] ?? 'no data'}`,
    )
  })
}

describe('an alert', () => {
  it('fires after its value was bad for the whole of `for`', () => {
    expect(run(RULE, [[at(4)], [at(6)], [at(7)], [at(8)], [at(5)]])).toEqual([
      '1 pending h1',
      '3 firing h1',
      '4 resolved h1',
    ])
  })

  it('is dropped when its value is good again before that', () => {
    expect(run(RULE, [[at(6)], [at(6)], [at(5)], [at(6)], [at(6)]])).toEqual([
      '0 pending h1',
      '2 dropped h1',
      '3 pending h1',
    ])
  })

  it('keeps firing for a while if configured, counted from the last bad value', () => {
    const rule = { ...RULE, forSeconds: 0, keepFiringSeconds: 120 }
    expect(run(rule, [[at(6)], [at(1)], [at(6)], [at(1)], [at(1)], [at(1)]])).toEqual([
      '0 firing h1',
      '5 resolved h1',
    ])
  })

  it('has the labels of the rule, and annotations with the newest value', () => {
    const { instances } = evaluateRule({ ...RULE, forSeconds: 0 }, new Map(), [at(6.25)], 0)
    expect([...instances.values()][0]).toMatchObject({
      labels: { alertname: 'Hot', severity: 'page', host: 'h1' },
      annotations: { summary: 'h1 is at 6.25' },
    })
  })

  it('fires for every row if no condition is given', () => {
    const rule = { ...RULE, condition: null, forSeconds: 0 }
    expect(run(rule, [[at(null)], []])).toEqual(['0 firing h1', '1 resolved h1'])
  })

  it('treats a ratio of nothing as bad', () => {
    expect(run({ ...RULE, forSeconds: 0 }, [[at(Number.NaN)]])).toEqual(['0 firing h1'])
  })

  it('refuses two values for the same labels', () => {
    expect(() => evaluateRule(RULE, new Map(), [at(1), at(2)], 0)).toThrow('two values')
  })
})

describe('without data', () => {
  const rule = { ...RULE, forSeconds: 0 }

  it('a firing alert keeps firing, and an alert says that there is no data', () => {
    expect(run(rule, [[at(6)], [], [at(1)]])).toEqual([
      '0 firing h1',
      '1 firing no data',
      '2 resolved h1',
      '2 resolved no data',
    ])
  })

  it('an alert of one host stays while other hosts have data', () => {
    expect(run(rule, [[at(6), at(6, 'h2')], [at(6, 'h2')], [at(1), at(1, 'h2')]])).toEqual([
      '0 firing h1',
      '0 firing h2',
      '2 resolved h1',
      '2 resolved h2',
    ])
  })

  it('is good if the rule says so', () => {
    expect(run({ ...rule, noData: 'ok' }, [[at(6)], []])).toEqual(['0 firing h1', '1 resolved h1'])
  })

  it('changes nothing if the rule says so', () => {
    expect(run({ ...rule, noData: 'keep' }, [[at(6)], [], [at(1)]])).toEqual(['0 firing h1', '2 resolved h1'])
  })
})

describe('an alert without a value while others have one', () => {
  const rule = { ...RULE, forSeconds: 0 }

  it('ends after a while if its value is unknown: what it is about is gone', () => {
    const others = [at(1, 'h2')]
    expect(run({ ...rule, goneSeconds: 180 }, [[at(6)], others, others, others, others])).toEqual([
      '0 firing h1',
      '4 resolved h1',
    ])
  })

  it('begins to count again when it comes back', () => {
    const others = [at(1, 'h2')]
    const evaluations = [[at(6)], others, [at(6), ...others], others, others, others]
    expect(run({ ...rule, goneSeconds: 120 }, evaluations)).toEqual(['0 firing h1', '5 resolved h1'])
  })

  it('is 0 if it is a sum', () => {
    const sum: AlertRule = { ...rule, absent: 'zero' }
    expect(run(sum, [[at(6)], [at(1, 'h2')]])).toEqual(['0 firing h1', '1 resolved h1'])
    const below: AlertRule = { ...sum, condition: { below: 5 } }
    expect(run(below, [[at(4)], [at(9, 'h2')]])).toEqual(['0 firing h1'])
  })

  it('stays while its value is null, however long', () => {
    const unknown = [at(null), at(1, 'h2')]
    expect(run({ ...rule, goneSeconds: 0 }, [[at(6)], unknown, unknown, [at(1)]])).toEqual([
      '0 firing h1',
      '3 resolved h1',
    ])
    expect(run(rule, [[at(6)], [at(null)], [at(1)]])).toEqual([
      '0 firing h1',
      '1 firing no data',
      '2 resolved h1',
      '2 resolved no data',
    ])
  })
})

it('fires exactly when the last values require it, for any values', () => {
  const values = fc.array(fc.integer({ min: 0, max: 10 }), { maxLength: 40 })
  fc.assert(
    fc.property(
      values,
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 4 }),
      (list, forMinutes, keepMinutes) => {
        const rule = { ...RULE, forSeconds: forMinutes * 60, keepFiringSeconds: keepMinutes * 60 }
        let known: ReadonlyMap<string, AlertInstance> = new Map()
        let firing = false
        let good = 0
        for (const [minute, value] of list.entries()) {
          known = evaluateRule(rule, known, [at(value)], minute * 60).instances
          const badSince = list.slice(0, minute + 1).findLastIndex(one => one <= 5) + 1
          good = value > 5 ? 0 : good + 1
          if (firing) firing = value > 5 || good - 1 < keepMinutes
          else firing = value > 5 && minute - badSince >= forMinutes
          expect([...known.values()][0]?.state === 'firing').toBe(firing)
        }
      },
    ),
    { seed: 17, numRuns: 300 },
  )
})

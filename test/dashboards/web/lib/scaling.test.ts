/** Guarantees: the drawing has a step at each decision and ends now; what is unknown stays where it was last known. */
import { expect, test } from 'vitest'
import type { ScalingDecisionAnswer } from '../../../../core/api/answers.ts'
import { HEIGHT, stepChart, WIDTH } from '../../../../dashboards/web/lib/scaling.ts'

const at = (second: number, replicas: number, demand: number | null): ScalingDecisionAnswer =>
  ({
    time: new Date(second * 1000).toISOString(),
    replicas,
    demand_replicas: demand,
  }) as ScalingDecisionAnswer

test('replicas and demand are steps from decision to decision', () => {
  const [bottom, top] = [HEIGHT - 4, 4]
  expect(stepChart([at(60, 4, null), at(30, 2, 4), at(0, 0, null)], 120_000)).toEqual({
    replicas: `0,${bottom} ${WIDTH / 4},${bottom} ${WIDTH / 4},60 ${WIDTH / 2},60 ${WIDTH / 2},${top} ${WIDTH},${top}`,
    demand: `${WIDTH / 4},${top} ${WIDTH / 2},${top} ${WIDTH / 2},${top} ${WIDTH},${top}`,
    most: 4,
    fromMs: 0,
    toMs: 120_000,
  })
})

test('there is nothing to draw of one decision, and no demand where none is known', () => {
  expect(stepChart([at(0, 1, 1)], 0)).toBeNull()
  expect(stepChart([at(1, 0, null), at(0, 0, null)], 1_000)).toMatchObject({ demand: '', most: 1 })
})

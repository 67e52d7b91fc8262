// Guarantees: a sender's metadata is stored by tenant, found by the names of samples, and limited in size.

import { expect, it } from 'vitest'
import type { MetricType } from '../../../../collector/prometheus/metric.ts'
import { FamilyMemory, type FamilyMetadata } from '../../../../collector/prometheus/remote-write/families.ts'

const family = (type: MetricType, help = ''): FamilyMetadata => ({ type, help, unit: '' })

it('finds the family of a sample by its name and the suffixes that its type has', () => {
  const memory = new FamilyMemory()
  const told: Record<string, MetricType> = {
    h: 'histogram',
    g: 'gaugehistogram',
    s: 'summary',
    c: 'counter',
    i: 'info',
    x: 'gauge',
    h_count: 'gauge',
  }
  for (const [name, type] of Object.entries(told)) memory.learn('a', name, family(type))
  const found: Record<string, MetricType | undefined> = {
    h: 'histogram',
    h_bucket: 'histogram',
    h_sum: 'histogram',
    // Said by its own name.
    h_count: 'gauge',
    h_total: undefined,
    g_bucket: 'gaugehistogram',
    g_gcount: 'gaugehistogram',
    g_gsum: 'gaugehistogram',
    g_sum: undefined,
    s_sum: 'summary',
    s_bucket: undefined,
    c_total: 'counter',
    i_info: 'info',
    x_total: undefined,
    y: undefined,
  }
  for (const [name, type] of Object.entries(found))
    expect([name, memory.find('a', name)?.type]).toEqual([name, type])
})

it('keeps tenants apart', () => {
  const memory = new FamilyMemory()
  memory.learn('a', 'm', family('counter'))
  memory.learn('b', 'm', family('gauge'))
  expect(memory.find('a', 'm')?.type).toBe('counter')
  expect(memory.find('b', 'm')?.type).toBe('gauge')
  expect(memory.find('c', 'm')).toBeUndefined()
})

it('forgets the oldest metadata first, of this tenant only', () => {
  const memory = new FamilyMemory(10_000)
  memory.learn('b', 'other', family('counter'))
  for (const name of ['one', 'two', 'three']) memory.learn('a', name, family('counter', 'x'.repeat(2_000)))
  memory.learn('a', 'one', family('gauge', 'y'.repeat(2_000)))
  memory.learn('a', 'four', family('counter', 'x'.repeat(6_500)))
  expect(['one', 'two', 'three', 'four'].map(name => memory.find('a', name)?.type)).toEqual([
    'gauge',
    undefined,
    undefined,
    'counter',
  ])
  // Metadata that alone exceeds the limit is not stored.
  memory.learn('a', 'five', family('counter', 'x'.repeat(10_000)))
  expect(memory.find('a', 'five')).toBeUndefined()
  expect(memory.find('b', 'other')?.type).toBe('counter')
  memory.learn('a', 'six', family('counter', 'x'.repeat(6_000)))
  expect(memory.find('a', 'six')?.type).toBe('counter')
  memory.learn('a', 'seven', family('counter', 'x'.repeat(6_000)))
  expect(['six', 'seven'].map(name => memory.find('a', name)?.type)).toEqual([undefined, 'counter'])
})

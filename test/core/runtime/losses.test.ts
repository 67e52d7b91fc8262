// Guarantees: a finding is reported once and is kept over restarts until it is accepted; rows that return are assigned
// to the losses of their table, the oldest first, and a loss ends as restored or as lost; only missing data keeps an
// instance unready.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lossesText } from '../../../cli/losses.ts'
import { type Extent, Losses, readLosses } from '../../../core/runtime/losses.ts'
import { lossFamilies } from '../../../query/status/loss-metrics.ts'

let data: string
let emitted: string[]
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'wattline-losses-'))
  emitted = []
})
afterEach(() => rmSync(data, { recursive: true }))

const open = (): Losses =>
  new Losses(data, { emit: (name, facts) => void emitted.push(`${name} ${facts?.['state'] ?? ''}`) })
const rows = (table: string, count: number | null): Extent => ({
  table,
  rows: count,
  records: null,
  from: null,
  to: null,
})
const loss = (
  id: string,
  state: 'lost' | 'restoring' | 'noted',
  extent: readonly Extent[] = [],
  more = {},
) => ({
  id,
  state,
  what: `What ${id}.`,
  remedy: 'Do this.',
  extent,
  ...more,
})

it('reports a finding once, and keeps it until it is accepted', async () => {
  const losses = open()
  await losses.add(loss('a', 'lost', [rows('t', 5)]))
  await losses.add(loss('a', 'lost'))
  await losses.add(loss('b', 'noted'))
  expect(emitted).toEqual(['lossFound lost', 'lossFound noted'])
  const again = open()
  expect(again.reasons()).toEqual(['What a (table t: 5 rows). Do this. Then run `wattline losses --accept`.'])
  expect(again.notes()).toHaveLength(1)
  expect(await again.takeAcceptance()).toBe(false)
  writeFileSync(join(data, 'losses.accept'), '')
  expect(await again.takeAcceptance()).toBe(true)
  expect(existsSync(join(data, 'losses.accept'))).toBe(false)
  expect([...again.reasons(), ...again.notes()]).toEqual([])
  expect(readLosses(data).map(({ accepted }) => accepted)).toEqual([expect.any(String), expect.any(String)])
  expect(lossesText(readLosses(data))).toMatch(/lost, accepted 20.*\n {2}What a\.\n {2}- table t: 5 rows/)
})

it('assigns what returns to the oldest loss first, and ends each', async () => {
  const losses = open()
  const restoring = {
    'traces/0': { table: 't', rows: 0, isDone: false },
    'traces/1': { table: 't', rows: 0, isDone: false },
  }
  await losses.add(loss('a', 'restoring', [rows('t', 10)], { restoring }))
  await losses.add(
    loss('b', 'restoring', [rows('t', 10)], { restoring: { 'traces/1': restoring['traces/1'] } }),
  )
  await losses.restored('traces/0', { table: 't', rows: 4, isDone: true })
  await losses.restored('traces/1', { table: 't', rows: 2, isDone: false })
  const values = () =>
    Object.fromEntries(
      lossFamilies(losses.all()).map(({ name, samples }) => [
        name,
        samples.filter(({ value }) => value !== 0),
      ]),
    )
  expect(values()['wattline_lost_rows']).toEqual([{ labels: 'table="t"', value: 14 }])
  expect(losses.reasons()).toHaveLength(2)
  await losses.restored('traces/1', { table: 't', rows: 9, isDone: true })
  // Once more, as after a kill.
  await losses.restored('traces/1', { table: 't', rows: 9, isDone: true })
  expect(losses.all().map(({ state, extent }) => [state, extent[0]?.restoredRows])).toEqual([
    ['restored', 10],
    ['lost', 3],
  ])
  expect(emitted.slice(2).toSorted()).toEqual(['lossChanged lost', 'lossChanged restored'])
  expect(values()['wattline_lost_rows']).toEqual([{ labels: 'table="t"', value: 7 }])
  expect(values()['wattline_losses']).toHaveLength(2)
})

it('treats a whole table as returned when it was created again', async () => {
  const losses = open()
  const restoring = { index: { table: 'index', rows: 0, isDone: false } }
  await losses.add(loss('a', 'restoring', [rows('index', 10)], { restoring }))
  await losses.restored('index', { table: 'index', rows: null, isDone: true })
  expect(losses.all()).toMatchObject([{ state: 'restored', extent: [{ restoredRows: 10 }] }])
})

it('calls rows of a derived table restored only where nothing is lost of what they are made from', async () => {
  const at = (extent: Extent, from: string, to: string): Extent => ({ ...extent, from, to })
  const restoring = {
    'traces/0': { table: 'spans', rows: 0, isDone: false },
    index: { table: 'index', rows: 0, isDone: false },
  }
  const [may, june] = [
    ['2026-05-01T00:00:00Z', '2026-05-02T00:00:00Z'],
    ['2026-06-01T00:00:00Z', '2026-06-02T00:00:00Z'],
  ] as const
  const made = { table: 'index', rows: null, isDone: true, madeFrom: 'spans' }
  const after = async (backRows: number): Promise<Losses> => {
    const losses = open()
    const both = [at(rows('spans', 50), ...may), at(rows('index', 10), ...may)]
    await losses.add(loss(`with ${backRows}`, 'restoring', both, { restoring }))
    await losses.restored('traces/0', { table: 'spans', rows: backRows, isDone: true })
    await losses.restored('index', made)
    return losses
  }
  const whole = await after(50)
  expect(whole.all()).toMatchObject([{ state: 'restored', extent: [{}, { restoredRows: 10 }] }])
  const part = await after(30)
  expect(part.all()[1]).toMatchObject({
    state: 'lost',
    extent: [{ restoredRows: 30 }, { madeFrom: 'spans' }],
  })
  expect(part.all()[1]?.extent[1]?.restoredRows).toBe(0)
  expect(lossesText(part.all())).toContain(
    '- table index: 10 rows, made again from what is left of table spans, 2026-05-01',
  )
  const [, lost] = lossFamilies(part.all())
  expect(lost?.samples.filter(({ value }) => value !== 0)).toEqual([{ labels: 'table="spans"', value: 20 }])

  // Later the index alone is damaged, where spans are gone, and elsewhere.
  for (const [id, [from, to]] of Object.entries({ may, june })) {
    const of = [at(rows('index', 7), from, to)]
    await part.add(loss(id, 'restoring', of, { restoring: { index: restoring.index } }))
    await part.restored('index', made)
  }
  expect(part.all().slice(2)).toMatchObject([
    { id: 'may', state: 'restored', extent: [{ madeFrom: 'spans' }] },
    { id: 'june', state: 'restored', extent: [{ restoredRows: 7 }] },
  ])
})

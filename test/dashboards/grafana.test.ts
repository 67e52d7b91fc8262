// Guarantees: the board files equal the code; every query of every panel and variable, expanded as Grafana expands it,
// passes the fence of /clickhouse/, runs in the engine and returns rows that a board can draw.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DATASOURCE } from '../../dashboards/grafana/board.ts'
import { BOARDS, boardFiles } from '../../dashboards/grafana/boards.ts'
import { expandQuery, type PanelRange, sendAsGrafana } from '../support/grafana.ts'
import type { WattlineProcess } from '../support/wattline-process.ts'
import { ALL, SOME, startFilled } from './grafana-filled.ts'

const FOLDER = new URL('../../dashboards/grafana/boards', import.meta.url).pathname
const now = Date.now()
const minute = Math.floor(now / 60_000) * 60_000 - 30 * 60_000

describe('files', () => {
  it('are generated from the code: `npm run boards` writes them', () => {
    const written = new Map(readdirSync(FOLDER).map(name => [name, readFileSync(join(FOLDER, name), 'utf8')]))
    expect(written).toEqual(new Map([...boardFiles()].sort()))
  })

  it('use the provisioned data source, do not overlap panels, and have unique names', () => {
    for (const text of boardFiles().values()) {
      const board = JSON.parse(text) as {
        panels: { id: number; gridPos: { x: number; y: number; w: number; h: number }; datasource: unknown }[]
      }
      expect(new Set(board.panels.map(({ id }) => id)).size).toBe(board.panels.length)
      const cells = board.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
        expect(x + w).toBeLessThanOrEqual(24)
        return Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`)
      })
      expect(new Set(cells).size).toBe(cells.length)
      expect(
        board.panels.every(({ datasource }) => JSON.stringify(datasource) === JSON.stringify(DATASOURCE)),
      ).toBe(true)
    }
  })
})

describe('queries', () => {
  const data = mkdtempSync(join(tmpdir(), 'wattline-grafana-'))
  let wattline: WattlineProcess

  beforeAll(async () => {
    wattline = await startFilled(data, { now, minute })
  }, 120_000)

  afterAll(async () => {
    await wattline.end('SIGTERM')
    rmSync(data, { recursive: true, force: true })
  })

  const RANGE: PanelRange = { fromMs: minute - 3_600_000, toMs: now + 60_000, intervalSeconds: 60 }
  const panels = BOARDS.flatMap(board =>
    board.panels.map(panel => ({ name: `${board.uid}, ${panel.title}`, ...panel })),
  )
  const variables = BOARDS.flatMap(board =>
    board.variables.map(one => ({ ...one, name: `${board.uid}, ${one.name}` })),
  )

  async function ask(
    sql: string,
  ): Promise<{ meta: { name: string; type: string }[]; data: Record<string, unknown>[] }> {
    const answer = await sendAsGrafana(wattline.http, sql, 'JSON')
    const text = await answer.text()
    expect([answer.status, answer.ok ? '' : text]).toEqual([200, ''])
    return JSON.parse(text) as Awaited<ReturnType<typeof ask>>
  }

  it.each(panels)('$name', async ({ kind, sql, units }) => {
    for (const choices of [ALL, SOME]) {
      const { meta, data: rows } = await ask(expandQuery(sql, RANGE, choices))
      expect(rows.length).toBeGreaterThan(0)
      const names = meta.map(({ name }) => name)
      expect(Object.keys(units ?? {}).filter(name => !names.includes(name))).toEqual([])
      const numbers = meta.filter(({ type }) => /^(Nullable\()?(U?Int|Float|Decimal)/.test(type))
      expect(numbers.length).toBeGreaterThan(0)
      // Something to draw: not only zeros and unknown values.
      if (kind !== 'stat') {
        expect(rows.some(row => numbers.some(({ name }) => Number(row[name] ?? 0) > 0))).toBe(true)
      }
      if (kind === 'timeseries') {
        expect(meta[0]).toMatchObject({ name: 'time', type: expect.stringMatching(/^DateTime/) })
        expect(rows.map(row => String(row['time']))).toEqual(rows.map(row => String(row['time'])).sort())
      }
    }
    const native = await sendAsGrafana(wattline.http, expandQuery(sql, RANGE, ALL))
    expect(native.status).toBe(200)
    expect((await native.arrayBuffer()).byteLength).toBeGreaterThan(0)
  })

  it.each(variables)('variable $name', async ({ sql }) => {
    const { meta, data: rows } = await ask(expandQuery(sql, RANGE, {}))
    expect(meta.length).toBe(1)
    expect(rows.length).toBeGreaterThan(0)
  })

  it('show the numbers that were sent: 60 W for a minute, of which 30 W active', async () => {
    const [energy, watts] = ['Energy', 'Power by share'].map(
      title => panels.find(panel => panel.title === title)!,
    )
    const total = await ask(expandQuery(energy!.sql, RANGE, SOME))
    expect(Number(total.data[0]!['energy'])).toBeCloseTo(3600 / 3.6e6, 12)
    const shares = await ask(expandQuery(watts!.sql, RANGE, SOME))
    expect(shares.data.reduce((sum, row) => sum + Number(row['watts']), 0)).toBeCloseTo(60, 6)
  })

  it('show nothing of a host that is not selected', async () => {
    const energy = panels.find(panel => panel.title === 'Energy')!
    const answer = await ask(expandQuery(energy.sql, RANGE, { host: { values: ['rack'] } }))
    expect(Number(answer.data[0]!['energy'])).toBe(0)
  })
})

// Guarantees: readiness detects an engine that fails or does not answer, in limited time, without asking it again
// before it has answered; a process without role query serves exactly health, readiness by role, metrics and snapshots
// of its folder.
import { afterEach, expect, it, vi } from 'vitest'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { engineWatch, type Readiness } from '../../query/http/readiness.ts'
import { createStatusServer } from '../../query/status-server.ts'

afterEach(() => vi.useRealTimers())

it('reports the state of the engine', async () => {
  expect(await engineWatch({ ping: async () => {} })()).toEqual([])
  const failing = engineWatch({ ping: () => Promise.reject(new Error('away')) })
  expect(await failing()).toEqual(['warehouse: Error: away'])
  expect(await failing()).toEqual(['warehouse: Error: away'])
})

it('pings a hanging engine once, and notices when it is back', async () => {
  vi.useFakeTimers()
  let pings = 0
  let answer = (): void => {}
  const ping = (): Promise<void> => {
    pings += 1
    return new Promise(resolve => {
      answer = resolve
    })
  }
  const watch = engineWatch({ ping })
  const asked = Promise.all([watch(), watch()])
  await vi.advanceTimersByTimeAsync(1_000)
  expect((await asked).flat().map(text => text.includes('no answer'))).toEqual([true, true])
  expect(pings).toBe(1)
  answer()
  await vi.advanceTimersByTimeAsync(0)
  const again = watch()
  answer()
  expect(await again).toEqual([])
  expect(pings).toBe(2)
})

it('is the only page of a process without role query', async () => {
  let readiness: Readiness = { processors: [] }
  const server = createStatusServer({
    events: silentEvents,
    readiness: async () => readiness,
    version: '1',
    started: new Date(0),
    roles: ['processors'],
  })
  const snapshots = [
    'POST /api/v1/snapshots',
    'GET /api/v1/snapshots/:id',
    'POST /api/v1/snapshots/:id/release',
  ]
  expect(server.routes).toEqual(['GET /healthz', 'GET /readyz', 'GET /metrics', ...snapshots])
  const { port } = await server.listen('127.0.0.1', 0)
  const get = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`)
  expect((await get('/healthz')).status).toBe(200)
  expect(await (await get('/readyz')).json()).toEqual({ ready: true, reasons: [], roles: { processors: [] } })
  readiness = { processors: ['store traces/0 waiting'] }
  const answer = await get('/readyz')
  expect([answer.status, await answer.json()]).toEqual([
    503,
    { ready: false, reasons: ['store traces/0 waiting'], roles: { processors: ['store traces/0 waiting'] } },
  ])
  expect(await (await get('/metrics')).text()).toContain('wattline_ready 0')
  expect((await get('/api/v1/status')).status).toBe(404)
  await server.stop()
})

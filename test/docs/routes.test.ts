// Guarantees: docs/api.md lists exactly the routes of the two servers, both ways.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { CEILOMETER_ROUTE, ROUTES } from '../../collector/http/exchange.ts'
import { WRITE_ROUTE } from '../../collector/prometheus/remote-write/receive.ts'
import { Answering } from '../../core/autoscaling/answering.ts'
import { configSchema } from '../../core/catalogue/config/schema.ts'
import { silentEvents } from '../../core/catalogue/events/events.ts'
import { RECORDS_ROUTE } from '../../core/model/forwarding.ts'
import { createQueryServer } from '../../query/server.ts'
import { refusingWarehouse } from '../support/refusing-warehouse.ts'

const api = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')

/**
 * Routes of the table under a heading: "`GET`, `POST /clickhouse/`" is two, "`/v1/logs`" continues with the method
 * before.
 */
function documented(heading: string): string[] {
  const section = api.slice(api.indexOf(`## ${heading}`))
  const table = section.slice(0, section.indexOf('\n\n', section.indexOf('|---')))
  const cells = [...table.matchAll(/^\| (`.*?) \|/gm)].map(([, cell]) => cell ?? '')
  return cells
    .flatMap(cell => {
      const words = [...cell.matchAll(/[A-Z]+|\/[^\s`]*/g)].map(([word]) => word)
      const methods = words.filter(word => !word.startsWith('/'))
      const paths = words.filter(word => word.startsWith('/'))
      return methods.flatMap(method => paths.map(path => `${method} ${path}`))
    })
    .toSorted()
}

/** APIs of OpenStack are at the root as well. */
const isSecondName = (routes: readonly string[], route: string): boolean =>
  !route.endsWith(' /') &&
  ['/gnocchi', '/cloudkitty'].some(home => routes.includes(route.replace(' /', ` ${home}/`)))

it('lists the routes of the query server', async () => {
  const server = createQueryServer({
    config: configSchema.parse({}),
    warehouse: refusingWarehouse,
    events: silentEvents,
    readiness: async () => ({}),
    answering: new Answering({ file: null, events: silentEvents, now: () => 0 }),
    page: new Map([['index.html', { type: 'text/html', body: Buffer.from('') }]]),
    version: '0',
    started: new Date(0),
  })
  const served = server.routes
    // Other names of the same route: the page under its file name, an address without its last slash.
    .filter(route => !route.endsWith('/index.html') && !route.endsWith(' /clickhouse'))
    .filter(route => !/\/(gnocchi|cloudkitty)(\/.*)?\/$/.test(route))
    .filter(route => !isSecondName(server.routes, route))
    // Below `/prometheus` and at the root, where two of them are others.
    .filter(
      route =>
        /\/api\/v1\/(rules|alerts)$/.test(route) ||
        !server.routes.includes(route.replace(' /', ' /prometheus/')),
    )
    .map(route => route.replaceAll(/:(\w+)/g, '{$1}'))
  await server.stop()
  expect(served.length).toBeGreaterThan(10)
  expect(documented('Port 9288')).toEqual(served.toSorted())
})

it('lists the routes of the OTLP receiver', () => {
  expect(documented('Port 4318')).toEqual(
    [...ROUTES.keys(), WRITE_ROUTE, CEILOMETER_ROUTE, `${RECORDS_ROUTE}{stream}`]
      .map(path => `POST ${path}`)
      .toSorted(),
  )
})

// Guarantees: servers are reached over TLS with the configured authority, with our certificate if they require one, and
// not otherwise; two unrelated servers are refused; a password is sent only to its server.

import { once } from 'node:events'
import { connect, type Server as TcpServer } from 'node:net'
import { createServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { openClickHouseWarehouse } from '../../../../core/warehouse/clickhouse/clickhouse.ts'
import type { Warehouse } from '../../../../core/warehouse/warehouse.ts'
import { createAuthority } from '../../../support/certificates.ts'
import { type ClickHouseFront, startClickHouseFront } from '../../../support/clickhouse-front/front.ts'

const LOGIN = { user: 'wattline', password: 'a:b/c?d' }
const authority = createAuthority('authority')
let front: ClickHouseFront

beforeAll(async () => {
  front = await startClickHouseFront(LOGIN)
})
afterAll(() => front.destroy())

const open = (
  urls: readonly string[],
  tls: { ca?: string; cert?: string; key?: string } = {},
  over: Partial<typeof LOGIN> = {},
): Promise<Warehouse> =>
  openClickHouseWarehouse({ urls, ...LOGIN, ...over, tls, events: silentEvents, startTimeoutMs: 600 })

const answers = async (opening: Promise<Warehouse>): Promise<unknown> => {
  const warehouse = await opening
  try {
    return await warehouse.query('SELECT 1 AS one')
  } finally {
    await warehouse.close()
  }
}
const ONE = [{ one: 1 }]

describe('over TLS', () => {
  let server: TcpServer
  let url: string

  const startTls = async (asks: boolean): Promise<void> => {
    const { cert, key } = authority.issue(['127.0.0.1'])
    server = createServer(
      { cert, key, ca: authority.cert, requestCert: asks, rejectUnauthorized: asks },
      socket => {
        const upstream = connect(Number(new URL(front.url).port), '127.0.0.1')
        for (const end of [socket, upstream]) end.on('error', () => {})
        socket.on('close', () => upstream.destroy())
        upstream.on('close', () => socket.destroy())
        socket.pipe(upstream).pipe(socket)
      },
    )
    server.on('tlsClientError', () => {})
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    url = `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  }

  describe('to a server that shows a certificate', () => {
    beforeAll(() => startTls(false))
    afterAll(() => void server.close())

    it('trusts the configured authority', async () => {
      expect(await answers(open([url], { ca: authority.cert }))).toEqual(ONE)
    })

    it.each([
      ['no authority', {}],
      ['another one', { ca: createAuthority('authority').cert }],
    ])('refuses it with %s', async (_what, tls) => {
      await expect(open([url], tls)).rejects.toMatchObject({
        code: 'warehouse_unavailable',
        message: expect.stringMatching(/certificate|signature/),
      })
    })
  })

  describe('to a server that requires a client certificate', () => {
    beforeAll(() => startTls(true))
    afterAll(() => void server.close())

    it('presents ours', async () => {
      const ours = authority.issue(['wattline'])
      expect(await answers(open([url], { ca: authority.cert, ...ours }))).toEqual(ONE)
    })

    it('is refused without one', async () => {
      await expect(open([url], { ca: authority.cert })).rejects.toMatchObject({
        code: 'warehouse_unavailable',
      })
    })
  })
})

it('accepts several addresses of one server, and refuses two servers', async () => {
  const [two, other] = await Promise.all([
    startClickHouseFront({ ...LOGIN, ports: 2 }),
    startClickHouseFront(LOGIN),
  ])
  try {
    expect(await answers(open(two.urls))).toEqual(ONE)
    await expect(open([two.url, other.url])).rejects.toMatchObject({
      code: 'config_invalid',
      message: expect.stringMatching(/are two different ClickHouse servers\. .*warehouse\.cluster/),
    })
  } finally {
    await Promise.all([two.destroy(), other.destroy()])
  }
})

it('never reveals the password', async () => {
  const password = 'not-the-password'
  const refused = await open([front.url], {}, { password }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'config_invalid' })
  expect(`${refused} ${JSON.stringify(refused)}`).not.toContain(password)
})

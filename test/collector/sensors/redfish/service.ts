/** A Redfish service from a tree of resources, with sessions or basic authentication, ETags, delays and failures. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export type Tree = Record<string, unknown>

export interface ServiceOptions {
  readonly auth?: 'none' | 'session' | 'basic'
  readonly tls?: { readonly key: string; readonly cert: string }
  readonly etags?: boolean
}

const BASIC = `Basic ${Buffer.from('monitor:secret').toString('base64')}`

/** `tree`: path -> resource; may be changed while it runs. */
export async function startService(tree: Tree, { auth = 'none', tls, etags = false }: ServiceOptions = {}) {
  const requests: string[] = []
  const sessions = new Set<string>()
  let logins = 0
  let hangs = false

  const login = (body: string, response: ServerResponse): void => {
    const { UserName, Password } = JSON.parse(body) as Record<string, string>
    if (UserName !== 'monitor' || Password !== 'secret') {
      response.writeHead(401).end('{}')
      return
    }
    logins += 1
    sessions.add(`token-${logins}`)
    response
      .writeHead(201, {
        'x-auth-token': `token-${logins}`,
        location: `/redfish/v1/SessionService/Sessions/${logins}`,
      })
      .end('{}')
  }

  const isAllowed = ({ headers }: IncomingMessage): boolean =>
    auth === 'none' ||
    (auth === 'session' && sessions.has(String(headers['x-auth-token']))) ||
    (auth === 'basic' && headers.authorization === BASIC)

  const answer = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const { method, url = '' } = request
    requests.push(`${method} ${url}`)
    if (hangs) return
    if (method === 'POST') {
      if (auth === 'session') login(body, response)
      else response.writeHead(405).end()
      return
    }
    if (!isAllowed(request)) {
      response.writeHead(401).end()
      return
    }
    if (method === 'DELETE') {
      sessions.delete(String(request.headers['x-auth-token']))
      response.writeHead(204).end()
      return
    }
    const resource = tree[url] ?? tree[url.replace(/\/$/, '')]
    if (typeof resource === 'number') {
      response.writeHead(resource).end()
      return
    }
    if (resource === undefined) {
      response.writeHead(404).end('{}')
      return
    }
    const text = typeof resource === 'string' ? resource : JSON.stringify(resource)
    const tag = `W/"${text.length}"`
    if (etags && request.headers['if-none-match'] === tag) {
      requests[requests.length - 1] += ' unchanged'
      response.writeHead(304).end()
      return
    }
    response.writeHead(200, { 'content-type': 'application/json', ...(etags ? { etag: tag } : {}) }).end(text)
  }

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => answer(request, response, Buffer.concat(chunks).toString()))
  }
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    origin: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    sessions,
    logins: () => logins,
    hang: (value: boolean) => {
      hangs = value
    },
  }
}

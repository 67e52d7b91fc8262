/** The built-in page and its assets, from memory. */
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { OPEN } from '../http/auth.ts'
import type { PageAssets } from '../http/context.ts'

/** Names that contain a hash never change their content. */
const HASHED = /[-.][A-Za-z0-9_]{8,}\.[a-z0-9]+$/

/** Open to everyone: the page contains no data. Assets with a hash in their name are cached for a year. */
export function pageRoutes(app: FastifyInstance, page: PageAssets): void {
  for (const [path, asset] of page) {
    const name = path.replace(/^\/+/, '')
    const body = Buffer.from(asset.body)
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
    const cacheControl = HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache'
    // An asset may have several URLs: `/` shows the page itself.
    const urls = name === 'index.html' || name === '' ? ['/', '/index.html'] : [`/${name}`]
    for (const url of urls) {
      app.get(url, { config: { access: OPEN } }, async (request, reply) => {
        reply.header('etag', etag).header('cache-control', cacheControl)
        const known = request.headers['if-none-match'] ?? ''
        if (known.split(/\s*,\s*/).includes(etag)) return reply.code(304).send()
        return reply.type(asset.type).send(body)
      })
    }
  }
}

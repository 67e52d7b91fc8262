/**
 * A small S3 server with bucket `backups`, in memory: objects, uploads in parts, paged lists, signatures. It recomputes
 * signatures with the code under test, which test/core/backup/s3-sign.test.ts checks against Amazon's own examples.
 */
import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { signed } from '../../core/backup/s3-sign.ts'

export interface S3Server {
  /** The environment of a client. */
  readonly environment: Readonly<Record<string, string>>
  readonly objects: ReadonlyMap<string, Buffer>
  /** Uploads that were started, and neither completed nor aborted. */
  openUploads(): number
  /** This number of the next requests is answered with 503. */
  failNext(count: number): void
  close(): Promise<void>
}

const LOGIN = { accessKeyId: 'key', secretAccessKey: 'secret', sessionToken: undefined, region: 'eu-test-1' }
const PAGE = 1_000
const xml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&#x27;')

export async function startS3(): Promise<S3Server> {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Map<number, Buffer>>()
  let failures = 0
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    const url = new URL(request.url!, `http://${request.headers.host}`)
    const end = (status: number, text = '', headers: Record<string, string> = {}): void =>
      void response.writeHead(status, headers).end(text)
    if (failures > 0) {
      failures -= 1
      return end(503)
    }
    if (!isSigned(request, url, body)) return end(403, '<Error><Code>SignatureDoesNotMatch</Code></Error>')
    const [, bucket, key] = /^\/([^/]+)\/?(.*)$/.exec(decodeURIComponent(url.pathname))!
    if (bucket !== 'backups') return end(404, '<Error><Code>NoSuchBucket</Code></Error>')
    const id = url.searchParams.get('uploadId')
    const parts = uploads.get(id ?? '')
    const { method } = request
    if (method === 'GET' && key === '') return end(200, page(url))
    if (method === 'GET') {
      const found = objects.get(key!)
      if (found === undefined) return end(404)
      return void response.writeHead(200).end(found)
    }
    if (method === 'POST' && url.searchParams.has('uploads')) {
      const made = randomUUID()
      uploads.set(made, new Map())
      return end(200, `<UploadId>${made}</UploadId>`)
    }
    if (method === 'PUT' && parts !== undefined) {
      parts.set(Number(url.searchParams.get('partNumber')), body)
      return end(200, '', { etag: tagOf(body) })
    }
    if (method === 'POST' && parts !== undefined) {
      const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>(.*?)<\/ETag>/g)]
      const isRight = named.every(([, number, tag]) => tagOf(parts.get(Number(number))!) === tag)
      // Like the real one: the status was sent before.
      if (!isRight || named.length !== parts.size)
        return end(200, '<Error><Message>parts differ</Message></Error>')
      objects.set(key!, Buffer.concat(named.map(([, number]) => parts.get(Number(number))!)))
      uploads.delete(id!)
      return end(200)
    }
    if (method === 'PUT') objects.set(key!, body)
    else if (id !== null) uploads.delete(id)
    else objects.delete(key!)
    end(method === 'PUT' ? 200 : 204)
  }

  function page(url: URL): string {
    const prefix = url.searchParams.get('prefix') ?? ''
    const after = Buffer.from(url.searchParams.get('continuation-token') ?? '', 'base64').toString()
    const keys = [...objects.keys()].filter(key => key.startsWith(prefix) && key > after).sort()
    const shown = keys.slice(0, PAGE)
    const more =
      keys.length > PAGE
        ? `<NextContinuationToken>${Buffer.from(shown.at(-1)!).toString('base64')}</NextContinuationToken>`
        : ''
    const entries = shown.map(
      key => `<Contents><Key>${xml(key)}</Key><Size>${objects.get(key)!.length}</Size></Contents>`,
    )
    return `<ListBucketResult>${more}${entries.join('')}</ListBucketResult>`
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    environment: {
      AWS_ACCESS_KEY_ID: LOGIN.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOGIN.secretAccessKey,
      AWS_REGION: LOGIN.region,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    },
    objects,
    openUploads: () => uploads.size,
    failNext: count => {
      failures = count
    },
    async close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

const tagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`

function isSigned({ method = '', headers }: IncomingMessage, url: URL, body: Buffer): boolean {
  const time = String(headers['x-amz-date'])
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(time) ?? []
  const date = new Date(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
  return signed({ method, url, body }, LOGIN, date)['authorization'] === headers.authorization
}

/** A bucket of S3, or of any server with the S3 protocol. URLs have the bucket in their path. */
import { setTimeout as delay } from 'node:timers/promises'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { backoffMs } from '../runtime/backoff.ts'
import type { BackupStore } from './backup-store.ts'
import { encoded, type S3Login, signed } from './s3-sign.ts'

/** Size of one request; larger objects are uploaded in parts. S3 allows 10,000 parts, so later ones are larger. */
const PIECE_BYTES = 8 * 1024 * 1024
const LARGE_PIECE_BYTES = 64 * 1024 * 1024
const SMALL_PIECES = 500
const TRIES = 6
const FIRST_RETRY_MS = 300
const MAX_RETRY_MS = 10_000
const NOTHING = Buffer.alloc(0)

/** @throws config_invalid when a required environment variable is missing */
export function openS3(name: string, environment: Readonly<NodeJS.ProcessEnv>): BackupStore {
  const { bucket, prefix } = bucketAndPrefix(name)
  const client = new S3Client(endpointOf(environment), loginOf(environment), name)
  const path = (key: string): string =>
    `/${encoded(bucket)}/${`${prefix}${key}`.split('/').map(encoded).join('/')}`
  return {
    name,
    list: async under => {
      const found = new Map<string, number>()
      for await (const { key, size } of client.list(`/${encoded(bucket)}`, `${prefix}${under}`)) {
        found.set(key.slice(prefix.length), size)
      }
      return found
    },
    put: (key, bytes) => upload(client, path(key), bytes),
    get: async key => {
      const response = await client.ask('GET', path(key))
      if (response.status === 404) {
        throw new WattlineError('backup_unusable', `${key} is missing in ${name}.`)
      }
      return response.body ?? (async function* () {})()
    },
    async remove(key) {
      await client.ask('DELETE', path(key))
    },
  }
}

/** Bucket and prefix of `s3://BUCKET/PREFIX`; the prefix ends in a slash, or is empty. @throws parameter_invalid */
export function bucketAndPrefix(name: string): { readonly bucket: string; readonly prefix: string } {
  const [, bucket = '', rest = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/?$/.exec(name) ?? []
  if (bucket === '') throw new WattlineError('parameter_invalid', `${name} is not s3://BUCKET/PREFIX.`)
  return { bucket, prefix: rest === '' ? '' : `${rest}/` }
}

/** Credentials from the environment. @throws config_invalid */
export function loginOf(environment: Readonly<NodeJS.ProcessEnv>): S3Login {
  const [accessKeyId, secretAccessKey] = [
    environment['AWS_ACCESS_KEY_ID'],
    environment['AWS_SECRET_ACCESS_KEY'],
  ]
  if (!accessKeyId || !secretAccessKey) {
    throw new WattlineError(
      'config_invalid',
      'S3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.',
    )
  }
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: environment['AWS_SESSION_TOKEN'] || undefined,
    region: regionOf(environment),
  }
}

const regionOf = (environment: Readonly<NodeJS.ProcessEnv>): string =>
  environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || 'us-east-1'

/** Address of the S3 server, without a slash at the end. @throws config_invalid */
export function endpointOf(environment: Readonly<NodeJS.ProcessEnv>): string {
  const given = environment['AWS_ENDPOINT_URL_S3'] || environment['AWS_ENDPOINT_URL']
  if (given === undefined || given === '') return `https://s3.${regionOf(environment)}.amazonaws.com`
  if (!URL.canParse(given))
    throw new WattlineError('config_invalid', `AWS_ENDPOINT_URL is not a URL: ${given}.`)
  return given.replace(/\/$/, '')
}

class S3Client {
  readonly #endpoint: string
  readonly #login: S3Login
  readonly #store: string

  constructor(endpoint: string, login: S3Login, store: string) {
    this.#endpoint = endpoint
    this.#login = login
    this.#store = store
  }

  /** Returns the response, also for 404; retries transient failures. @throws place_unavailable */
  async ask(
    method: string,
    path: string,
    query: Readonly<Record<string, string>> = {},
    body: Uint8Array = NOTHING,
  ): Promise<Response> {
    const search = Object.entries(query).map(([key, value]) => `${encoded(key)}=${encoded(value)}`)
    const url = new URL(`${this.#endpoint}${path}${search.length === 0 ? '' : `?${search.join('&')}`}`)
    for (let attempt = 0; ; attempt += 1) {
      const headers = signed({ method, url, body }, this.#login, new Date())
      const answer = await fetch(url, {
        method,
        headers,
        ...(method === 'GET' || method === 'DELETE' ? {} : { body: new Uint8Array(body) }),
      }).catch((error: unknown) => error)
      if (answer instanceof Response && (answer.ok || answer.status === 404)) return answer
      const isPassing = !(answer instanceof Response) || answer.status >= 500 || answer.status === 429
      if (!isPassing || attempt + 1 === TRIES) throw await this.#failure(answer)
      await delay(backoffMs(attempt, FIRST_RETRY_MS, MAX_RETRY_MS))
    }
  }

  async text(
    method: string,
    path: string,
    query: Readonly<Record<string, string>>,
    body?: Uint8Array,
  ): Promise<string> {
    const response = await this.ask(method, path, query, body)
    const text = await response.text()
    // Completing a multipart upload may fail with status 200.
    if (response.status === 404 || /<Error>/.test(text)) {
      throw new WattlineError(
        'place_unavailable',
        `${this.#store}: ${fieldOf(text, 'Message') || response.status}.`,
      )
    }
    return text
  }

  async *list(
    bucket: string,
    prefix: string,
  ): AsyncGenerator<{ readonly key: string; readonly size: number }> {
    let token = ''
    do {
      const more = token === '' ? {} : { 'continuation-token': token }
      const text = await this.text('GET', bucket, { 'list-type': '2', prefix, ...more })
      for (const [, entry = ''] of text.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        yield { key: fieldOf(entry, 'Key'), size: Number(fieldOf(entry, 'Size')) }
      }
      token = fieldOf(text, 'NextContinuationToken')
    } while (token !== '')
  }

  async #failure(answer: unknown): Promise<WattlineError> {
    if (!(answer instanceof Response)) {
      const cause =
        answer instanceof Error && answer.cause instanceof Error ? answer.cause.message : String(answer)
      return new WattlineError('place_unavailable', `${this.#endpoint} does not answer: ${cause}.`, {
        cause: answer,
      })
    }
    const text = await answer.text().catch(() => '')
    const reason = [fieldOf(text, 'Code'), fieldOf(text, 'Message')].filter(part => part !== '').join(': ')
    return new WattlineError(
      'place_unavailable',
      `${this.#store} answered ${answer.status}${reason === '' ? '' : ` (${reason.replace(/\.$/, '')})`}.`,
    )
  }
}

async function upload(client: S3Client, path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  let uploadId = ''
  const tags: string[] = []
  let pieces: Uint8Array[] = []
  let held = 0
  const send = async (): Promise<void> => {
    if (uploadId === '') uploadId = fieldOf(await client.text('POST', path, { uploads: '' }), 'UploadId')
    const partNumber = String(tags.length + 1)
    const response = await client.ask('PUT', path, { partNumber, uploadId }, Buffer.concat(pieces))
    tags.push(response.headers.get('etag') ?? '')
    pieces = []
    held = 0
  }
  try {
    for await (const piece of bytes) {
      pieces.push(piece)
      held += piece.length
      if (held >= (tags.length < SMALL_PIECES ? PIECE_BYTES : LARGE_PIECE_BYTES)) await send()
    }
    if (uploadId === '') {
      await client.ask('PUT', path, {}, Buffer.concat(pieces)).then(assertFound(path))
      return
    }
    if (held > 0) await send()
    const parts = tags.map((tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${tag}</ETag></Part>`)
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    await client.text('POST', path, { uploadId }, Buffer.from(body))
  } catch (error) {
    // Otherwise S3 would keep the uploaded parts, invisibly, and charge for them.
    if (uploadId !== '') await client.ask('DELETE', path, { uploadId }).catch(() => undefined)
    throw error
  }
}

const assertFound =
  (path: string) =>
  (response: Response): void => {
    if (response.status !== 404) return
    throw new WattlineError('place_unavailable', `The bucket of ${path} does not exist.`)
  }

/** Text of an element of the response; '' when it is missing. */
function fieldOf(xml: string, name: string): string {
  const found = new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(xml)?.[1] ?? ''
  return found.replaceAll(/&(lt|gt|amp|quot|apos|#\d+|#x[0-9a-f]+);/gi, (_, entity: string) =>
    entity.startsWith('#')
      ? String.fromCodePoint(Number(entity.slice(1).replace(/^x/i, '0x')))
      : ENTITIES[entity.toLowerCase()]!,
  )
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

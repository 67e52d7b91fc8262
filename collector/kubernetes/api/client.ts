/** Requests to the Kubernetes API server: addresses, certificates and tokens are those of the official client. */
import { existsSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'

/** A Kubernetes API: the API server, or in part a kubelet. */
export interface KubeApi {
  /** Rejects with `KubeError` for any status but 2xx. */
  get(path: string, signal: AbortSignal): Promise<unknown>
  /** Lines of a watch, until the server ends it. Rejects with `KubeError` for any status but 200. */
  lines(path: string, signal: AbortSignal): AsyncIterable<string>
}

/** What the server answered instead of data. */
export class KubeError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Where the API is: a file as kubectl reads it, else the account of this pod, else kubectl's own file. */
export interface KubeAccess {
  readonly kubeconfig?: string | undefined
  /** The address of a kubelet, instead of that of the API server. */
  readonly server?: string | undefined
  /** Authorities of that server, PEM. */
  readonly authorities?: string | undefined
  /** The server's certificate is not checked. */
  readonly isUnchecked?: boolean | undefined
}

/** Filled with address, certificates and token, for one request. */
type Prepare = (options: RequestOptions) => Promise<void>

const ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token'
/** An answer must begin by then. A watch that is silent for longer than bookmarks come is dead. */
const ANSWER_MS = 30_000
const SILENCE_MS = 180_000
/** One pod is at most 1.5 MiB in the API server's store. */
const MAX_LINE_BYTES = 8 * 1_048_576
const MAX_BODY_BYTES = 256 * 1_048_576

/**
 * The client library is loaded only here, and only where Kubernetes is configured: it takes 80 MB of memory.
 * @throws Error when there is no configuration, or it cannot be read
 */
export async function openKubeApi(access: KubeAccess): Promise<KubeApi> {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  if (access.kubeconfig !== undefined) config.loadFromFile(access.kubeconfig)
  else if (existsSync(ACCOUNT_TOKEN) && process.env['KUBERNETES_SERVICE_HOST']) config.loadFromCluster()
  else config.loadFromDefault()
  const server = access.server ?? config.getCurrentCluster()?.server
  if (server === undefined || server.includes('undefined')) {
    throw new Error('No address of a Kubernetes API server is known. Set kubernetes.kubeconfig.')
  }
  return kubeApi(server, async options => {
    await config.applyToHTTPSOptions(options)
    // Agents are made for the API server; a kubelet has a certificate of its own.
    if (access.server === undefined) return
    delete options.agent
    if (access.authorities !== undefined) options.ca = access.authorities
    if (access.isUnchecked === true) options.rejectUnauthorized = false
  })
}

/** Requests to one server. */
export function kubeApi(server: string, prepare: Prepare): KubeApi {
  const base = server.replace(/\/$/, '')
  const isPlain = base.startsWith('http:')
  const open = async (path: string, signal: AbortSignal): Promise<IncomingMessage> => {
    const options: RequestOptions = { headers: {} }
    await prepare(options)
    if (isPlain) delete options.agent
    const headers = { ...options.headers, accept: 'application/json' }
    const all = { ...options, headers, signal, timeout: SILENCE_MS }
    return await new Promise((resolve, reject) => {
      const send = isPlain ? httpRequest : httpsRequest
      const request = send(`${base}${path}`, all, response => {
        clearTimeout(timer)
        resolve(response)
      })
      const timer = setTimeout(() => request.destroy(new Error('No answer within 30 s.')), ANSWER_MS)
      request.on('timeout', () => request.destroy(new Error('The connection was silent for 3 minutes.')))
      request.on('error', error => {
        clearTimeout(timer)
        reject(error)
      })
      request.end()
    })
  }
  return {
    async get(path, signal) {
      const response = await open(path, signal)
      const body = await bodyOf(response)
      if (!isSuccess(response)) throw errorOf(response, body)
      return JSON.parse(body)
    },
    async *lines(path, signal) {
      const response = await open(path, signal)
      if (!isSuccess(response)) throw errorOf(response, await bodyOf(response))
      yield* linesOf(response)
    },
  }
}

const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300

/** A `Status` object says what is wrong. */
function errorOf({ statusCode = 0 }: IncomingMessage, body: string): KubeError {
  let message = body.slice(0, 300)
  try {
    const status = JSON.parse(body) as { message?: unknown }
    if (typeof status.message === 'string') message = status.message
  } catch {
    // Not every proxy answers with JSON.
  }
  return new KubeError(statusCode, `${statusCode} ${message}`)
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error(`An answer has more than ${MAX_BODY_BYTES} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

/** Reading stops while the consumer of a line is busy: the connection then holds the server back. */
async function* linesOf(response: IncomingMessage): AsyncIterable<string> {
  let open: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      open.push(chunk.subarray(from, at))
      const line = Buffer.concat(open).toString()
      open = []
      bytes = 0
      from = at + 1
      if (line.trim() !== '') yield line
    }
    if (from === chunk.length) continue
    open.push(chunk.subarray(from))
    bytes += chunk.length - from
    if (bytes > MAX_LINE_BYTES) throw new Error(`A watch event has more than ${MAX_LINE_BYTES} bytes.`)
  }
}

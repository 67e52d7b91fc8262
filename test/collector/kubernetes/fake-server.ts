/** An API server of one list: pages, chunked watches with bookmarks, versions that it forgets, and outages. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KubeNode, KubePod } from '../../../collector/kubernetes/api/objects.ts'

type KubeObject = KubePod | KubeNode

interface Event {
  readonly version: number
  readonly type: string
  readonly object: KubeObject
}

export class FakeServer {
  readonly requests: string[] = []
  readonly #server: Server
  readonly #lists = new Map<string, Map<string, KubeObject>>()
  readonly #events: (Event & { readonly path: string })[] = []
  readonly #watches = new Set<{ readonly path: string; readonly response: ServerResponse }>()
  /** Bodies of single objects by path. */
  readonly objects = new Map<string, unknown>()
  #version = 1
  /** Watches from before are answered 410. */
  #forgotten = 0
  /** Status that everything is answered with; 0: as usual. */
  failWith = 0
  pageSize = 2

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  async start(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async stop(): Promise<void> {
    this.endWatches()
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  put(path: string, object: KubeObject): void {
    this.#version += 1
    const versioned = { ...object, metadata: { ...object.metadata, resourceVersion: `${this.#version}` } }
    const list = this.#lists.get(path) ?? new Map<string, KubeObject>()
    this.#lists.set(path, list)
    const key = keyOf(object)
    this.#tell(path, list.has(key) ? 'MODIFIED' : 'ADDED', versioned)
    list.set(key, versioned)
  }

  /** A list of nothing, until something is put. */
  open(path: string): void {
    this.#lists.set(path, new Map())
  }

  remove(path: string, object: KubeObject): void {
    this.#version += 1
    const list = this.#lists.get(path)
    const found = list?.get(keyOf(object))
    if (found === undefined) throw new Error('no such object')
    list?.delete(keyOf(object))
    this.#tell(path, 'DELETED', {
      ...found,
      metadata: { ...found.metadata, resourceVersion: `${this.#version}` },
    })
  }

  bookmark(): void {
    for (const { response } of this.#watches)
      response.write(
        line({ type: 'BOOKMARK', object: { metadata: { resourceVersion: `${this.#version}` } } }),
      )
  }

  /** Ends the watches, as a server does after some minutes, or when it is restarted. */
  endWatches(): void {
    for (const { response } of this.#watches) response.end()
    this.#watches.clear()
  }

  /** Breaks the watches off in the middle of a line. */
  breakWatches(): void {
    for (const { response } of this.#watches) {
      response.write('{"type":"ADDED","obj')
      response.destroy()
    }
    this.#watches.clear()
  }

  forgetHistory(): void {
    this.#forgotten = this.#version
  }

  get watching(): number {
    return this.#watches.size
  }

  #tell(path: string, type: string, object: KubeObject): void {
    this.#events.push({ path, type, object, version: this.#version })
    for (const watch of this.#watches) if (watch.path === path) watch.response.write(line({ type, object }))
  }

  #answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
    this.requests.push(url)
    const { pathname: path, searchParams: query } = new URL(url, 'http://localhost')
    if (this.failWith > 0) {
      response.writeHead(this.failWith).end(JSON.stringify({ kind: 'Status', message: 'not now' }))
      return
    }
    const object = this.objects.get(path)
    if (object !== undefined) {
      response.end(JSON.stringify(object))
      return
    }
    if (query.get('watch') === '1') this.#watch(path, Number(query.get('resourceVersion')), response)
    else if (this.#lists.has(path)) this.#list(path, query, response)
    else response.writeHead(404).end(JSON.stringify({ kind: 'Status', message: 'not found' }))
  }

  #list(path: string, query: URLSearchParams, response: ServerResponse): void {
    const all = [...(this.#lists.get(path)?.values() ?? [])]
    const from = Number(query.get('continue') ?? 0)
    const to = from + this.pageSize
    const metadata = {
      resourceVersion: `${this.#version}`,
      ...(to < all.length ? { continue: `${to}` } : {}),
    }
    response.end(JSON.stringify({ metadata, items: all.slice(from, to) }))
  }

  #watch(path: string, version: number, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    if (version < this.#forgotten) {
      response.end(line({ type: 'ERROR', object: { code: 410, message: 'too old resource version' } }))
      return
    }
    response.flushHeaders()
    for (const event of this.#events.filter(each => each.path === path && each.version > version))
      response.write(line({ type: event.type, object: event.object }))
    this.#watches.add({ path, response })
  }
}

const line = (event: unknown): string => `${JSON.stringify(event)}\n`
const keyOf = ({ metadata }: KubeObject): string => `${metadata?.namespace}/${metadata?.name}`

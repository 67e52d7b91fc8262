/**
 * Guarantees: a list is read in pages and followed by a watch; a watch that ends or breaks is resumed where it was; what was missed
 * while the server had forgotten the version is found by listing again, also what is gone; outages are waited out.
 */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { kubeApi } from '../../../collector/kubernetes/api/client.ts'
import { followList, type ListSink } from '../../../collector/kubernetes/api/list-watch.ts'
import type { KubeObject } from '../../../collector/kubernetes/api/objects.ts'
import { FakeServer } from './fake-server.ts'
import { podObject } from './objects.ts'

const PATH = '/api/v1/pods'

/** Names that are there, as a sink sees them. */
class Names implements ListSink<KubeObject> {
  readonly names = new Set<string>()
  #listed: Set<string> | null = null
  lists = 0
  listing(): void {
    this.#listed = new Set()
  }
  put({ metadata }: KubeObject): void {
    this.names.add(metadata?.name ?? '')
    this.#listed?.add(metadata?.name ?? '')
  }
  removed({ metadata }: KubeObject): void {
    this.names.delete(metadata?.name ?? '')
  }
  listed(): void {
    for (const name of this.names) if (this.#listed?.has(name) === false) this.names.delete(name)
    this.#listed = null
    this.lists += 1
  }
  inSync(): void {}
}

let server: FakeServer
let names: Names
let failures: string[]
let recovered: number
let stopping: AbortController
let running: Promise<void>

beforeEach(async () => {
  server = new FakeServer()
  names = new Names()
  failures = []
  recovered = 0
  stopping = new AbortController()
  const address = await server.start()
  for (const number of [1, 2, 3, 4, 5]) server.put(PATH, podObject({ number }))
  running = followList({
    api: kubeApi(address, async () => {}),
    path: `${PATH}?fieldSelector=spec.nodeName%3Dn1`,
    sink: names,
    failed: error => failures.push(String(error)),
    recovered: () => {
      recovered += 1
    },
    signal: stopping.signal,
    firstRetryMs: 1,
  })
  await expect.poll(() => server.watching).toBe(1)
})
afterEach(async () => {
  stopping.abort()
  await running
  await server.stop()
})

const all = (): string[] => [...names.names].sort()

test('lists in pages, then watches what is added, changed and removed', async () => {
  expect(all()).toEqual(['pod-1', 'pod-2', 'pod-3', 'pod-4', 'pod-5'])
  expect(server.requests.filter(url => url.includes('limit=500')).length).toBe(3)
  expect(server.requests.every(url => url.includes('fieldSelector=spec.nodeName%3Dn1'))).toBe(true)
  server.put(PATH, podObject({ number: 6 }))
  server.remove(PATH, podObject({ number: 2 }))
  await expect.poll(all).toEqual(['pod-1', 'pod-3', 'pod-4', 'pod-5', 'pod-6'])
})

test('resumes a watch that ended or broke from the last version, without listing again', async () => {
  server.put(PATH, podObject({ number: 6 }))
  await expect.poll(() => names.names.size).toBe(6)
  server.bookmark()
  server.endWatches()
  server.put(PATH, podObject({ number: 7 }))
  await expect.poll(() => names.names.size).toBe(7)
  server.breakWatches()
  server.put(PATH, podObject({ number: 8 }))
  await expect.poll(() => names.names.size).toBe(8)
  expect(names.lists).toBe(1)
  expect(failures.length).toBeGreaterThan(0)
})

test('lists again when the server has forgotten the version, and finds what is gone', async () => {
  server.endWatches()
  server.failWith = 503
  server.put(PATH, podObject({ number: 6 }))
  server.remove(PATH, podObject({ number: 1 }))
  server.forgetHistory()
  await expect.poll(() => failures.length).toBeGreaterThan(2)
  expect(failures.at(-1)).toContain('503 not now')
  server.failWith = 0
  await expect.poll(all).toEqual(['pod-2', 'pod-3', 'pod-4', 'pod-5', 'pod-6'])
  expect(names.lists).toBe(2)
  server.put(PATH, podObject({ number: 7 }))
  await expect.poll(() => names.names.size).toBe(6)
  expect(recovered).toBe(1)
})

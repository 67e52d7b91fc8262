// Guarantees: pages of one tenant share a read of its hosts; a read covers little more than what arrived since the last
// one, and occasionally everything; hosts are removed after five minutes of silence; a failed read leaves the next page
// its own.
import { expect, it } from 'vitest'
import { HOSTS_SINCE_MS, KnownHosts, type SeenHost } from '../../../query/live/known-hosts.ts'
import { MOST_HOSTS_READ } from '../../../query/live/statements.ts'

const START = 1_796_000_000_000
const seen = (host: string, lastMs: number, name = host): SeenHost => ({
  host,
  host_name: name,
  last_ms: String(lastMs),
})

function rig() {
  const known = new KnownHosts()
  const asked: number[] = []
  let rows: readonly SeenHost[] = []
  const look = async (sinceMs: number): Promise<readonly SeenHost[]> => {
    asked.push(sinceMs)
    return rows.filter(row => Number(row.last_ms) >= sinceMs)
  }
  return {
    asked,
    show(found: readonly SeenHost[]): void {
      rows = found
    },
    names: async (nowMs: number, tenant = 'a') =>
      (await known.find(tenant, nowMs, look)).map(one => one.host_name),
    known,
  }
}

it('reads once for pages of the same half minute, then only newer rows', async () => {
  const { asked, show, names } = rig()
  show([seen('2', START - 1_000, 'zwei'), seen('1', START - 280_000, 'eins')])
  const all = await Promise.all([names(START), names(START), names(START + 25_000)])
  expect(all).toEqual(Array(3).fill(['eins', 'zwei']))
  expect(asked).toEqual([START - HOSTS_SINCE_MS])
  show([seen('3', START + 3_000, 'drei')])
  // Silent for five minutes: removed, although no read said so.
  expect(await names(START + 30_000)).toEqual(['drei', 'zwei'])
  expect(asked[1]).toBe(START - 30_000)
})

it('reads every few seconds while there is no host', async () => {
  const { asked, show, names } = rig()
  expect(await names(START)).toEqual([])
  show([seen('1', START + 1_000)])
  expect(await names(START + 2_000)).toEqual([])
  expect(await names(START + 5_000)).toEqual(['1'])
  expect(asked.length).toBe(2)
})

it('reads everything now and then, and finds late rows', async () => {
  const { asked, show, names } = rig()
  show([seen('1', START + 600_000)])
  for (let at = 0; at < 300_000; at += 30_000) await names(START + at)
  expect(asked.slice(1)).toEqual(Array.from({ length: 9 }, (_, index) => START + (index - 1) * 30_000))
  show([seen('1', START + 600_000), seen('late', START + 100_000)])
  expect(await names(START + 300_000)).toEqual(['1', 'late'])
  expect(asked.at(-1)).toBe(START)
})

it('separates tenants, and uses the newest name', async () => {
  const { show, names } = rig()
  show([seen('1', START, 'old')])
  expect(await names(START)).toEqual(['old'])
  expect(await names(START, 'b')).toEqual(['old'])
  show([seen('1', START + 4_000, 'new')])
  expect(await names(START + 30_000)).toEqual(['new'])
  expect(await names(START + 20_000, 'b')).toEqual(['old'])
})

it('reads again for a page that waited for a failed read', async () => {
  const known = new KnownHosts()
  const failing = known.find('a', START, () => Promise.reject(new Error('the page went away')))
  const waiting = known.find('a', START, async () => [seen('1', START)])
  await expect(failing).rejects.toThrow('went away')
  expect(await waiting).toMatchObject([{ host: '1', host_name: '1' }])
})

it('remembers no more hosts than it reads', async () => {
  const { show, names } = rig()
  show(Array.from({ length: MOST_HOSTS_READ }, (_, index) => seen(`a${index}`, START)))
  await names(START)
  show([seen('b', START + 5_000)])
  const found = await names(START + 30_000)
  expect(found.length).toBe(MOST_HOSTS_READ)
  expect(found).toContain('b')
})

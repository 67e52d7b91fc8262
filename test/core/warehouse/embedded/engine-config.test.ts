// Guarantees: every cache and the whole engine stay within the given memory, and the file is well-formed.
import { expect, it } from 'vitest'
import { engineConfigXml, engineSettings } from '../../../../core/warehouse/embedded/engine-config.ts'

it.each([2 ** 28, 2 ** 31, 2 ** 36])('caches take a small part of %d bytes', maxMemoryBytes => {
  const settings = engineSettings({ maxMemoryBytes })
  const caches = Object.entries(settings).filter(([name]) => name.endsWith('_cache_size'))
  expect(caches.length).toBeGreaterThan(3)
  const sum = caches.reduce((total, [, bytes]) => total + bytes, 0)
  expect(sum).toBeLessThan(maxMemoryBytes / 8)
  expect(settings['max_server_memory_usage']).toBe(maxMemoryBytes)
})

it('writes balanced elements', () => {
  const xml = engineConfigXml({ maxMemoryBytes: 1_000_000_000 })
  const open = [...xml.matchAll(/<(\w+)>/g)].map(match => match[1])
  const close = [...xml.matchAll(/<\/(\w+)>/g)].map(match => match[1])
  expect(open.toSorted()).toEqual(close.toSorted())
  expect(xml).toContain('<max_server_memory_usage>1000000000</max_server_memory_usage>')
})

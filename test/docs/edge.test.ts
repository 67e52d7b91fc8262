// Guarantees: `wattline check` accepts the configurations in docs/edge.md.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { resolveConfig } from '../../core/catalogue/config/load.ts'

const page = readFileSync(new URL('../../docs/edge.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, yaml]) => yaml!)

it('has configurations', () => expect(blocks.length).toBe(2))

it.each(blocks)('accepts:\n%s', yaml => {
  const sources = { yaml, environment: { OTLP_KEY: 'secret' }, readFile: () => 'secret' }
  const result = resolveConfig(sources)
  expect(result).toMatchObject({ ok: true, config: { forward: { url: expect.stringMatching(/^https:/) } } })
})

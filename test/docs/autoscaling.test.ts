// Guarantees: every piece of configuration in docs/autoscaling.md is valid, and every manifest is YAML that names the ports, routes and
// metrics that exist.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { resolveConfig } from '../../core/catalogue/config/load.ts'

const page = readFileSync(new URL('../../docs/autoscaling.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, yaml = '']) => yaml)
const isOurs = (yaml: string): boolean => !/^(apiVersion|resources| {2}metrics):/m.test(yaml)

it.each(blocks.filter(isOurs))('accepts:\n%s', yaml => {
  const result = resolveConfig({
    yaml,
    environment: {},
    readFile: () => 'https://heat.example.com/v1/signal',
  })
  expect(result.ok ? [] : result.problems).toEqual([])
})

it('has manifests for KEDA, HorizontalPodAutoscalers and Heat', () => {
  const others = blocks.filter(yaml => !isOurs(yaml)).flatMap(yaml => parseAllDocuments(yaml))
  expect(others.flatMap(({ errors }) => errors)).toEqual([])
  const kinds = others.map(document => (document.toJS() as { kind?: string }).kind)
  expect(kinds).toEqual(
    expect.arrayContaining(['ScaledObject', 'APIService', 'HorizontalPodAutoscaler', 'ClusterRole']),
  )
})

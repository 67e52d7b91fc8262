// Guarantees: targets come from the configuration and from files, with the labels that rules may use; address, scheme,
// path and parameters follow the rules; files are followed, and an unusable one keeps its last targets.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createRelabel } from '../../../../collector/prometheus/scrape/relabel.ts'
import { TargetFiles } from '../../../../collector/prometheus/scrape/target-files.ts'
import { targetsOf } from '../../../../collector/prometheus/scrape/targets.ts'
import { configSchema } from '../../../../core/catalogue/config/schema.ts'
import { RecordedEvents } from '../../intake/fakes.ts'

const folder = mkdtempSync(join(tmpdir(), 'wattline-targets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function found(settings: object) {
  const job = configSchema.parse({ scrape: { jobs: [{ job_name: 'node', ...settings }] } }).scrape.jobs[0]!
  const targets = targetsOf(job, job.static_configs, createRelabel(job.relabel_configs))
  return [...targets.values()].map(({ url, labels }) => [url, Object.fromEntries(labels)])
}

describe('targets of a job', () => {
  const one = { static_configs: [{ targets: ['a:9100'] }] }
  const rule = (target_label: string, replacement: string) => ({ target_label, replacement })

  it.each([
    [one, [['http://a:9100/metrics', { instance: 'a:9100', job: 'node' }]]],
    [
      { ...one, scheme: 'https', metrics_path: '/m', params: { x: ['1', '2'], 'collect[]': ['cpu'] } },
      [['https://a:9100/m?x=1&x=2&collect%5B%5D=cpu', { instance: 'a:9100', job: 'node' }]],
    ],
    [
      { static_configs: [{ targets: ['[::1]:80', 'b'], labels: { zone: 'z', job: 'mine', none: '' } }] },
      [
        ['http://[::1]/metrics', { instance: '[::1]:80', job: 'mine', zone: 'z' }],
        ['http://b/metrics', { instance: 'b', job: 'mine', zone: 'z' }],
      ],
    ],
    [
      // The usual form of a probe: the target is a parameter.
      {
        ...one,
        relabel_configs: [
          { source_labels: ['__address__'], target_label: '__param_target' },
          { source_labels: ['__param_target'], target_label: 'instance' },
          rule('__address__', 'probe:9115'),
          rule('__metrics_path__', '/probe'),
          rule('__scheme__', 'https'),
          rule('__tmp', 'gone'),
        ],
      },
      [['https://probe:9115/probe?target=a%3A9100', { instance: 'a:9100', job: 'node' }]],
    ],
    [{ ...one, relabel_configs: [{ action: 'drop', source_labels: ['job'], regex: 'node' }] }, []],
    [{ ...one, relabel_configs: [rule('__address__', '')] }, []],
    [{ ...one, relabel_configs: [rule('__scheme__', 'file')] }, []],
    [
      { static_configs: [{ targets: ['a:1', 'a:1'] }] },
      [['http://a:1/metrics', { instance: 'a:1', job: 'node' }]],
    ],
  ])('%j', (settings, targets) => {
    expect(found(settings)).toEqual(targets)
  })

  it('are divided among collectors without gap or overlap', () => {
    const targets = Array.from({ length: 60 }, (_, at) => `host-${at}:9100`)
    const shard = (keep: string) =>
      found({
        static_configs: [{ targets }],
        relabel_configs: [
          { action: 'hashmod', source_labels: ['__address__'], modulus: 3, target_label: '__tmp_shard' },
          { action: 'keep', source_labels: ['__tmp_shard'], regex: keep },
        ],
      }).map(([url]) => url)
    const shards = ['0', '1', '2'].map(shard)
    for (const urls of shards) expect(urls.length).toBeGreaterThan(8)
    expect(shards.flat().toSorted()).toEqual(targets.map(target => `http://${target}/metrics`).toSorted())
  })
})

describe('targets in files', () => {
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  it('are read from JSON and YAML, by name and by pattern, and followed', async () => {
    const json = write('a-1.json', '[{"targets": ["a:1", "a:2"], "labels": {"zone": "z"}}]')
    const yaml = write('a-2.yml', '- targets: [b:1]\n')
    const events = new RecordedEvents()
    const files = new TargetFiles([join(folder, 'a-*.json'), yaml, join(folder, 'none.yml')], events)
    expect(await files.look()).toBe(true)
    expect(files.groups()).toEqual([
      { targets: ['a:1', 'a:2'], labels: { zone: 'z', __meta_filepath: json } },
      { targets: ['b:1'], labels: { __meta_filepath: yaml } },
    ])
    expect(await files.look()).toBe(false)

    // A change counts once it has been stable for one check.
    write('a-1.json', '[{"targets": ["a:3"]}]')
    expect(await files.look()).toBe(false)
    expect(await files.look()).toBe(true)
    expect(files.groups()[0]!.targets).toEqual(['a:3'])

    // Nonsense keeps the previous state, and is reported once.
    for (const text of ['[{"targets": ["http://a:1/x"]}]', '{"targets": []}', '[{']) {
      events.all.length = 0
      write('a-1.json', text)
      for (let look = 0; look < 4; look += 1) expect(await files.look()).toBe(false)
      expect(events.sum('filesRefused', { path: json })).toBe(1)
      expect(files.groups()[0]!.targets).toEqual(['a:3'])
    }
    write('a-1.json', '[{"targets": ["a:4"]}]')
    await files.look()
    expect(await files.look()).toBe(true)
    expect(files.groups()[0]!.targets).toEqual(['a:4'])

    rmSync(json)
    expect(await files.look()).toBe(true)
    expect(files.groups().map(group => group.targets)).toEqual([['b:1']])
  })
})

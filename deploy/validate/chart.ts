/**
 * Checks the chart: linted and rendered by Helm, every manifest validated by schema and by rules, and its configuration
 * by Wattline itself.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { checkContainer } from './container-check.ts'
import type { CustomResources } from './custom-resources.ts'
import {
  type KubernetesManifest,
  nameOf,
  type PodContainer,
  type PodVolume,
  podWorkloads,
  readManifests,
} from './manifest.ts'
import { brokenRules } from './rules.ts'
import { sampleSecret } from './sample-secrets.ts'
import type { Tools } from './tools.ts'

const run = promisify(execFile)
/** The oldest version that the chart supports, and the newest with schemas. */
const KUBERNETES = ['1.30.0', '1.37.0'] as const

interface ChartOptions {
  readonly tools: Tools
  readonly custom: CustomResources
  readonly report: (line: string) => void
  /** Only the example that enables everything, for one version. */
  readonly isQuick?: boolean
}

/** Every problem of the chart with each values file in the folder of examples. */
export async function chartProblems(
  deploy: string,
  { tools, custom, report, isQuick = false }: ChartOptions,
): Promise<string[]> {
  const chart = join(deploy, 'helm/wattline')
  const problems: string[] = []
  for (const name of isQuick ? ['everything.yaml'] : readdirSync(join(deploy, 'helm/examples'))) {
    const values = join(deploy, 'helm/examples', name)
    for (const version of isQuick ? KUBERNETES.slice(-1) : KUBERNETES) {
      const found = await renderedProblems({ chart, values, version, tools, custom, report })
      problems.push(...found.map(problem => `${basename(values)}, Kubernetes ${version}: ${problem}`))
    }
  }
  return problems
}

interface Rendering {
  readonly chart: string
  readonly values: string
  readonly version: string
  readonly tools: Tools
  readonly custom: CustomResources
  readonly report: (line: string) => void
}

async function renderedProblems({
  chart,
  values,
  version,
  tools,
  custom,
  report,
}: Rendering): Promise<string[]> {
  const common = ['--kube-version', version, '--namespace', 'observability', '--values', values]
  const lint = await output(tools.helm, ['lint', chart, '--strict', '--quiet', ...common])
  if (!lint.ok) return [`helm lint: ${lint.text}`]
  const rendered = await output(tools.helm, ['template', 'release', chart, ...common])
  if (!rendered.ok) return [`helm template: ${rendered.text}`]
  const manifests = readManifests(rendered.text)
  const standard = manifests.filter(manifest => !custom.knows(manifest))
  const { agent } = parse(readFileSync(values, 'utf8')) as { agent?: { dataPath?: string } }
  const problems = [
    ...(await schemaProblems(standard, tools, version)),
    ...manifests.filter(manifest => custom.knows(manifest)).flatMap(manifest => custom.problemsOf(manifest)),
    ...brokenRules(manifests, agent?.dataPath ?? '/var/lib/wattline'),
    ...(await configProblems(manifests)),
  ]
  report(
    `${basename(values)}, Kubernetes ${version}: ${manifests.length} manifests, ${podWorkloads(manifests).length} configurations`,
  )
  return problems
}

async function output(command: string, args: readonly string[]): Promise<{ ok: boolean; text: string }> {
  try {
    return { ok: true, text: (await run(command, args, { maxBuffer: 2 ** 26 })).stdout }
  } catch (error) {
    const { stdout, stderr, message } = error as Error & { stdout?: string; stderr?: string }
    return { ok: false, text: `${stdout ?? ''}${stderr ?? ''}`.trim() || message }
  }
}

/** Validates against the schemas of Kubernetes, strictly: an unknown field or kind is a problem. */
async function schemaProblems(
  manifests: readonly KubernetesManifest[],
  tools: Tools,
  version: string,
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-manifests-'))
  try {
    const files = manifests.map((manifest, index) => {
      const file = join(folder, `${index}.yaml`)
      writeFileSync(file, JSON.stringify(manifest))
      return file
    })
    const minor = version.split('.').slice(0, 2).join('.')
    const { ok, text } = await output(tools.kubernetesValidate, [
      '--strict',
      '--kubernetes-version',
      minor,
      ...files,
    ])
    const passed = text.split('\n').filter(line => / passed for /.test(line)).length
    if (ok && passed === manifests.length) return []
    return text
      .split('\n')
      .filter(line => line !== '' && !/ passed for /.test(line))
      .map(
        line =>
          `schema: ${line.replace(/\S+\/(\d+)\.yaml/, (_, index) => nameOf(manifests[Number(index)]!))}`,
      )
      .concat(`schema: ${passed} of ${manifests.length} manifests passed`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * Runs `wattline check` for every container, with its own ConfigMap, its environment, and sample data for each Secret.
 */
async function configProblems(manifests: readonly KubernetesManifest[]): Promise<string[]> {
  const problems: string[] = []
  for (const { manifest, pod } of podWorkloads(manifests)) {
    for (const container of pod.containers) {
      const files = new Map(pod.volumes.flatMap(volume => filesOf(volume, container, manifests)))
      const environment = Object.fromEntries(
        (container.env ?? []).map(({ name, value }) => [name, value ?? 'given-by-kubernetes']),
      )
      const problem = await checkContainer({ args: container.args, environment, files })
      if (problem !== '') problems.push(`${nameOf(manifest)}: ${problem}`)
    }
  }
  return problems
}

/** A Secret contains everything that the configuration reads from it. */
function filesOf(
  volume: PodVolume,
  container: PodContainer,
  manifests: readonly KubernetesManifest[],
): [string, string][] {
  const at = container.volumeMounts.find(({ name }) => name === volume.name)?.mountPath
  if (at === undefined) return []
  const maps = manifests.filter(({ kind }) => kind === 'ConfigMap')
  const { configMap: wanted } = volume
  if (wanted?.items !== undefined) {
    const data = maps.find(({ metadata }) => metadata.name === wanted.name)?.data ?? {}
    return wanted.items.map(({ key, path }) => [join(at, path), data[key] ?? ''])
  }
  // For Secrets, and for ConfigMaps that are not ours, only the keys that the configuration reads are known.
  if (volume.secret === undefined && wanted === undefined) return []
  const config = maps.flatMap(({ data = {} }) => Object.values(data)).join('\n')
  const named = [...config.matchAll(/\/etc\/wattline\/[\w./-]+/g)].map(([path]) => path)
  return named.filter(path => path.startsWith(`${at}/`)).map(path => [path, sampleSecret(basename(path))])
}

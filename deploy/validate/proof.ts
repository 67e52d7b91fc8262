/** Typical mistakes in such files. Each is made in a copy, which must then be refused for the expected reason. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Where a mistake is: the first part of its path. */
export type DeployPart = 'helm' | 'compose.yaml' | 'Dockerfile'

interface Mistake {
  readonly what: string
  /** Below deploy/. */
  readonly file: `${DeployPart}${string}`
  readonly from: string
  readonly to: string
  /** Pattern that the reported problem must match. */
  readonly expected: RegExp
}

const T = 'helm/wattline/templates'

const MISTAKES: readonly Mistake[] = [
  {
    what: 'a template that does not parse',
    file: `${T}/query.yaml`,
    from: '{{ include',
    to: '{{ inclde',
    expected: /helm (lint|template)/,
  },
  {
    what: 'indentation',
    file: `${T}/_role.tpl`,
    from: '      serviceAccountName',
    to: '  serviceAccountName',
    expected: /schema|helm/,
  },
  {
    what: 'a misspelt field',
    file: `${T}/_role.tpl`,
    from: 'enableServiceLinks',
    to: 'enableServiceLink',
    expected: /enableServiceLink/,
  },
  {
    what: 'a version of an API that does not exist',
    file: `${T}/poddisruptionbudget.yaml`,
    from: 'policy/v1',
    to: 'policy/v2',
    expected: /schema/,
  },
  {
    what: 'a field that KEDA does not know',
    file: `${T}/autoscaling.yaml`,
    from: 'maxReplicaCount',
    to: 'maxReplicas',
    expected: /ScaledObject.*maxReplicas/,
  },
  {
    what: 'a field that the operator does not know',
    file: `${T}/servicemonitor.yaml`,
    from: 'targetLabels',
    to: 'targetLabel',
    expected: /ServiceMonitor.*targetLabel/,
  },
  {
    what: 'a selector that finds nobody',
    file: `${T}/poddisruptionbudget.yaml`,
    from: '"role" $role) | nindent 6',
    to: '"role" "rolle") | nindent 6',
    expected: /selects the pods of 0/,
  },
  {
    what: 'a Service with a port that nobody has',
    file: `${T}/_role.tpl`,
    from: 'targetPort: otlp-http',
    to: 'targetPort: otlp',
    expected: /no container has a port otlp/,
  },
  {
    what: 'a key of the configuration that does not exist',
    file: `${T}/_config.tpl`,
    from: 'topic_prefix',
    to: 'topicprefix',
    expected: /unknown key/,
  },
  {
    what: 'a role that does not exist',
    file: `${T}/processors.yaml`,
    from: '"role" "processors" "values"',
    to: '"role" "processor" "values"',
    expected: /./,
  },
  {
    what: 'a mount of the whole node',
    file: `${T}/agent.yaml`,
    from: 'path: /sys/class,',
    to: 'path: /,',
    expected: /mounts \/ of the node/,
  },
  {
    what: 'a mount of the node that can be written below',
    file: `${T}/agent.yaml`,
    from: '/host/sys/fs/cgroup, readOnly: true, recursiveReadOnly: IfPossible',
    to: '/host/sys/fs/cgroup, readOnly: true',
    expected: /may write to \/sys\/fs\/cgroup/,
  },
  {
    what: 'the PID namespace of the node',
    file: `${T}/agent.yaml`,
    from: 'hostPID: false',
    to: 'hostPID: true',
    expected: /namespace of the node/,
  },
  {
    what: 'a grace that is too short',
    file: `${T}/_helpers.tpl`,
    from: '.Values.preStopSeconds 10',
    to: '-10',
    expected: /is killed after/,
  },
  {
    what: 'a volume that is not there',
    file: `${T}/agent.yaml`,
    from: '- {name: token, mountPath',
    to: '- {name: tokens, mountPath',
    expected: /no volume/,
  },
  {
    what: 'values that the schema does not know',
    file: 'helm/wattline/values.yaml',
    from: 'shutdownGraceSeconds',
    to: 'shutdownGrace',
    expected: /helm/,
  },
  {
    what: 'a misspelt key of a service',
    file: 'compose.yaml',
    from: 'cap_drop: [ALL]',
    to: 'cap-drop: [ALL]',
    expected: /compose/,
  },
  {
    what: 'a service that waits for nobody',
    file: 'compose.yaml',
    from: 'query: { condition',
    to: 'qery: { condition',
    expected: /compose.*qery/,
  },
  {
    what: 'a volume that compose does not know',
    file: 'compose.yaml',
    from: '\n  kafka-data:\n',
    to: '\n',
    expected: /kafka-data/,
  },
  {
    what: 'an instruction that does not exist',
    file: 'Dockerfile',
    from: 'WORKDIR',
    to: 'WORKDRI',
    expected: /Dockerfile/,
  },
  {
    what: 'an image without a tag',
    file: 'Dockerfile',
    from: 'node:24-bookworm-slim',
    to: 'node',
    expected: /DL3006/,
  },
]

/** The mistakes that were not refused, or for another reason. */
export async function unnoticed(
  deploy: string,
  problemsOf: (part: DeployPart, copy: string) => Promise<readonly string[]>,
  report: (line: string) => void,
): Promise<string[]> {
  const missed: string[] = []
  for (const mistake of MISTAKES) {
    const part = mistake.file.split('/')[0] as DeployPart
    const problems = await withMistake(deploy, mistake, copy => problemsOf(part, copy))
    const isRefused = problems.some(problem => mistake.expected.test(problem))
    report(`  ${isRefused ? 'refused' : 'NOT REFUSED'}: ${mistake.what}`)
    if (!isRefused) missed.push(`${mistake.what}; expected: ${problems.join(' | ') || 'nothing'}`)
  }
  return missed
}

async function withMistake<T>(
  deploy: string,
  { file, from, to }: Mistake,
  use: (copy: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'wattline-broken-'))
  const copy = join(folder, 'deploy')
  try {
    cpSync(deploy, copy, { recursive: true })
    const text = readFileSync(join(copy, file), 'utf8')
    if (!text.includes(from))
      throw new Error(`${file} has no ${JSON.stringify(from)} any more: the proof is out of date.`)
    writeFileSync(join(copy, file), text.replace(from, to))
    return await use(copy)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

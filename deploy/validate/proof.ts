/** Mistakes that people make in such files. Each is made in a copy, which must then be refused, for that reason. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What a mistake is in: the first part of its path. */
export type Part = 'helm' | 'compose.yaml' | 'Dockerfile'

interface Mistake {
  readonly what: string
  /** Below deploy/. */
  readonly file: `${Part}${string}`
  readonly from: string
  readonly to: string
  /** In what is told of it. */
  readonly told: RegExp
}

const T = 'helm/wattline/templates'

const MISTAKES: readonly Mistake[] = [
  {
    what: 'a template that does not parse',
    file: `${T}/query.yaml`,
    from: '{{ include',
    to: '{{ inclde',
    told: /helm (lint|template)/,
  },
  {
    what: 'indentation',
    file: `${T}/_role.tpl`,
    from: '      serviceAccountName',
    to: '  serviceAccountName',
    told: /schema|helm/,
  },
  {
    what: 'a misspelt field',
    file: `${T}/_role.tpl`,
    from: 'enableServiceLinks',
    to: 'enableServiceLink',
    told: /enableServiceLink/,
  },
  {
    what: 'a version of an API that does not exist',
    file: `${T}/poddisruptionbudget.yaml`,
    from: 'policy/v1',
    to: 'policy/v2',
    told: /schema/,
  },
  {
    what: 'a field that KEDA does not know',
    file: `${T}/autoscaling.yaml`,
    from: 'maxReplicaCount',
    to: 'maxReplicas',
    told: /ScaledObject.*maxReplicas/,
  },
  {
    what: 'a field that the operator does not know',
    file: `${T}/servicemonitor.yaml`,
    from: 'targetLabels',
    to: 'targetLabel',
    told: /ServiceMonitor.*targetLabel/,
  },
  {
    what: 'a selector that finds nobody',
    file: `${T}/poddisruptionbudget.yaml`,
    from: '"role" $role) | nindent 6',
    to: '"role" "rolle") | nindent 6',
    told: /selects the pods of 0/,
  },
  {
    what: 'a Service with a port that nobody has',
    file: `${T}/_role.tpl`,
    from: 'targetPort: otlp-http',
    to: 'targetPort: otlp',
    told: /no container has a port otlp/,
  },
  {
    what: 'a key of the configuration that does not exist',
    file: `${T}/_config.tpl`,
    from: 'topic_prefix',
    to: 'topicprefix',
    told: /there is no such key/,
  },
  {
    what: 'a role that does not exist',
    file: `${T}/processors.yaml`,
    from: '"role" "processors" "values"',
    to: '"role" "processor" "values"',
    told: /./,
  },
  {
    what: 'a mount of the whole node',
    file: `${T}/agent.yaml`,
    from: 'path: /sys/class,',
    to: 'path: /,',
    told: /mounts \/ of the node/,
  },
  {
    what: 'a mount of the node that can be written below',
    file: `${T}/agent.yaml`,
    from: '/host/sys/fs/cgroup, readOnly: true, recursiveReadOnly: IfPossible',
    to: '/host/sys/fs/cgroup, readOnly: true',
    told: /may write to \/sys\/fs\/cgroup/,
  },
  {
    what: 'the PID namespace of the node',
    file: `${T}/agent.yaml`,
    from: 'hostPID: false',
    to: 'hostPID: true',
    told: /namespace of the node/,
  },
  {
    what: 'a grace that is too short',
    file: `${T}/_helpers.tpl`,
    from: '.Values.preStopSeconds 10',
    to: '-10',
    told: /is killed after/,
  },
  {
    what: 'a volume that is not there',
    file: `${T}/agent.yaml`,
    from: '- {name: token, mountPath',
    to: '- {name: tokens, mountPath',
    told: /no volume/,
  },
  {
    what: 'values that the schema does not know',
    file: 'helm/wattline/values.yaml',
    from: 'shutdownGraceSeconds',
    to: 'shutdownGrace',
    told: /helm/,
  },
  {
    what: 'a misspelt key of a service',
    file: 'compose.yaml',
    from: 'cap_drop: [ALL]',
    to: 'cap-drop: [ALL]',
    told: /compose/,
  },
  {
    what: 'a service that waits for nobody',
    file: 'compose.yaml',
    from: 'query: { condition',
    to: 'qery: { condition',
    told: /compose.*qery/,
  },
  {
    what: 'a volume that compose does not know',
    file: 'compose.yaml',
    from: '\n  kafka-data:\n',
    to: '\n',
    told: /kafka-data/,
  },
  {
    what: 'an instruction that does not exist',
    file: 'Dockerfile',
    from: 'WORKDIR',
    to: 'WORKDRI',
    told: /Dockerfile/,
  },
  {
    what: 'an image without a tag',
    file: 'Dockerfile',
    from: 'node:24-bookworm-slim',
    to: 'node',
    told: /DL3006/,
  },
]

/** The mistakes that were not refused, or for another reason. */
export async function unnoticed(
  deploy: string,
  problemsOf: (part: Part, copy: string) => Promise<readonly string[]>,
  tell: (line: string) => void,
): Promise<string[]> {
  const missed: string[] = []
  for (const mistake of MISTAKES) {
    const part = mistake.file.split('/')[0] as Part
    const problems = await withMistake(deploy, mistake, copy => problemsOf(part, copy))
    const isTold = problems.some(problem => mistake.told.test(problem))
    tell(`  ${isTold ? 'refused' : 'NOT REFUSED'}: ${mistake.what}`)
    if (!isTold) missed.push(`${mistake.what}; told: ${problems.join(' | ') || 'nothing'}`)
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

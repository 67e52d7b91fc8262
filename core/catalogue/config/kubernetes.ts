/** Relations of the keys under `kubernetes`. */
import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

type KubernetesKeys = 'kubernetes' | 'metering' | 'roles'

/** Keys that have no effect in the chosen mode, and intervals that the meter does not trust. */
export function kubernetesProblems({
  kubernetes,
  metering,
  roles,
}: Pick<Config, KubernetesKeys>): ConfigProblem[] {
  const { mode, interval, namespace_labels, node_labels } = kubernetes
  if (mode === 'off') return []
  const problems: ConfigProblem[] = []
  const tell = (key: string, problem: string): void =>
    void problems.push({ path: `kubernetes.${key}`, problem })
  if (!roles.includes('collector'))
    tell('mode', 'needs role `collector`, which writes the readings: add it to `roles`, or set `mode: off`')
  if (interval < 1) tell('interval', 'must be at least a second')
  if (interval > metering.gap)
    tell('interval', `must not be above metering.gap (${metering.gap} s), or nothing counts as reserved`)
  if (mode === 'kubelet' && namespace_labels.length > 0)
    tell('namespace_labels', 'the kubelet knows no namespaces: use `mode: node`, or delete the key')
  if (mode === 'kubelet' && node_labels.length > 0)
    tell('node_labels', 'the kubelet does not tell labels of its node: use `mode: node`, or delete the key')
  return problems
}

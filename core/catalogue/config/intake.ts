import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

/** Relations between the limits of requests and of batches. */
export function intakeProblems({
  limits,
  group_commit: groupCommit,
}: Pick<Config, 'limits' | 'group_commit'>): ConfigProblem[] {
  const problems: ConfigProblem[] = []
  if (limits.body_bytes > limits.in_flight_bytes) {
    problems.push({
      path: 'limits.in_flight_bytes',
      problem: `must be at least limits.body_bytes (${limits.body_bytes})`,
    })
  }
  if (groupCommit.thin_wait_ms < groupCommit.wait_ms) {
    problems.push({ path: 'group_commit.thin_wait_ms', problem: 'must be at least group_commit.wait_ms' })
  }
  return problems
}

import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

/** Relations between the keys of the log. */
export function brokerProblems({ broker }: Pick<Config, 'broker'>): ConfigProblem[] {
  const { kind, brokers, tls, sasl } = broker
  const problems: ConfigProblem[] = []
  if (kind === 'kafka' && brokers.length === 0) {
    problems.push({ path: 'broker.brokers', problem: 'Kafka needs host:port of at least one broker' })
  }
  if (sasl.mechanism !== 'none' && (sasl.username === undefined || sasl.password === undefined)) {
    problems.push({ path: 'broker.sasl', problem: `${sasl.mechanism} needs username and password` })
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    problems.push({ path: 'broker.tls', problem: 'certificate and key must be set together' })
  }
  return problems
}

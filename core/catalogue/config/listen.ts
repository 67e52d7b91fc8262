import type { ConfigProblem } from './problem.ts'
import type { Config } from './schema.ts'

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/

/** Whether the address can be reached only from this machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.test(host)

/**
 * Relations between ports, tokens and certificates. No key allows other machines in without a token: if you do not want
 * tokens, listen on loopback, or put a proxy in front that has a token.
 */
export function listenProblems({
  listen,
  auth,
  roles,
}: Pick<Config, 'listen' | 'auth' | 'roles'>): ConfigProblem[] {
  const { host, tls, cors_origins: corsOrigins } = listen
  const problems: ConfigProblem[] = []
  if (!isLoopback(host) && auth.tokens_file === undefined) {
    problems.push({
      path: 'listen.host',
      problem:
        `${host} is not a loopback address, but no tokens are configured: set \`auth.tokens_file: tokens.yaml\` ` +
        '(create it with `wattline token --tenant default --scopes ingest,read,admin --add tokens.yaml`), or `listen.host: 127.0.0.1`',
    })
  }
  problems.push(...portProblems(listen, roles))
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    problems.push({ path: 'listen.tls', problem: 'certificate and key must be set together' })
  }
  if (tls.client_ca !== undefined && tls.cert === undefined) {
    problems.push({ path: 'listen.tls.client_ca', problem: 'needs listen.tls.cert and listen.tls.key' })
  }
  if (corsOrigins.includes('*') && auth.tokens_file === undefined) {
    problems.push({
      path: 'listen.cors_origins',
      problem: '`*` lets every web page send data: set `auth.tokens_file`, or list the origins',
    })
  }
  return problems
}

/** Ports that this process would open twice. */
function portProblems(listen: Config['listen'], roles: Config['roles']): ConfigProblem[] {
  const keys = [
    'http' as const,
    ...(roles.includes('collector') ? (['otlp_http', 'otlp_grpc'] as const) : []),
    ...(roles.includes('query') ? (['clickhouse', 'jaeger'] as const) : []),
    ...(roles.includes('scaling') ? (['keda', 'kubernetes'] as const) : []),
  ]
  return keys.flatMap((key, index) => {
    const port = listen[key]
    if (port === 0 || port === 'off') return []
    const other = keys.slice(0, index).find(before => listen[before] === port)
    return other === undefined
      ? []
      : [{ path: `listen.${key}`, problem: `port ${port} is already used by listen.${other}` }]
  })
}

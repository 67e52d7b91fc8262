/** From configuration to controllers. */
import type { Config } from '../../../core/catalogue/config/schema.ts'
import type { ControlledHost, Controller } from '../host/controller.ts'
import { lanController } from '../ipmi/lan.ts'
import { type RedfishHost, redfishController } from '../redfish/redfish.ts'

type BmcConfig = Config['bmc']

const IPMI_PORT = 623
/** Controllers end sessions that are silent for a minute. */
const KEEP_SESSION_SECONDS = 45

/** The controllers that are configured, without this machine's own. Hosts may be named by an alias (`hosts.aliases`). */
export function openControllers({ bmc, hosts }: Pick<Config, 'bmc' | 'hosts'>): Controller[] {
  const named = <Given extends BmcGroup>(group: Given): WithHosts<Given> => ({
    ...group,
    hosts: Object.entries(group.hosts).map(([name, at]) => ({
      host: hostOf(group, hosts.aliases[name] ?? name),
      at,
    })),
  })
  return [
    ...bmc.redfish.flatMap(group => openRedfish(named(group))),
    ...bmc.ipmi.flatMap(group => openIpmi(named(group), bmc.interval)),
  ]
}

interface BmcGroup {
  readonly tenant: string
  readonly zone?: string | undefined
  readonly hosts: Readonly<Record<string, string>>
}

type WithHosts<Given> = Omit<Given, 'hosts'> & {
  readonly hosts: readonly { readonly host: ControlledHost; readonly at: string }[]
}

const hostOf = ({ tenant, zone }: BmcGroup, name: string): ControlledHost => ({
  tenant,
  host: name,
  hostName: name,
  ...(zone === undefined ? {} : { zone }),
})

/** Hosts of one address share its connection. */
function openRedfish(group: WithHosts<BmcConfig['redfish'][number]>): Controller[] {
  const { user, password, auth, tls } = group
  const byOrigin = new Map<string, RedfishHost[]>()
  for (const { host, at } of group.hosts) {
    const [origin = '', chassis] = at.replace(/\/(?=#|$)/, '').split('#')
    byOrigin.set(origin, [...(byOrigin.get(origin) ?? []), { host, chassis }])
  }
  return [...byOrigin].map(([origin, hosts]) =>
    redfishController(
      {
        origin,
        user,
        password,
        auth,
        ca: tls.ca,
        serverName: tls.server_name,
        skipVerify: tls.insecure_skip_verify,
      },
      hosts,
    ),
  )
}

function openIpmi(group: WithHosts<BmcConfig['ipmi'][number]>, intervalSeconds: number): Controller[] {
  const { user = '', password, privilege, cipher_suites: suites } = group
  return group.hosts.map(({ host, at }) => {
    const [, address = at, port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(at) ?? []
    return lanController({
      address,
      port: port === undefined ? IPMI_PORT : Number(port),
      host,
      login: { user, password, privilege },
      suites,
      keepsSession: intervalSeconds <= KEEP_SESSION_SECONDS,
    })
  })
}

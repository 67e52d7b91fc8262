/** From configuration to controllers. */
import type { Config } from '../../../core/catalogue/config/schema.ts'
import type { ControlledHost, Controller } from '../host/controller.ts'
import { lanController } from '../ipmi/lan.ts'
import { type RedfishHost, redfishController } from '../redfish/redfish.ts'

type BmcConfig = Config['bmc']

const IPMI_PORT = 623
/** Controllers end sessions that are silent for a minute. */
const KEEP_SESSION_SECONDS = 45

/** The controllers that are configured, without this machine's own. */
export const openControllers = (config: BmcConfig): Controller[] => [
  ...config.redfish.flatMap(openRedfish),
  ...config.ipmi.flatMap(group => openIpmi(group, config.interval)),
]

interface Group {
  readonly tenant: string
  readonly zone?: string | undefined
}

const hostOf = ({ tenant, zone }: Group, name: string): ControlledHost => ({
  tenant,
  host: name,
  hostName: name,
  ...(zone === undefined ? {} : { zone }),
})

/** Hosts of one address share its connection. */
function openRedfish(group: BmcConfig['redfish'][number]): Controller[] {
  const { user, password, auth, tls } = group
  const byOrigin = new Map<string, RedfishHost[]>()
  for (const [name, address] of Object.entries(group.hosts)) {
    const [origin = '', chassis] = address.replace(/\/(?=#|$)/, '').split('#')
    byOrigin.set(origin, [...(byOrigin.get(origin) ?? []), { host: hostOf(group, name), chassis }])
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

function openIpmi(group: BmcConfig['ipmi'][number], intervalSeconds: number): Controller[] {
  const { user = '', password, privilege, cipher_suites: suites } = group
  return Object.entries(group.hosts).map(([name, at]) => {
    const [, address = at, port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(at) ?? []
    return lanController({
      address,
      port: port === undefined ? IPMI_PORT : Number(port),
      host: hostOf(group, name),
      login: { user, password, privilege },
      suites,
      keepsSession: intervalSeconds <= KEEP_SESSION_SECONDS,
    })
  })
}

/** Which addresses this process may send to when users configure the URL: public ones, and those that the operator allows. */
import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Special-purpose IPv4 networks (IANA registry), none of which is a public server. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const

/** Addresses that look public, and that a cloud answers itself inside its machines: Azure's host, with credentials and health. */
const CLOUD_IPV4 = ['168.63.129.16'] as const

/** Parts of the global unicast space 2000::/3 that carry an IPv4 address (Teredo, 6to4), or are for documentation or tests. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'] as const

const special = listOf([...SPECIAL_IPV4, ...CLOUD_IPV4, ...SPECIAL_IPV6])
const globalUnicast = listOf(['2000::/3'])

/** Whether an address is that of a public server: no loopback, private, link-local, multicast, translated or reserved one. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, 'ipv4')
  // A zone names an interface of this machine: what lies there is not public, whatever the address says.
  if (address.includes('%')) return false
  return isIPv6(address) && globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

/** Asked for each address before a connection is opened to it. */
export type AddressFilter = (address: string) => boolean

/**
 * Public addresses and those in `allowed`.
 * @param allowed addresses or networks in CIDR notation
 * @throws RangeError for a text that is neither
 */
export function addressFilter(allowed: readonly string[]): AddressFilter {
  const more = listOf(allowed)
  return address =>
    isPublicAddress(address) ||
    (isIPv4(address) ? more.check(address, 'ipv4') : isIPv6(address) && more.check(address, 'ipv6'))
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix, ...rest] = network.split('/')
    const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : null
    const most = family === 'ipv4' ? 32 : 128
    const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
    if (family === null || rest.length > 0 || !(bits <= most)) {
      throw new RangeError(`${network} is not an address or a network such as 10.0.0.0/8`)
    }
    list.addSubnet(address, bits, family)
  }
  return list
}

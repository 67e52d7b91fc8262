// Guarantees: only public addresses pass, for any spelling of a private one; the operator's list adds to them.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressFilter, isPublicAddress } from '../../../core/outgoing/addresses.ts'

describe('public addresses', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '192.0.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '2a00:1450::1',
  ])('accept %s', address => expect(isPublicAddress(address)).toBe(true))

  it.each([
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '192.0.0.8',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '168.63.129.16',
    '100.100.100.200',
    '192.0.0.192',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'fc00::1',
    'fd12::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'fe80::1%eth0',
    '2606:4700::1111%eth0',
    'fd00:ec2::254',
    'fd20:ce::254',
    '3fff::1',
    '5f00::1',
    '2001:10::1',
    'localhost',
    '',
  ])('refuse %s', address => expect(isPublicAddress(address)).toBe(false))
})

describe('a filter', () => {
  it('adds addresses and networks of the operator', () => {
    const isAllowed = addressFilter(['10.1.0.0/16', '127.0.0.1', 'fd00::/8'])
    expect(['10.1.2.3', '127.0.0.1', 'fd00::1', '8.8.8.8'].map(isAllowed)).toEqual([true, true, true, true])
    expect(['10.2.0.1', '127.0.0.2', 'fe80::1'].map(isAllowed)).toEqual([false, false, false])
  })

  it.each(['10.0.0.0/33', 'fd00::/129', '10.0.0.0/', 'localhost', '10.0.0.0/8/8', '10.0.0.0/-1'])(
    'refuses %s as a network',
    network => expect(() => addressFilter([network])).toThrow(RangeError),
  )
})

/** What the IANA registry sets aside, as numbers, independently of the list. */
const SPECIAL: readonly (readonly [network: number, bits: number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0000200, 24],
  [0xc0586300, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xe0000000, 4],
  [0xf0000000, 4],
]
const isSpecial = (ip: number): boolean =>
  ip === 0xa83f8110 || SPECIAL.some(([network, bits]) => ip >>> (32 - bits) === network >>> (32 - bits))
const bytesOf = (ip: number): readonly number[] => [24, 16, 8, 0].map(shift => (ip >>> shift) & 0xff)
const dotted = (ip: number): string => bytesOf(ip).join('.')
const hex = (ip: number): string => `${(ip >>> 16).toString(16)}:${(ip & 0xffff).toString(16)}`

/** Any address, and more of those around the edges of what is set aside. */
const ipv4 = fc.oneof(
  fc.integer({ min: 0, max: 0xffffffff }).map(ip => ip >>> 0),
  fc
    .tuple(fc.constantFrom(...SPECIAL), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([[network, bits], off, isEnd]) => (network + (isEnd ? 2 ** (32 - bits) : 0) + off) >>> 0),
)

/** Ways to write an IPv4 address as the host of a URL. */
const SPELLINGS: readonly ((ip: number) => string)[] = [
  dotted,
  ip => String(ip),
  ip => `0x${ip.toString(16)}`,
  ip => `0${ip.toString(8)}`,
  ip =>
    bytesOf(ip)
      .map(byte => `0x${byte.toString(16)}`)
      .join('.'),
  ip =>
    bytesOf(ip)
      .map(byte => `0${byte.toString(8)}`)
      .join('.'),
  ip => `${ip >>> 24}.${ip & 0xffffff}`,
  ip => `${ip >>> 24}.0x${((ip >>> 16) & 0xff).toString(16)}.${ip & 0xffff}`,
  ip => `${dotted(ip)}.`,
  ip => [...dotted(ip)].map(char => `%${char.charCodeAt(0).toString(16)}`).join(''),
  ip => dotted(ip).replaceAll('.', '\u3002'),
  ip =>
    [...dotted(ip)].map(char => (char === '.' ? char : String.fromCodePoint(0xff10 + Number(char)))).join(''),
]

/** IPv6 addresses that carry an IPv4 address: mapped, compatible, translated, NAT64, 6to4, Teredo. */
const CARRIERS: readonly ((ip: number) => string)[] = [
  ip => `::ffff:${dotted(ip)}`,
  ip => `::ffff:${hex(ip)}`,
  ip => `0:0:0:0:0:FFFF:${hex(ip)}`,
  ip => `::${dotted(ip)}`,
  ip => `::ffff:0:${hex(ip)}`,
  ip => `64:ff9b::${dotted(ip)}`,
  ip => `64:ff9b:1::${hex(ip)}`,
  ip => `2002:${hex(ip)}::1`,
  ip => `2001:0:${hex(ip)}::1`,
  ip => `2001::${hex(~ip >>> 0)}`,
]

it('accepts exactly what the registry does not set aside, however a URL writes it', () => {
  fc.assert(
    fc.property(ipv4, fc.constantFrom(...SPELLINGS), (ip, spell) => {
      const { hostname } = new URL(`http://${spell(ip)}/`)
      expect(hostname).toBe(dotted(ip))
      expect(isPublicAddress(hostname)).toBe(!isSpecial(ip))
    }),
    { seed: 17, numRuns: 5_000 },
  )
})

it('refuses every IPv6 address that carries an IPv4 address, public or not', () => {
  fc.assert(
    fc.property(ipv4, fc.constantFrom(...CARRIERS), (ip, carry) => {
      const address = carry(ip)
      const literal = new URL(`http://[${address}]/`).hostname.slice(1, -1)
      expect([isPublicAddress(address), isPublicAddress(literal)]).toEqual([false, false])
    }),
    { seed: 17, numRuns: 3_000 },
  )
})

it('accepts IPv6 addresses of the global unicast space alone', () => {
  const group = fc.integer({ min: 0, max: 0xffff })
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), groups => {
      const address = groups.map(one => one.toString(16)).join(':')
      const first = groups[0]!
      const isGlobal = first >= 0x2000 && first <= 0x3fff
      const isSetAside =
        (first === 0x2001 && (groups[1]! < 0x200 || groups[1] === 0xdb8)) ||
        first === 0x2002 ||
        (first === 0x3fff && groups[1]! < 0x1000)
      expect(isPublicAddress(address)).toBe(isGlobal && !isSetAside)
      expect(isPublicAddress(`${address}%1`)).toBe(false)
    }),
    { seed: 17, numRuns: 3_000 },
  )
})

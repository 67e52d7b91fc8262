// Guarantees: only public addresses pass, for any spelling of a private one; the operator's list adds to them.
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

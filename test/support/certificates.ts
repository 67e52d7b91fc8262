/**
 * Certificates for tests, made with Node alone: an authority, and certificates signed by it. X.509 version 3 in DER,
 * only the necessary parts (RFC 5280); keys are ECDSA on P-256.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { isIPv4 } from 'node:net'

export interface Certificate {
  /** PEM. */
  readonly cert: string
  /** PEM, PKCS #8. */
  readonly key: string
}

export interface Authority extends Certificate {
  /** A certificate for these names and IPv4 addresses. */
  issue(names: readonly string[], options?: { readonly expires?: Date }): Certificate
}

export function createAuthority(name: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issuer = { name, key: keys.privateKey }
  const year = new Date(Date.now() + 365 * 86_400_000)
  return {
    ...pemOf(
      certificate({ issuer, name, publicKey: keys.publicKey, expires: year, extensions: [CA] }),
      keys.privateKey,
    ),
    issue(names, { expires = year } = {}) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const extensions = [alternativeNames(names)]
      const [subject = 'nobody'] = names
      const der = certificate({ issuer, name: subject, publicKey: own.publicKey, expires, extensions })
      return pemOf(der, own.privateKey)
    },
  }
}

function pemOf(der: Buffer, key: KeyObject): Certificate {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  }
}

interface Wanted {
  readonly issuer: { readonly name: string; readonly key: KeyObject }
  readonly name: string
  readonly publicKey: KeyObject
  readonly expires: Date
  readonly extensions: readonly Buffer[]
}

const ECDSA_WITH_SHA256 = '2a8648ce3d040302'

function certificate({ issuer, name, publicKey, expires, extensions }: Wanted): Buffer {
  const algorithm = sequence(oid(ECDSA_WITH_SHA256))
  const begins = new Date(Math.min(Date.now(), expires.getTime()) - 86_400_000)
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    distinguishedName(issuer.name),
    sequence(time(begins), time(expires)),
    distinguishedName(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', body, issuer.key)
  return sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])))
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  if (length < 128) return Buffer.concat([Buffer.from([tag, length]), content])
  // The shortest form, or strict readers (Go) refuse the certificate.
  if (length < 256) return Buffer.concat([Buffer.from([tag, 0x81, length]), content])
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts))
const oid = (hex: string): Buffer => tagged(0x06, Buffer.from(hex, 'hex'))
const integer = (bytes: Buffer): Buffer => tagged(0x02, bytes)
const octets = (content: Buffer): Buffer => tagged(0x04, content)
/** GeneralizedTime: `20261121140000Z`. */
const time = (date: Date): Buffer =>
  tagged(0x18, Buffer.from(`${date.toISOString().replaceAll(/[-:T]|\.\d+Z/g, '')}Z`))

/** One commonName. */
const distinguishedName = (name: string): Buffer =>
  sequence(tagged(0x31, sequence(oid('550403'), tagged(0x0c, Buffer.from(name)))))

const TRUE = Buffer.from([0x01, 0x01, 0xff])
/** basicConstraints, critical: may sign others. */
const CA = sequence(oid('551d13'), TRUE, octets(sequence(TRUE)))

function alternativeNames(names: readonly string[]): Buffer {
  const entries = names.map(name =>
    isIPv4(name) ? tagged(0x87, Buffer.from(name.split('.').map(Number))) : tagged(0x82, Buffer.from(name)),
  )
  return sequence(oid('551d11'), octets(sequence(...entries)))
}

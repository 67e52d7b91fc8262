/**
 * Guarantees: KEDA's client gets metric spec, value and activity of a policy from memory; a stale or unknown answer is an error
 * of GetMetrics and IsActive that says what to do, while GetMetricSpec still answers, so that `fallback` happens; streams say
 * the state at once and each change; tokens and certificates keep tenants apart, also on streams that are already open.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { credentials, status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import { openAccess } from '../../../../core/auth/open-access.ts'
import { newToken, tokenHash } from '../../../../core/auth/token.ts'
import { createTokenAccess } from '../../../../core/auth/token-access.ts'
import type { TokenEntry } from '../../../../core/auth/token-list.ts'
import { createTokenTable } from '../../../../core/auth/token-table.ts'
import { silentEvents } from '../../../../core/catalogue/events/events.ts'
import { type ListenerTls, openListenerTls } from '../../../../core/http/tls.ts'
import { createKedaListener, type KedaOptions } from '../../../../query/scaling/keda/server.ts'
import type { AutoscalerListener } from '../../../../query/scaling/listener.ts'
import { namespaceTenants } from '../../../../query/scaling/tenants.ts'
import { createAuthority } from '../../../support/certificates.ts'
import { answerOf, bookOf, T0 } from '../answers.ts'
import { KedaClient, refTo } from './keda-rig.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function serve(
  options: Partial<KedaOptions> & Pick<KedaOptions, 'answers'>,
): Promise<AutoscalerListener> {
  const listener = createKedaListener({
    access: openAccess,
    clientNames: [],
    tenantOf: namespaceTenants([]),
    events: silentEvents,
    ...options,
  })
  await listener.listen('127.0.0.1', 0)
  open.push(() => listener.stop())
  return listener
}

function connect(
  listener: AutoscalerListener,
  ...rest: [ConstructorParameters<typeof KedaClient>[1]?]
): KedaClient {
  const client = new KedaClient(listener.address().port, ...rest)
  open.push(() => client.close())
  return client
}

const mine = (over: Parameters<typeof answerOf>[0] = {}) => answerOf({ tenant: 'default', ...over })

describe('an answer that may be followed', () => {
  it('has a spec, a value and an activity', async () => {
    const { book } = bookOf(mine())
    const client = connect(await serve({ answers: book }))
    expect(await client.call('GetMetricSpec', refTo('checkout'))).toEqual({
      metricSpecs: [{ metricName: 'wattline_replicas', targetSize: 1, targetSizeFloat: 1 }],
    })
    expect(await client.metrics(refTo('checkout'))).toEqual({
      metricValues: [{ metricName: 'wattline_replicas', metricValue: 6, metricValueFloat: 6 }],
    })
    expect(await client.call('IsActive', refTo('checkout'))).toEqual({ result: true })
  })

  it('is inactive with zero replicas', async () => {
    const { book } = bookOf(mine({ replicas: 0 }))
    const client = connect(await serve({ answers: book }))
    expect(await client.call('IsActive', refTo('checkout'))).toEqual({ result: false })
    expect(await client.metrics(refTo('checkout'))).toMatchObject({
      metricValues: [{ metricValue: 0, metricValueFloat: 0 }],
    })
  })

  it('is refused under the name of another metric', async () => {
    const { book } = bookOf(mine())
    const client = connect(await serve({ answers: book }))
    await expect(client.metrics(refTo('checkout'), 'other')).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    })
  })

  it('counts', async () => {
    const { book } = bookOf(mine())
    const emitted: unknown[] = []
    const events = { emit: (name: string, facts: unknown) => void emitted.push([name, facts]) }
    const client = connect(await serve({ answers: book, events }))
    await client.metrics(refTo('checkout'))
    await expect(client.metrics(refTo('none'))).rejects.toThrow()
    expect(emitted).toContainEqual(['autoscalerAnswered', { door: 'keda' }])
    expect(emitted).toContainEqual(['autoscalerRefused', { door: 'keda', code: 'scaling_policy_unknown' }])
  })
})

describe('an answer that must not be followed', () => {
  it('is an error of GetMetrics and IsActive, and GetMetricSpec still answers', async () => {
    const { book, clock } = bookOf(mine())
    const client = connect(await serve({ answers: book }))
    clock.s = T0 + 121
    const failure = {
      code: status.UNAVAILABLE,
      details: expect.stringMatching(
        /^scaling_stale: The answer of policy checkout is stale\. .*wattline lag/,
      ),
    }
    await expect(client.metrics(refTo('checkout'))).rejects.toMatchObject(failure)
    await expect(client.call('IsActive', refTo('checkout'))).rejects.toMatchObject(failure)
    expect(await client.call('GetMetricSpec', refTo('checkout'))).toMatchObject({
      metricSpecs: [{ targetSize: 1 }],
    })
  })

  it('is the same for a policy without a decision', async () => {
    const { book } = bookOf()
    const client = connect(await serve({ answers: book }))
    expect(await client.call('GetMetricSpec', refTo('chekout'))).toMatchObject({
      metricSpecs: [{ metricName: 'wattline_replicas', targetSizeFloat: 1 }],
    })
    const failure = { code: status.NOT_FOUND, details: expect.stringContaining('"chekout"') }
    await expect(client.metrics(refTo('chekout'))).rejects.toMatchObject(failure)
    await expect(client.call('IsActive', refTo('chekout'))).rejects.toMatchObject(failure)
  })

  it('says how to name a policy', async () => {
    const client = connect(await serve({ answers: bookOf().book }))
    await expect(client.call('GetMetricSpec', { name: 'x' })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: expect.stringContaining('set `policy: NAME`'),
    })
  })
})

describe('a stream', () => {
  it('says whether the policy is active, at once and at each change', async () => {
    const { book } = bookOf(mine())
    const client = connect(await serve({ answers: book }))
    const { messages } = client.follow('StreamIsActive', refTo('checkout'))
    await expect.poll(() => messages).toEqual([{ result: true }])
    book.put(mine({ replicas: 9, decidedAt: T0 + 1 }))
    book.put(mine({ replicas: 0, decidedAt: T0 + 2 }))
    await expect.poll(() => messages).toEqual([{ result: true }, { result: false }])
    book.put(mine({ replicas: 1, decidedAt: T0 + 3 }))
    await expect.poll(() => messages.length).toBe(3)
  })

  it('says nothing while the answer is unknown or stale, and the state once it is not', async () => {
    const { book, clock } = bookOf()
    const client = connect(await serve({ answers: book }))
    const { messages } = client.follow('StreamIsActive', refTo('checkout'))
    await client.call('GetMetricSpec', refTo('checkout'))
    book.put(mine())
    await expect.poll(() => messages).toEqual([{ result: true }])
    clock.s = T0 + 200
    book.noteTime()
    book.put(mine({ decidedAt: T0 + 199, asOf: T0 + 199 }))
    await expect.poll(() => messages).toEqual([{ result: true }, { result: true }])
  })

  it('says the metric spec, at once and when it changes', async () => {
    const { book } = bookOf(mine())
    const client = connect(await serve({ answers: book }))
    const { messages } = client.follow('StreamMetricSpec', refTo('checkout'))
    await expect
      .poll(() => messages)
      .toEqual([{ metricSpecs: [{ metricName: 'wattline_replicas', targetSize: 1, targetSizeFloat: 1 }] }])
    book.put(mine({ replicas: 7, decidedAt: T0 + 1 }))
    book.put(mine({ decidedAt: T0 + 2, metric: { name: 'rps', labels: {}, value: 300, target: 50 } }))
    await expect.poll(() => messages.length).toBe(2)
    expect(messages[1]).toEqual({ metricSpecs: [{ metricName: 'rps', targetSize: 50, targetSizeFloat: 50 }] })
    expect(await client.call('GetMetricSpec', refTo('checkout'))).toEqual(messages[1])
  })

  it('is told to come back when the server stops', async () => {
    const listener = await serve({ answers: bookOf(mine()).book })
    const { messages, failed } = connect(listener).follow('StreamIsActive', refTo('checkout'))
    await expect.poll(() => messages.length).toBe(1)
    await listener.stop()
    expect(await failed).toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining('draining'),
    })
  })

  it('is forgotten when its client is gone', async () => {
    const listener = await serve({ answers: bookOf(mine()).book })
    const { stream, messages, failed } = connect(listener).follow('StreamIsActive', refTo('checkout'))
    await expect.poll(() => messages.length).toBe(1)
    expect(listener.openStreams()).toBe(1)
    stream.cancel()
    await failed
    await expect.poll(() => listener.openStreams()).toBe(0)
  })
})

const tokenFor = (fields: Partial<TokenEntry> & Pick<TokenEntry, 'tenant'>) => {
  const token = newToken()
  const entry: TokenEntry = {
    scopes: ['read'],
    accounts: null,
    name: '',
    expiresMs: null,
    ...fields,
    sha256: tokenHash(token).toString('hex'),
  }
  return { token, entry }
}

describe('tokens', () => {
  const shop = tokenFor({ tenant: 'shop' })
  const bank = tokenFor({ tenant: 'bank' })
  const sender = tokenFor({ tenant: 'shop', scopes: ['ingest'] })
  const limited = tokenFor({ tenant: 'shop', accounts: ['web'] })
  const accessTo = (...entries: readonly TokenEntry[]) => {
    let table = createTokenTable([...entries])
    const access = createTokenAccess({ tokens: () => table, events: silentEvents })
    const revokeAll = (): void => {
      table = createTokenTable([])
    }
    return { access, revokeAll }
  }
  const { access } = accessTo(shop.entry, bank.entry, sender.entry, limited.entry)
  const { book } = bookOf(answerOf(), answerOf({ tenant: 'bank', name: 'ledger', replicas: 3 }))

  it.each(['token', 'tokenFromEnv'])('come as `%s` in the metadata of the trigger', async key => {
    const client = connect(await serve({ answers: book, access }))
    expect(await client.metrics(refTo('checkout', { [key]: shop.token }))).toMatchObject({
      metricValues: [{ metricValue: 6 }],
    })
  })

  it('come in the header, too', async () => {
    const client = connect(await serve({ answers: book, access }))
    const headers = { authorization: `Bearer ${shop.token}` }
    expect(await client.call('IsActive', refTo('checkout'), headers)).toEqual({ result: true })
  })

  it('keep tenants apart', async () => {
    const client = connect(await serve({ answers: book, access }))
    for (const [token, theirs] of [
      [shop.token, 'ledger'],
      [bank.token, 'checkout'],
    ] as const) {
      await expect(client.metrics(refTo(theirs, { token }))).rejects.toMatchObject({ code: status.NOT_FOUND })
      // Nor does the spec say anything about it.
      expect(await client.call('GetMetricSpec', refTo(theirs, { token }))).toEqual(
        await client.call('GetMetricSpec', refTo('none', { token })),
      )
    }
  })

  it.each([
    ['none', {}, status.UNAUTHENTICATED],
    ['an unknown one', { token: newToken() }, status.UNAUTHENTICATED],
    ['one without the scope', { token: sender.token }, status.PERMISSION_DENIED],
    ['one limited to accounts', { token: limited.token }, status.PERMISSION_DENIED],
  ])('are refused: %s', async (_what, more, code) => {
    const client = connect(await serve({ answers: book, access }))
    for (const method of ['GetMetricSpec', 'IsActive'] as const)
      await expect(client.call(method, refTo('checkout', more))).rejects.toMatchObject({ code })
    expect(await client.follow('StreamIsActive', refTo('checkout', more)).failed).toMatchObject({ code })
  })

  it('that are revoked end their streams', async () => {
    const { access: revocable, revokeAll } = accessTo(shop.entry)
    const client = connect(await serve({ answers: book, access: revocable, recheckMs: 20 }))
    const { messages, failed } = client.follow('StreamIsActive', refTo('checkout', { token: shop.token }))
    await expect.poll(() => messages.length).toBe(1)
    revokeAll()
    expect(await failed).toMatchObject({ code: status.UNAUTHENTICATED })
  })
})

describe('client certificates', () => {
  const authority = createAuthority('Cluster CA')
  const server = authority.issue(['localhost', '127.0.0.1'])
  const tokens = createTokenAccess({ tokens: () => createTokenTable([]), events: silentEvents })
  const { book } = bookOf(answerOf(), answerOf({ tenant: 'bank', name: 'ledger' }))
  const tenantOf = namespaceTenants([
    { match: 'shop-*', tenant: 'shop' },
    { match: 'bank', tenant: 'bank' },
  ])

  async function serveTls(): Promise<AutoscalerListener> {
    const folder = mkdtempSync(join(tmpdir(), 'keda-'))
    open.push(() => rmSync(folder, { recursive: true, force: true }))
    const paths = { cert: join(folder, 'cert'), key: join(folder, 'key'), clientCa: join(folder, 'ca') }
    writeFileSync(paths.cert, server.cert)
    writeFileSync(paths.key, server.key)
    writeFileSync(paths.clientCa, authority.cert)
    const tls: ListenerTls = await openListenerTls(paths, silentEvents)
    open.push(() => tls.close())
    return serve({ answers: book, access: tokens, tls, tenantOf, clientNames: ['keda-operator'] })
  }
  const presenting = ({ cert, key }: { cert: string; key: string }) =>
    credentials.createSsl(Buffer.from(authority.cert), Buffer.from(key), Buffer.from(cert))

  it('of a configured name decide by namespace', async () => {
    const client = connect(await serveTls(), presenting(authority.issue(['keda-operator'])))
    expect(await client.metrics({ ...refTo('checkout'), namespace: 'shop-eu' })).toMatchObject({
      metricValues: [{}],
    })
    await expect(client.metrics({ ...refTo('checkout'), namespace: 'bank' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    })
    await expect(client.metrics({ ...refTo('checkout'), namespace: 'other' })).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining('autoscalers.namespaces'),
    })
  })

  it('of another name need a token', async () => {
    const client = connect(await serveTls(), presenting(authority.issue(['somebody'])))
    await expect(client.metrics({ ...refTo('checkout'), namespace: 'shop-eu' })).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    })
  })

  it.each([
    ['of another authority', () => presenting(createAuthority('Other').issue(['keda-operator']))],
    [
      'that have expired',
      () => presenting(authority.issue(['keda-operator'], { expires: new Date(Date.now() - 1000) })),
    ],
    ['not presented', () => credentials.createSsl(Buffer.from(authority.cert))],
    ['over a connection without TLS', () => credentials.createInsecure()],
  ])('%s do not get through the handshake', async (_what, how) => {
    const client = connect(await serveTls(), how())
    await expect(client.metrics({ ...refTo('checkout'), namespace: 'shop-eu' })).rejects.toMatchObject({
      code: status.UNAVAILABLE,
    })
  })
})

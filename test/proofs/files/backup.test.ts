// Guarantees: a backup taken while a process is loaded, after two that were killed in the middle, contains everything
// acknowledged before its start, complete and once, in log, tables and books; a process restored from it starts ready
// and continues; a damaged, incomplete or missing backup is reported; a backup is never restored into a folder with
// data.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { audit } from '../../chaos/audit.ts'
import { auditRestored, momentOf, wattline } from '../../support/backups.ts'
import { startClients } from '../../support/clients.ts'
import { startS3 } from '../../support/s3.ts'
import { eventually } from '../../support/until.ts'
import { startProcess } from '../../support/wattline-process.ts'

const root = mkdtempSync(join(tmpdir(), 'wattline-backup-'))
afterAll(() => rmSync(root, { recursive: true, force: true }), 180_000)

const ENVIRONMENT = {
  WATTLINE_GROUP_COMMIT_WAIT_MS: '10',
  WATTLINE_GROUP_COMMIT_THIN_WAIT_MS: '20',
  WATTLINE_BROKER_RETENTION_TIME: '3',
  WATTLINE_METERING_IDLE_FLUSH: '4',
  WATTLINE_METERING_GAP: '6',
}
const to = join(root, 'backups')
const newest = (): string => readdirSync(join(to, 'backups')).sort().at(-1)!

it('restores what was acknowledged, from a backup under load', { timeout: 400_000 }, async () => {
  const [from, restored] = [join(root, 'data'), join(root, 'restored')]
  mkdirSync(from)
  const process = await startProcess({ data: from, environment: ENVIRONMENT })
  const clients = startClients(process.otlp, {
    spans: 3,
    meters: ['one', 'two'],
    service: 'first',
    paceMs: 10,
  })
  const acknowledgedMoreThan = (count: number): Promise<number> =>
    eventually(
      async () => clients.acknowledged.batches.size,
      size => size > count,
    )
  await acknowledgedMoreThan(50)

  const backup = ['backup', to, '--data', from, '--url', process.http]
  for (const killAfterMs of [900, 1_300]) {
    const killed = await wattline(backup, { killAfterMs })
    // On a fast machine it may have been complete.
    if (killed.code === null) expect(existsSync(join(to, 'backups'))).toBe(false)
    else rmSync(join(to, 'backups'), { recursive: true })
  }
  const before = momentOf(clients.acknowledged)
  const done = await wattline(backup)
  expect(done, done.stderr).toMatchObject({ code: 0 })
  expect(done.stdout).toMatch(/^Backup \w+ is complete/)
  await acknowledgedMoreThan(before.batches.size)
  await clients.stop()

  // Nothing of the snapshots is left, and the original is unharmed.
  expect(readdirSync(join(from, 'snapshot'))).toEqual([])
  expect(readdirSync(join(from, 'warehouse/engine/shadow'))).toEqual(['increment.txt'])
  expect(await audit(process, clients.acknowledged, 60_000)).toEqual([])
  expect(await process.end('SIGTERM')).toBe(0)

  const restore = ['restore', to, '--data', restored]
  expect(await wattline(restore, { killAfterMs: 700 })).toMatchObject({ code: null })
  if (existsSync(join(restored, 'restoring'))) {
    await expect(startProcess({ data: restored })).rejects.toThrow(/data_unusable: A restore of backup/)
  }
  expect(await wattline(restore)).toMatchObject({ code: 0 })
  expect(await wattline(restore)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^restore_refused: The data folder .* is not empty/),
  })

  const second = await startProcess({ data: restored, environment: ENVIRONMENT })
  expect(await (await fetch(`${second.http}/readyz`)).json()).toMatchObject({ ready: true, reasons: [] })
  expect(await auditRestored(second, before, clients.acknowledged)).toEqual([])
  // It continues at offsets that the original has used: none of the new records may be mistaken for one of those.
  const more = startClients(second.otlp, {
    spans: 2,
    meters: ['three'],
    service: 'second',
    paceMs: 10,
    seed: 9,
  })
  await eventually(
    async () => more.acknowledged.batches.size,
    size => size > 20,
  )
  await more.stop()
  expect(await audit(second, more.acknowledged, 60_000)).toEqual([])
  expect(await second.end('SIGTERM')).toBe(0)

  // Of a stopped process; most of it exists already.
  const offline = await wattline(['backup', to, '--data', restored])
  expect(offline, offline.stderr).toMatchObject({ code: 0 })
  const s3 = await startS3()
  const bucket = ['s3://backups/daily', '--data', restored]
  const { environment } = s3
  expect(await wattline(['backup', ...bucket, '--keep', '1'], { environment })).toMatchObject({ code: 0 })
  expect(await wattline(['backup', ...bucket, '--keep', '1'], { environment })).toMatchObject({ code: 0 })
  expect([...s3.objects.keys()].filter(name => name.includes('/backups/'))).toHaveLength(1)
  const fetched = ['restore', 's3://backups/daily', '--data', join(root, 'fetched')]
  expect(await wattline(fetched, { environment })).toMatchObject({ code: 0 })
  expect(await wattline(['backup', 's3://backups/daily', '--verify'])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^config_invalid: S3 needs AWS_ACCESS_KEY_ID/),
  })
  await s3.close()
  const listed = await wattline(['backup', to, '--list'])
  expect(listed.stdout.trim().split('\n')).toHaveLength(3)
  expect(await wattline(['backup', to, '--verify'])).toMatchObject({ code: 0 })
})

it('never accepts a damaged backup', { timeout: 180_000 }, async () => {
  const tables = join(to, 'parts')
  const part = readdirSync(tables, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.tar'))
    .map(name => join(tables, name))
  const largest = part.sort((a, b) => statSync(b).size - statSync(a).size)[0]!
  truncateSync(largest, statSync(largest).size - 600)
  const damaged = { code: 1, stderr: expect.stringMatching(/backup_unusable: parts\/.* is damaged/) }
  expect(await wattline(['backup', to, '--verify'])).toMatchObject(damaged)
  expect(await wattline(['restore', to, '--data', join(root, 'never')])).toMatchObject(damaged)
  await expect(startProcess({ data: join(root, 'never') })).rejects.toThrow(/is not complete/)

  appendFileSync(join(to, 'backups', newest()), ' ')
  truncateSync(join(to, 'backups', newest()), 200)
  expect(await wattline(['restore', to, '--data', join(root, 'other')])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/backup_unusable: Backup \w+ in .* cannot be read/),
  })
  expect(await wattline(['restore', join(root, 'nothing'), '--data', join(root, 'other')])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/backup_unusable: There is no complete backup/),
  })
  expect(await wattline(['backup'])).toMatchObject({ code: 2 })
  expect(await wattline(['backup', to, '--data', join(root, 'other')])).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^backup_refused: There is no data folder/),
  })
})

/**
 * A backup under load, sometimes killed in the middle and made again, restored beside the original and audited there:
 * everything acknowledged before its start is in it, complete and once, and the copy keeps working. Clients wait for
 * the copy's audit.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AUDIT_MS, auditRestored, momentOf, wattline } from '../support/backups.ts'
import { eventually } from '../support/until.ts'
import { startProcess } from '../support/wattline-process.ts'
import type { Acknowledged } from './acknowledged.ts'
import type { Told } from './audit-losses.ts'
import type { OneProcess } from './one-process.ts'
import type { Fault } from './topology.ts'

/** Rare, because each time a copy is restored, started and audited. `environment`: of the copy. */
export const backUp = (system: OneProcess, environment: Readonly<Record<string, string>>): Fault => ({
  name: 'backup',
  weight: 0.5,
  inject: ({ random, client: { acknowledged }, told }) => {
    return backUpAndRestore({ system, environment, acknowledged, random, told })
  },
})

interface BackupFault {
  readonly system: OneProcess
  readonly environment: Readonly<Record<string, string>>
  readonly acknowledged: Acknowledged
  readonly random: () => number
  /** Losses of files that were reported earlier are missing from the copy as well. */
  readonly told: () => Told
}

/** Resolves with what was done. @throws for whatever the copy lacks or has twice */
async function backUpAndRestore(fault: BackupFault): Promise<string> {
  const { system, environment, acknowledged, random, told } = fault
  const root = mkdtempSync(join(tmpdir(), 'wattline-copy-'))
  const [to, restored] = [join(root, 'to'), join(root, 'restored')]
  const backup = ['backup', to, '--data', system.data, '--url', system.member.process?.http ?? '']
  try {
    const isKilled = random() < 0.5
    if (isKilled) await wattline(backup, { killAfterMs: 500 + random() * 1_500 })
    await untilAny(acknowledged)
    const before = momentOf(acknowledged)
    await mustBe(0, backup)
    // Two loaded processes are too much for test machines.
    system.hideFromClients()
    if (isKilled) await wattline(['restore', to, '--data', restored], { killAfterMs: 500 + random() * 500 })
    await mustBe(0, ['restore', to, '--data', restored])
    const copy = await startProcess({ data: restored, environment })
    try {
      // Queried now: restores that ran when the backup was made have ended.
      const findings = await auditRestored(copy, before, acknowledged, told())
      if (findings.length > 0) throw new Error(`restored copy: ${findings.slice(0, 5).join('; ')}`)
    } finally {
      await copy.end('SIGTERM')
    }
    return `restored beside it${isKilled ? ', after a SIGKILL of each' : ''}: ${before.batches.size} batches are there`
  } finally {
    system.showToClients()
    rmSync(root, { recursive: true, force: true })
  }
}

/** An empty backup would prove nothing. */
async function untilAny({ batches }: Acknowledged): Promise<void> {
  await eventually(
    async () => batches.size,
    size => size > 0,
    AUDIT_MS,
  )
}

async function mustBe(code: number, args: readonly string[]): Promise<void> {
  const ran = await wattline(args)
  if (ran.code !== code) throw new Error(`wattline ${args.join(' ')} ended with ${ran.code}: ${ran.stderr}`)
}

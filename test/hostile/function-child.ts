/**
 * Runs one statement after the other in an engine of its own, under the limits of user SQL, and reports how each ended.
 * If a statement does not end, the parent stops waiting and kills this process.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Session } from 'chdb'
import { SETUP } from './function-cases.ts'

const path = mkdtempSync(join(tmpdir(), 'wattline-hostile-'))
const session = new Session(path)
for (const statement of SETUP) session.query(statement)
session.query(process.argv[2] ?? 'SELECT 1')

process.on('message', (message: { trial?: string; parse?: string; run?: string }) => {
  try {
    if (message.parse !== undefined) {
      const print = session.query(`EXPLAIN AST SELECT * FROM (${message.parse})`, 'TSVRaw')
      process.send?.({ ok: true, print })
      return
    }
    if (message.trial !== undefined) session.query(`EXPLAIN QUERY TREE ${message.trial}`)
    if (message.run !== undefined) session.query(message.run, 'Null')
    process.send?.({ ok: true })
  } catch (error) {
    process.send?.({ ok: false, error: String(error).slice(0, 300) })
  }
})
process.on('disconnect', () => {
  rmSync(path, { recursive: true, force: true })
  process.exit(0)
})
process.send?.({ ok: true })

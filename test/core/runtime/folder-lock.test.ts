/**
 * Guarantees: one holder per folder, in one process and across processes; the lock ends with its holder, also by
 * SIGKILL, and not before: the child in these tests forgets its lock and collects garbage.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lockFolder } from '../../../core/runtime/folder-lock.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'wattline-lock-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

async function holderOf(path: string) {
  const module = new URL('../../../core/runtime/folder-lock.ts', import.meta.url).href
  const script = `const { lockFolder } = await import(${JSON.stringify(module)})
    lockFolder(${JSON.stringify(path)}); await null; gc(); gc()
    setTimeout(() => console.log('held'), 20); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('a folder held by another process is refused with its pid, and free after that process was killed', async () => {
  const path = await folder()
  const holder = await holderOf(path)
  expect(() => lockFolder(path)).toThrow(`process ${holder.pid}`)
  const gone = once(holder, 'exit')
  holder.kill('SIGKILL')
  await gone
  lockFolder(path).release()
})

test('the lock holds within one process, and is free after release', async () => {
  const path = await folder()
  const lock = lockFolder(path)
  expect(() => lockFolder(path)).toThrow(`process ${process.pid}`)
  lock.release()
  lock.release()
  lockFolder(path).release()
})

test('two folders are two locks, and a missing folder is created', async () => {
  const path = await folder()
  const one = lockFolder(join(path, 'a', 'b'))
  const two = lockFolder(join(path, 'c'))
  one.release()
  two.release()
})

test('a folder that cannot be used is refused', async () => {
  const path = await folder()
  await writeFile(join(path, 'file'), '')
  expect(() => lockFolder(join(path, 'file'))).toThrow(expect.objectContaining({ code: 'data_unusable' }))
})

#!/usr/bin/env -S node --max-semi-space-size=4
// A small young generation: rows are columns outside the heap, and 16 MiB semi-spaces cost 60 MB of memory for nothing.
//
// The door. CommonJS because it runs before anything else may touch the thread pool: each running query of the embedded
// engine holds one thread, and libuv reads the size once, at first use.
process.env.UV_THREADPOOL_SIZE ??= '144'

// Reading, stripping and compiling the sources is half of a start, so the result is kept for the next one, also for processes that this
// one starts. Beside the packages and not in the system's folder for temporary files, where other users could put code of theirs.
// Where that folder cannot be written, everything is compiled again.
const { dirname, join } = require('node:path')
process.env.NODE_COMPILE_CACHE ??= join(dirname(__dirname), 'node_modules', '.cache', 'compiled')
require('node:module').enableCompileCache?.(process.env.NODE_COMPILE_CACHE)

const [major] = process.versions.node.split('.').map(Number)
if (major >= 24) {
  import('./wattline.ts')
} else {
  // TypeScript runs directly from Node 24 on; the package `node` brings one along.
  const { spawn } = require('node:child_process')
  const node = join(__dirname, '..', 'node_modules', 'node', 'bin', 'node')
  const child = spawn(node, [...process.execArgv, __filename, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', error => {
    console.error(
      `node_missing: Node 24 is needed and could not be started (${error.message}). Run \`npm ci\`.`,
    )
    process.exit(1)
  })
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1))
}

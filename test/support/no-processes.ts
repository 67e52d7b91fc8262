// Setup of unit tests: their imports say that they start no process; this reports it if one does.
import { ChildProcess } from 'node:child_process'

Object.defineProperty(ChildProcess.prototype, 'spawn', {
  value(options: { readonly file: string }) {
    throw new Error(
      `A unit test must not start a process (${options.file}). Import 'node:child_process' in the test itself, which makes it an integration test.`,
    )
  },
})
